package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/webhook"
)

// newHub makes what the endpoints share.
func (s *syncing) newHub() *webhook.Hub {
	return webhook.NewHub(webhook.Deps{
		Ledger: s.app.ledger, Records: s.records, Clock: s.app.clock, NewID: newID, Random: mathrand.Float64,
		Log: s.app.log, Version: s.version,
	})
}

// hooks makes the destinations of the endpoints that are told something.
func (s *syncing) hooks(ctx context.Context) (list []syncer.Destination, err error) {
	all, err := s.records.ListWebhooks(ctx)
	for i := range all {
		w := all[i]
		if !w.Runs() {
			continue
		}
		secrets, fault := s.webhookSecrets(&w)
		list = append(list, syncer.Destination{
			Name: w.DestinationName(), Kind: store.WebhookKind, LocationID: w.Location, Target: s.hub.Target(w, secrets, fault),
		})
	}
	return list, err
}

// newSecret makes a secret for an endpoint, and seals it.
func (s *syncing) newSecret(w *store.Webhook) (secret string, sealed []byte, err error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // It never fails: crypto/rand ends the process instead.
	secret = webhook.SecretPrefix + base64.StdEncoding.EncodeToString(raw)
	sealed, err = s.seal.seal(secret, w.DestinationName())
	return secret, sealed, err
}

// webhookSecrets opens the secrets of an endpoint. An old one that cannot be
// opened signs no more.
func (s *syncing) webhookSecrets(w *store.Webhook) (secrets webhook.Secrets, err error) {
	if secrets.New, err = s.seal.unseal(w.Secret, w.DestinationName()); err != nil {
		return secrets, &store.Error{
			Code: store.CodeUnavailable, Err: err,
			Message: "The secret of this endpoint cannot be opened: seal.key is missing or another one. Rotate the secret.",
		}
	}
	if w.OldSecret != nil {
		secrets.Old, _ = s.seal.unseal(w.OldSecret, w.DestinationName())
	}
	return secrets, nil
}

// checkWebhook names every fault of what a person set. Codes: invalid_request.
func (s *syncing) checkWebhook(w *store.Webhook) error {
	if _, ok := s.app.ledger.Location(w.Location); !ok && !w.Location.IsZero() {
		return refusedField("/location_id", fmt.Sprintf("There is no location %s.", w.Location))
	}
	return webhook.Check(w)
}

// checkRoom refuses more endpoints than make sense.
func (s *syncing) checkRoom(ctx context.Context) error {
	all, err := s.records.ListWebhooks(ctx)
	if err == nil && len(all) >= mostWebhooks {
		err = &store.Error{Code: store.CodeInvalid, Message: fmt.Sprintf("There are %d webhooks already, which is the most there can be.", len(all))}
	}
	return err
}

// answeredWebhook gives the endpoint of a request that was answered before,
// the zero ID for none.
func (s *syncing) answeredWebhook(ctx context.Context, r store.Request) (store.ID, error) {
	receipt, ok, err := s.app.ledger.Answered(ctx, r)
	if !ok || err != nil || len(receipt.Facts) == 0 {
		return store.ID{}, err
	}
	return store.WebhookOf(receipt.Facts[0].Entry), nil
}

// noteWebhook appends what somebody does to the ledger, before it is done.
func (s *syncing) noteWebhook(ctx context.Context, r store.Request, note store.NoteWebhook) error {
	_, err := s.app.ledger.Do(ctx, r, &note)
	return err
}

// changeWebhooks changes endpoints while nothing is sent. Whoever asked may
// leave: it is done all the same.
func (s *syncing) changeWebhooks(ctx context.Context, change func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	return s.swap(ctx, func() error { return change(ctx) })
}

// restartWebhook writes an endpoint that was changed: what waits is tried at
// once, and one that was disabled begins anew.
func (s *syncing) restartWebhook(ctx context.Context, r store.Request, w *store.Webhook) error {
	if err := s.records.PutWebhook(ctx, *w); err != nil {
		return err
	}
	if w.Active {
		if err := s.closeWork(ctx, r, w); err != nil {
			return err
		}
	}
	if err := s.hub.Reset(ctx, w.ID); err != nil {
		return err
	}
	return s.moveWebhook(ctx, w, nil)
}

// moveWebhook forgets the failures of an endpoint, and sets its cursor unless
// that is nil.
func (s *syncing) moveWebhook(ctx context.Context, w *store.Webhook, to *store.Head) error {
	list, err := s.records.ListDestinations(ctx)
	if err != nil {
		return err
	}
	d := store.Destination{Name: w.DestinationName(), Kind: store.WebhookKind, Cursor: s.app.ledger.Head()}
	if n := slices.IndexFunc(list, func(d store.Destination) bool { return d.Name == w.DestinationName() }); n >= 0 {
		d = list[n]
	}
	if to != nil {
		d.Cursor = store.Head{Epoch: to.Epoch, Seq: to.Seq, Hash: to.Hash}
	}
	d.State, d.Failures, d.NextTry, d.Code, d.Detail = store.DestinationIdle, 0, 0, "", ""
	return s.records.PutDestination(ctx, d)
}

