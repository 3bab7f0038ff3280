package pos

import (
	"context"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// PreviewPOS gives the requests that the next push would send, for at most so
// many changes, and sends nothing. Codes: not_found, unavailable.
func (d *Desk) PreviewPOS(ctx context.Context, name string, limit int) ([]store.POSCall, error) {
	t, err := d.target(name)
	if err != nil {
		return nil, err
	}
	if err := t.located(); err != nil {
		return nil, unavailable(err)
	}
	w, writes := t.to.(Writer)
	if !writes || !t.writes() {
		return nil, &store.Error{Code: store.CodeUnavailable, Message: t.cfg.Kind.Title + " takes no changes of stock. What differs there becomes work for a person: shelfd reconcile"}
	}
	b, err := t.next(ctx, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	p, err := t.plan(ctx, b)
	if err != nil {
		return nil, unavailable(err)
	}
	p.Key = name + "/preview"
	var calls []store.POSCall
	for from := 0; from < len(p.Changes); from += max(1, t.caps.Most) {
		part := Batch{Key: p.Key, Changes: p.Changes[from:min(len(p.Changes), from+max(1, t.caps.Most))]}
		list, err := w.Preview(part)
		if err != nil {
			return nil, unavailable(err)
		}
		for i := range list {
			calls = append(calls, list[i].shown(part.Changes))
		}
	}
	return calls, nil
}

// shown is a call as people see it.
func (c *Call) shown(changes []Change) store.POSCall {
	v := store.POSCall{Method: c.Method, Path: c.Path, Query: c.Query, Body: string(c.Body)}
	for _, i := range c.Changes {
		one := &changes[i]
		text := fmt.Sprintf("%s to %s", one.label(), one.Quantity)
		if !one.Absolute {
			text = fmt.Sprintf("%s by %s", one.label(), one.Delta)
		}
		if one.Seen != nil {
			text += ", from " + one.Seen.String()
		}
		v.Items = append(v.Items, text)
	}
	return v
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// next gives what the next push would send: everything that differs when
// nothing was sent before.
func (t *Target) next(ctx context.Context, limit int) (b syncer.Batch, err error) {
	cursor, err := t.cursor(ctx)
	if err != nil {
		return b, err
	}
	if cursor.Seq == 0 || cursor.Epoch != t.ledger.Head().Epoch {
		return t.nextWhole(ctx, limit)
	}
	index := map[store.ID]int{}
	err = t.ledger.Journal().Scan(ctx, cursor.Seq, t.ledger.Head().Seq, func(s *store.Stored) error {
		e, err := s.Entry()
		if err != nil {
			return err
		}
		t.nextEntry(&b, e, index)
		if len(b.Parcels) >= limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return b, err
}

// nextEntry adds an entry to what would be sent, as the feed packs it.
func (t *Target) nextEntry(b *syncer.Batch, e *store.Entry, index map[store.ID]int) {
	if !t.reports(e) || e.Source == t.source() {
		return
	}
	item, ok := t.ledger.Item(e.Movement.Item)
	if !ok || item.Location.ID != t.cfg.Location {
		return
	}
	if !t.coalesces() {
		b.Parcels = append(b.Parcels, syncer.Parcel{Position: e.Position, Entry: e, Item: item})
		return
	}
	n, again := index[item.ID]
	if !again {
		n = len(b.Parcels)
		index[item.ID] = n
		b.Parcels = append(b.Parcels, syncer.Parcel{Item: item})
	}
	b.Parcels[n].Position, b.Parcels[n].Entries = e.Position, append(b.Parcels[n].Entries, e)
}

func (t *Target) nextWhole(ctx context.Context, limit int) (b syncer.Batch, err error) {
	b.Whole = true
	c, err := t.layOut(ctx)
	if err != nil {
		return b, err
	}
	if c == nil {
		c = t.lay(nil)
	}
	for _, at := range c.differs {
		if p, ok := t.correction(c, at, comparison{first: true}); ok && len(b.Parcels) < limit {
			b.Parcels = append(b.Parcels, p)
		}
	}
	return b, nil
}

// cursor is what the destination is known to have.
func (t *Target) cursor(ctx context.Context) (store.Head, error) {
	list, err := t.records.ListDestinations(ctx)
	if err != nil {
		return store.Head{}, err
	}
	for i := range list {
		if list[i].Name == t.cfg.Name {
			return list[i].Cursor, nil
		}
	}
	return store.Head{}, nil
}
