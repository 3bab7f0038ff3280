package syncer

import (
	"context"
	"errors"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// comparePage is how many items are compared between two reports.
const comparePage = 1000

// Compare sends the numbers of every item that differ from what was last
// confirmed, or of all with force. A destination that takes entries only has
// nothing to compare.
func (f *Feed) Compare(ctx context.Context, l Ledger, force bool, step func(Step) error) error {
	if !f.traits.Absolute {
		return nil
	}
	if err := f.load(ctx, l); err != nil {
		return err
	}
	var filter store.ItemFilter
	if !f.location.IsZero() {
		filter.Locations = []store.ID{f.location}
	}
	_, total := l.Items(filter, 0, 0)
	items, _ := l.Items(filter, 0, total)
	epoch, left := l.Head().Epoch, len(items)
	for page := range slices.Chunk(items, comparePage) {
		p := &parcels{shadows: map[store.ID][32]byte{}}
		if err := f.comparePage(ctx, p, page, epoch, force); err != nil {
			return err
		}
		left -= len(page)
		if err := f.putShadows(ctx, p); err != nil {
			return err
		}
		if err := step(Step{SyncedAt: f.at, Counts: p.counts, Left: int64(left)}); err != nil {
			return err
		}
	}
	return nil
}

// comparePage sends what differs of a page of items. What was confirmed when
// the page breaks off is remembered.
func (f *Feed) comparePage(ctx context.Context, p *parcels, page []*store.Item, epoch int64, force bool) error {
	ids := make([]store.ID, len(page))
	for i, item := range page {
		ids[i] = item.ID
	}
	known, err := f.records.Shadows(ctx, f.name, ids)
	if err != nil {
		return err
	}
	var differ []Parcel
	for _, item := range page {
		p.counts.Scanned++
		if hash, ok := known[item.ID]; ok && hash == shadowOf(item) && !force {
			p.counts.Skipped++
			continue
		}
		differ = append(differ, Parcel{Position: store.Position{Epoch: epoch, Seq: item.Seq}, Item: item})
	}
	if err := f.settle(ctx, p, differ); err != nil {
		_ = f.putShadows(ctx, p) // the run fails with what stopped it
		return err
	}
	return nil
}

// settle sends parcels in batches.
func (f *Feed) settle(ctx context.Context, p *parcels, list []Parcel) error {
	for batch := range slices.Chunk(list, max(1, f.traits.Most)) {
		if err := f.halve(ctx, p, batch); err != nil {
			return err
		}
	}
	return nil
}

// Settle sends parcels that belong to no range of the ledger, such as what a
// comparison found, and gives what became of them. One that is refused is set
// aside.
func (f *Feed) Settle(ctx context.Context, l Ledger, list []Parcel) (store.RunCounts, error) {
	if err := f.load(ctx, l); err != nil {
		return store.RunCounts{}, err
	}
	p := &parcels{shadows: map[store.ID][32]byte{}}
	err := f.settle(ctx, p, list)
	return p.counts, errors.Join(err, f.putShadows(ctx, p))
}

// halve sends parcels, and the halves of what is refused by themselves. One
// that is refused alone is set aside at once: it holds nobody up, and the next
// full run tries again.
func (f *Feed) halve(ctx context.Context, p *parcels, list []Parcel) error {
	outcomes, err := f.send(ctx, Batch{Key: f.name + "/full/" + f.newID().String(), Parcels: list, Whole: true})
	if err == nil {
		return f.book(ctx, p, list, outcomes)
	}
	failure := asFailure(err)
	if failure.Class != Alarm || failure.Unknown {
		return failure
	}
	if len(list) == 1 {
		return f.setAside(ctx, p, list[0].Position, Outcome{Rejected, failure.Code, failure.Detail}, 1)
	}
	half := len(list) / 2
	if err := f.halve(ctx, p, list[:half]); err != nil {
		return err
	}
	return f.halve(ctx, p, list[half:])
}

// Resend sends an entry that was set aside once more.
func (f *Feed) Resend(ctx context.Context, l Ledger, q store.Quarantined) (taken bool, err error) {
	if err := f.load(ctx, l); err != nil {
		return false, err
	}
	e, err := entryAt(ctx, l, q.Position.Seq)
	if err != nil {
		return false, err
	}
	parcel := Parcel{Position: q.Position, Entry: e}
	if parcel.Item, _ = l.Item(itemOf(e)); f.traits.Absolute {
		parcel.Entry = nil
	}
	p := &parcels{shadows: map[store.ID][32]byte{}}
	if err := f.halve(ctx, p, []Parcel{parcel}); err != nil {
		return false, err
	}
	return p.counts.Sent > 0, f.putShadows(ctx, p)
}