// closeWork marks what an endpoint that is switched on again left to do as done.
func (s *syncing) closeWork(ctx context.Context, r store.Request, w *store.Webhook) error {
	list, err := s.records.ListWorkItems(ctx, store.WorkFilter{Destination: w.DestinationName(), Open: true})
	if err != nil {
		return err
	}
	now, _ := s.app.ledger.Now()
	for i := range list {
		list[i].DoneAt, list[i].DoneBy = now, cmp.Or(r.Actor, r.Source)
	}
	return s.records.PutWorkItems(ctx, list)
}

// replayFrom finds the entry before the first that is told again.
func (s *syncing) replayFrom(ctx context.Context, from store.Position, since store.Instant) (before store.Head, first store.Position, err error) {
	seq, head := from.Seq-1, s.app.ledger.Head()
	switch {
	case since != 0:
		if seq, err = s.app.ledger.Journal().FindSeq(ctx, since-1); err != nil {
			return before, first, err
		}
	case from.Seq < 1 || from.Seq > head.Seq+1:
		return before, first, refusedField("/from", fmt.Sprintf("There is no entry %s; the newest is %d-%d.", from, head.Epoch, head.Seq))
	case from.Seq <= head.Seq:
		if at, err := s.headAt(ctx, from.Seq); err != nil || at.Epoch != from.Epoch {
			return before, first, cmpErr(err, refusedField("/from", fmt.Sprintf("Entry %s is not in this ledger any more.", from)))
		}
	}
	if seq > 0 {
		before, err = s.headAt(ctx, seq)
	}
	return before, store.Position{Epoch: cmp.Or(from.Epoch, head.Epoch), Seq: seq + 1}, err
}

func cmpErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// headAt gives an entry as a cursor.
func (s *syncing) headAt(ctx context.Context, seq int64) (store.Head, error) {
	stored, err := s.app.ledger.Journal().FindEntry(ctx, seq)
	if err != nil {
		return store.Head{}, err
	}
	e, err := stored.Entry()
	if err != nil {
		return store.Head{}, err
	}
	return store.Head{Epoch: e.Epoch, Seq: seq, Hash: stored.Hash}, nil
}

func (s *syncing) webhookStatus(ctx context.Context, w *store.Webhook) (store.WebhookStatus, error) {
	list, err := s.webhookStatuses(ctx, []store.Webhook{*w})
	if err != nil {
		return store.WebhookStatus{}, err
	}
	return list[0], nil
}

// webhookStatuses adds to endpoints how they stand.
func (s *syncing) webhookStatuses(ctx context.Context, list []store.Webhook) ([]store.WebhookStatus, error) {
	stand, err := s.webhookDestinations(ctx)
	if err != nil {
		return nil, err
	}
	s.hub.Flush(ctx)
	all := make([]store.WebhookStatus, len(list))
	for i := range list {
		p, err := s.records.FindWebhookProgress(ctx, list[i].ID)
		if err != nil {
			return nil, err
		}
		d := stand[list[i].DestinationName()]
		all[i] = store.WebhookStatus{
			Webhook: list[i], State: d.State, Cursor: store.Position{Epoch: d.Cursor.Epoch, Seq: d.Cursor.Seq},
			Lag: d.Lag, Failures: d.Failures, FailingSince: p.FailingSince, NextTry: d.NextTry, Code: d.Code, Detail: d.Detail,
			DeliveredAt: p.DeliveredAt,
		}
		if !list[i].Runs() {
			all[i].State, all[i].NextTry = store.DestinationPaused, 0
		}
	}
	return all, nil
}

// webhookDestinations gives how the destinations stand that are endpoints; one
// that is switched off as it stood then.
func (s *syncing) webhookDestinations(ctx context.Context) (map[string]store.DestinationStatus, error) {
	known, err := s.records.ListDestinations(ctx)
	if err != nil {
		return nil, err
	}
	running, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	head, found := s.app.ledger.Head(), map[string]store.DestinationStatus{}
	for i := range known {
		if strings.HasPrefix(known[i].Name, store.WebhookKind+":") {
			found[known[i].Name] = store.DestinationStatus{Destination: known[i], Lag: max(0, head.Seq-known[i].Cursor.Seq)}
		}
	}
	for i := range running {
		if running[i].Kind == store.WebhookKind {
			found[running[i].Name] = running[i]
		}
	}
	return found, nil
}

// resumeWebhook switches an endpoint on again that was disabled by itself, and
// tells whether it did.
func (s *syncing) resumeWebhook(ctx context.Context, name string) (done bool, err error) {
	text, ok := strings.CutPrefix(name, store.WebhookKind+":")
	id, valid := store.ParseID(text)
	if !ok || !valid {
		return false, nil
	}
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil || w.DisabledAt == 0 {
		return false, nil //nolint:nilerr // The engine says what there is not.
	}
	_, err = s.EditWebhook(ctx, store.Request{Source: "system"}, id, func(w *store.Webhook) { w.Active = true })
	return true, err
}
