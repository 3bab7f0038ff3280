package syncer

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// book keeps what became of parcels: nothing is lost in silence.
func (f *Feed) book(ctx context.Context, p *parcels, sent []Parcel, outcomes []Outcome) error {
	var work []store.WorkItem
	for i, o := range outcomes {
		parcel := &sent[i]
		switch o.Status {
		case Confirmed:
			p.counts.Sent++
			f.remember(p, parcel.Item)
			if err := f.forget(ctx, parcel); err != nil {
				return err
			}
		case Manual:
			p.counts.WorkItems++
			if w, ok := f.work(parcel, o); ok {
				work = append(work, w)
			}
		default:
			if err := f.setAside(ctx, p, parcel.Position, o, 1); err != nil {
				return err
			}
		}
	}
	if len(work) == 0 {
		return nil
	}
	return f.records.PutWorkItems(ctx, work)
}

// remember keeps what a destination has of an item once its range is confirmed.
func (f *Feed) remember(p *parcels, i *store.Item) {
	if f.traits.Absolute && !f.traits.Remembers && i != nil {
		p.shadows[i.ID] = shadowOf(i)
	}
}

// putShadows writes down what the destination has of items.
func (f *Feed) putShadows(ctx context.Context, p *parcels) error {
	if len(p.shadows) == 0 {
		return nil
	}
	return f.records.PutShadows(ctx, f.name, p.shadows)
}

// work makes a work item, or brings the open one about the same up to date; ok
// is false when that says so already.
func (f *Feed) work(parcel *Parcel, o Outcome) (w store.WorkItem, ok bool) {
	w = store.WorkItem{ID: f.newID(), Destination: f.name, Code: o.Code, CreatedAt: f.at}
	if parcel.Item != nil {
		w.ItemID = parcel.Item.ID
	}
	about := workKey{w.ItemID, w.Code}
	if old, open := f.open[about]; open && !w.ItemID.IsZero() {
		w = old
	}
	ok = w.Detail != o.Detail
	w.Detail = o.Detail
	f.open[about] = w
	return w, ok
}

// setAside puts an entry where people see it, and counts one more refusal of
// one that is there already.
func (f *Feed) setAside(ctx context.Context, p *parcels, at store.Position, o Outcome, tries int) error {
	q := store.Quarantined{Destination: f.name, Position: at, Code: o.Code, Detail: o.Detail, Tries: int64(tries), At: f.at}
	for i := range f.aside {
		if f.aside[i].Position == at {
			q.Tries += f.aside[i].Tries
			f.aside[i].Tries = q.Tries
		}
	}
	p.counts.Rejected++
	return f.records.PutQuarantined(ctx, q)
}

// forget takes out what was set aside of an entry or, where numbers are sent,
// of its item: the destination has it now.
func (f *Feed) forget(ctx context.Context, parcel *Parcel) error {
	var kept []aside
	for _, a := range f.aside {
		same := f.traits.Absolute && parcel.Item != nil && a.item == parcel.Item.ID
		if a.Position != parcel.Position && !same {
			kept = append(kept, a)
		} else if err := f.records.DeleteQuarantined(ctx, f.name, a.Position); err != nil {
			return err
		}
	}
	f.aside = kept
	return nil
}

// load reads what waits for a person.
func (f *Feed) load(ctx context.Context, l Ledger) error {
	f.at, _ = l.Now()
	work, err := f.records.ListWorkItems(ctx, store.WorkFilter{Destination: f.name, Open: true})
	if err != nil {
		return err
	}
	f.open = make(map[workKey]store.WorkItem, len(work))
	for _, w := range work {
		f.open[workKey{w.ItemID, w.Code}] = w
	}
	list, err := f.records.ListQuarantine(ctx, f.name)
	if err != nil {
		return err
	}
	f.aside = nil
	for _, q := range list {
		e, err := entryAt(ctx, l, q.Position.Seq)
		if err != nil {
			return err
		}
		f.aside = append(f.aside, aside{q, itemOf(e)})
	}
	return nil
}

// entryAt reads one entry.
func entryAt(ctx context.Context, l Ledger, seq int64) (*store.Entry, error) {
	stored, err := l.Journal().FindEntry(ctx, seq)
	if err != nil {
		return nil, err
	}
	return stored.Entry()
}
