package syncer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// parcels are what is to send of a range of the ledger.
type parcels struct {
	// from is exclusive, to the last entry of the range.
	from int64
	to   store.Head
	list []Parcel
	// shadows are what the destination has of items when the range is
	// confirmed; counts what the range adds to those of a run.
	shadows map[store.ID][32]byte
	counts  store.RunCounts
}

// pack gathers what comes after a seq, up to as many parcels as go together.
// What was sent before without an answer is packed as it was then.
func (f *Feed) pack(ctx context.Context, l Ledger, after, upTo int64) (*parcels, error) {
	size := f.size
	if f.sending > after {
		upTo, size = min(upTo, f.sending), int(upTo)
	}
	p := &parcels{from: after, shadows: map[store.ID][32]byte{}}
	index, own := map[store.ID]int{}, map[store.ID]bool{}
	err := scan(ctx, l.Journal(), after, upTo, size, func(s *store.Stored) error {
		e, err := s.Entry()
		if err != nil {
			return err
		}
		f.add(p, l, e, index, own)
		p.to = store.Head{Epoch: e.Epoch, Seq: s.Seq, Hash: s.Hash}
		if len(p.list) >= size {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if p.to.Seq == 0 {
		return nil, fmt.Errorf("there is nothing in the ledger after entry %d", after)
	}
	f.echoes(p, l, index, own)
	f.leaveOut(p)
	return p, nil
}

// scanRows is how many entries of the ledger are read at once at most.
const scanRows = 4096

// scan reads entries until fn has enough. It asks for little at first: a batch
// that takes a few entries shall not cost reading hundreds.
func scan(ctx context.Context, j store.Journal, after, upTo int64, few int, fn func(*store.Stored) error) error {
	for rows := int64(min(few, scanRows)); after < upTo; rows = min(rows*4, scanRows) {
		to := min(upTo, after+rows)
		if err := j.Scan(ctx, after, to, fn); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
		after = to
	}
	return nil
}

// leaveOut takes out what has arrived already, as reading back showed.
func (f *Feed) leaveOut(p *parcels) {
	p.list = slices.DeleteFunc(p.list, func(parcel Parcel) bool {
		if !f.arrived[parcel.Position] {
			return false
		}
		p.counts.Sent++
		f.remember(p, parcel.Item)
		return true
	})
}

// add packs one entry, if the destination is to have it.
func (f *Feed) add(p *parcels, l Ledger, e *store.Entry, index map[store.ID]int, own map[store.ID]bool) {
	id := itemOf(e)
	item, _ := l.Item(id)
	wanted := item != nil
	if f.traits.Wants != nil {
		wanted = f.traits.Wants(e)
	}
	if !wanted || (item != nil && !f.location.IsZero() && item.Location.ID != f.location) {
		return
	}
	p.counts.Scanned++
	if f.traits.Source != "" && e.Source == f.traits.Source {
		p.counts.Skipped++
		own[id] = true
		return
	}
	if !f.traits.Absolute || item == nil {
		p.list = append(p.list, Parcel{Position: e.Position, Entry: e, Item: item})
		return
	}
	if n, ok := index[id]; ok {
		p.list[n].Position, p.list[n].Entries = e.Position, append(p.list[n].Entries, e)
		p.counts.Skipped++
		return
	}
	index[id] = len(p.list)
	p.list = append(p.list, Parcel{Position: e.Position, Item: item, Entries: []*store.Entry{e}})
}

// echoes remembers items that only changed by what the destination itself
// said: it has their numbers, unless they have changed again since.
func (f *Feed) echoes(p *parcels, l Ledger, index map[store.ID]int, own map[store.ID]bool) {
	for id := range own {
		item, ok := l.Item(id)
		if _, sent := index[id]; !sent && ok && item.Seq <= p.to.Seq {
			f.remember(p, item)
		}
	}
}

// itemOf gives the item that an entry is about, or the zero ID.
func itemOf(e *store.Entry) store.ID {
	switch {
	case e.Movement != nil:
		return e.Movement.Item
	case e.Hold != nil:
		return e.Hold.Item
	case e.Document != nil && e.Document.Type == store.DocItem:
		return e.Document.ID
	}
	return store.ID{}
}
