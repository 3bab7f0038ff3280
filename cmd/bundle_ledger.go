package cmd

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/shelfd/shelfd/store"
)

// errNotOpen is why there is nothing of the ledger in a bundle.
var errNotOpen = errors.New("the database cannot be opened")

func (d *doctor) schemaPart(ctx context.Context) ([]byte, error) {
	if d.ledger == nil {
		return nil, errNotOpen
	}
	n, err := d.ledger.Census(ctx)
	return []byte(n.SQL), err
}

func (d *doctor) countsPart(ctx context.Context) ([]byte, error) {
	if d.ledger == nil {
		return nil, errNotOpen
	}
	n, err := d.ledger.Census(ctx)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(map[string]any{
		"schema": n.Version, "rows": n.Rows, "pages": n.Pages, "free_pages": n.Free, "page_bytes": n.PageSize,
	}, "", "  ")
}

// bundleHeads is how many saved heads a bundle has.
const bundleHeads = 20

// bundleHeadOf is a head without its signed note.
type bundleHeadOf struct {
	Position   string `json:"position"`
	Hash       string `json:"hash"`
	RecordedAt string `json:"recorded_at"`
	Signed     bool   `json:"signed"`
}

func headOf(h store.Head) bundleHeadOf {
	at := store.Position{Epoch: h.Epoch, Seq: h.Seq}
	return bundleHeadOf{at.String(), hex.EncodeToString(h.Hash[:]), h.RecordedAt.String(), h.Note != ""}
}

func (d *doctor) headsPart(ctx context.Context) ([]byte, error) {
	if d.ledger == nil {
		return nil, errNotOpen
	}
	m, err := d.ledger.Meta(ctx)
	if err != nil {
		return nil, err
	}
	heads, err := d.ledger.ListHeads(ctx, 0, bundleHeads)
	if err != nil {
		return nil, err
	}
	saved := make([]bundleHeadOf, len(heads))
	for i, h := range heads {
		saved[i] = headOf(h)
	}
	return json.MarshalIndent(map[string]any{
		"store": m.Store.String(), "newest": headOf(m.Head), "saved": saved, "stopped_in_order": m.Clean, "demo": m.Demo, "from_another_machine": m.Moved,
	}, "", "  ")
}

// bundleDestination is how a destination stands. Host is of the address of a
// webhook, whose path may be a secret.
type bundleDestination struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	State    string `json:"state"`
	Cursor   string `json:"cursor"`
	Waiting  int64  `json:"waiting"`
	Failures int64  `json:"failures"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	SyncedAt string `json:"synced_at,omitempty"`
	Host     string `json:"host,omitempty"`
	Disabled string `json:"disabled_why,omitempty"`
}

func (d *doctor) destinationsPart(ctx context.Context) ([]byte, error) {
	if d.ledger == nil {
		return nil, errNotOpen
	}
	m, err := d.ledger.Meta(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.ledger.ListDestinations(ctx)
	if err != nil {
		return nil, err
	}
	hooks, err := d.ledger.ListWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	named := map[string]store.Webhook{}
	for i := range hooks {
		named[hooks[i].DestinationName()] = hooks[i]
	}
	shown := make([]bundleDestination, len(list))
	for i := range list {
		shown[i] = destinationOf(&list[i], m.Seq, named[list[i].Name])
	}
	return json.MarshalIndent(shown, "", "  ")
}

func destinationOf(s *store.Destination, newest int64, hook store.Webhook) bundleDestination {
	v := bundleDestination{
		Name: s.Name, Kind: s.Kind, State: string(s.State), Cursor: store.Position{Epoch: s.Cursor.Epoch, Seq: s.Cursor.Seq}.String(),
		Waiting: max(0, newest-s.Cursor.Seq), Failures: s.Failures, Code: s.Code, Detail: s.Detail, Disabled: hook.DisabledWhy,
	}
	if s.SyncedAt != 0 {
		v.SyncedAt = s.SyncedAt.String()
	}
	if u, err := url.Parse(hook.URL); err == nil {
		v.Host = u.Host
	}
	return v
}

// bundleTail is how many of the newest entries are looked through for runs.
const bundleTail = 20_000

// runsPart gives the events with which runs end: times, counts and a code.
func (d *doctor) runsPart(ctx context.Context) ([]byte, error) {
	if d.ledger == nil {
		return nil, errNotOpen
	}
	m, err := d.ledger.Meta(ctx)
	if err != nil {
		return nil, err
	}
	runs := []json.RawMessage{}
	err = d.ledger.Scan(ctx, max(0, m.Seq-bundleTail), m.Seq, func(s *store.Stored) error {
		e, err := store.ParseEntry(s.Bytes)
		if err == nil && e.Event != nil && e.Event.Type == store.EventSyncRun {
			runs = append(runs, e.Event.Body)
		}
		// One that cannot be read is doctor's to tell, and no run.
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(runs[max(0, len(runs)-50):], "", "  ")
}
