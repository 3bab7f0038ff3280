package syncer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

const (
	// poisonTries is how often an entry that the destination will not have is
	// sent before it is set aside.
	poisonTries = 5
	// CodeOutcomeUnknown is the code of a work item about something that was
	// sent, without anybody being able to say whether it arrived.
	CodeOutcomeUnknown = "outcome_unknown"
)

// Feed makes a Target of a Sender: it chooses what to send, never sends back
// what came from the destination, narrows a refused batch down to the entry
// that is at fault and sets that aside, and remembers what was confirmed of
// each item so that a full run is cheap.
type Feed struct {
	name     string
	location store.ID
	sender   Sender
	traits   Traits
	records  Records
	newID    func() store.ID

	// size is how many parcels go together now: halved when a batch is refused
	// or lost, doubled after success. Up to suspect it does not grow: what was
	// refused is still to come.
	size    int
	suspect int64
	// refusals counts how often a single parcel was refused.
	refusals map[store.Position]int
	// sending is up to where entries were sent that may not have arrived;
	// arrived are those of them up to unsure that did, by reading back.
	sending, unsure int64
	arrived         map[store.Position]bool
	// open are the work items that nobody has done yet, aside the entries that
	// were set aside, at the time of the attempt.
	open  map[workKey]store.WorkItem
	aside []aside
	at    store.Instant
}

// aside is an entry that was set aside, and the item it is about.
type aside struct {
	store.Quarantined
	item store.ID
}

// workKey is what a work item is about.
type workKey struct {
	item store.ID
	code string
}

// NewFeed makes the target of a destination. location is the only one it
// takes, the zero ID for all.
func NewFeed(name string, location store.ID, s Sender, records Records, newID func() store.ID) *Feed {
	t := s.Traits()
	return &Feed{
		name: name, location: location, sender: s, traits: t, records: records, newID: newID,
		size: max(1, t.Most), refusals: map[store.Position]int{},
	}
}

// Cursor gives ErrNoCursor: what the destination has is known here only.
func (f *Feed) Cursor(ctx context.Context) (store.Head, store.Instant, error) {
	list, err := f.records.ListDestinations(ctx)
	if err != nil {
		return store.Head{}, 0, err
	}
	for i := range list {
		if list[i].Name == f.name {
			f.sending = max(f.sending, list[i].Sending)
		}
	}
	return store.Head{}, 0, ErrNoCursor
}

// Push sends what came after from, in ranges that are each all safe before
// the cursor moves.
func (f *Feed) Push(ctx context.Context, l Ledger, from store.Head, upTo int64, step func(Step) error) error {
	if err := f.load(ctx, l); err != nil {
		return err
	}
	if err := f.readBack(ctx, l, from.Seq); err != nil {
		return err
	}
	for at := from.Seq; at < upTo; {
		p, err := f.pack(ctx, l, at, upTo)
		if err != nil {
			return err
		}
		done, err := f.deliver(ctx, p, step)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		at = p.to.Seq
		if err := f.confirm(ctx, p, step); err != nil {
			return err
		}
	}
	return nil
}

// confirm remembers what a range confirmed, and moves the cursor over it.
func (f *Feed) confirm(ctx context.Context, p *parcels, step func(Step) error) error {
	if err := f.putShadows(ctx, p); err != nil {
		return err
	}
	f.sending = 0
	if p.to.Seq >= f.unsure {
		f.unsure, f.arrived = 0, nil
	}
	if p.to.Seq >= f.suspect {
		f.suspect, f.size = 0, min(f.size*2, max(1, f.traits.Most))
		clear(f.refusals)
	}
	return step(Step{Cursor: p.to, Counts: p.counts})
}

// deliver sends a range; done is false when it has to be packed again.
func (f *Feed) deliver(ctx context.Context, p *parcels, step func(Step) error) (done bool, err error) {
	if f.sending > p.from && !f.traits.Keys && !f.traits.Absolute {
		return true, f.handOver(ctx, p)
	}
	if len(p.list) == 0 {
		return true, nil
	}
	if err := step(Step{Sending: max(p.to.Seq, f.unsure)}); err != nil {
		return false, err
	}
	outcomes, err := f.send(ctx, Batch{Key: f.key(p), Parcels: p.list})
	if err == nil {
		return true, f.book(ctx, p, p.list, outcomes)
	}
	failure := asFailure(err)
	switch {
	case failure.Unknown:
		f.sending, f.suspect, f.size = max(p.to.Seq, f.unsure), max(f.suspect, p.to.Seq), max(1, f.size/2)
		return false, failure
	case f.sending > p.from && failure.Class != Alarm:
		// This time it did not arrive; what became of it before is as open.
		return false, failure
	}
	f.sending = 0
	sent := int64(-1)
	if f.unsure > p.from {
		sent = f.unsure
	}
	return f.refused(ctx, p, errors.Join(step(Step{Sending: sent}), failure))
}

// key names a batch. A range that goes as it went before has the same key;
// numbers as they are now are another batch each time.
func (f *Feed) key(p *parcels) string {
	key := fmt.Sprintf("%s/%d-%d-%d", f.name, p.to.Epoch, p.from+1, p.to.Seq)
	if f.traits.Absolute || !f.traits.Keys {
		key += "/" + f.newID().String()
	}
	return key
}

// send checks that every parcel has an outcome.
func (f *Feed) send(ctx context.Context, b Batch) ([]Outcome, error) {
	outcomes, err := f.sender.Send(ctx, b)
	if err == nil && len(outcomes) != len(b.Parcels) {
		err = &Failure{
			Class: Retry, Code: "incomplete", Unknown: true,
			Detail: fmt.Sprintf("The destination answered for %d of %d.", len(outcomes), len(b.Parcels)),
		}
	}
	return outcomes, err
}

// refused narrows a refused range down; the last one left is tried a few
// times more and then set aside.
func (f *Feed) refused(ctx context.Context, p *parcels, cause error) (done bool, err error) {
	failure := asFailure(cause)
	if failure.Class != Alarm {
		return false, cause
	}
	if n := len(p.list); n > 1 {
		f.suspect, f.size = p.to.Seq, max(1, n/2)
		return false, nil
	}
	at := p.list[0].Position
	f.suspect = max(f.suspect, at.Seq)
	if f.refusals[at]++; f.refusals[at] < poisonTries {
		return false, &Failure{Class: Retry, Code: failure.Code, Detail: failure.Detail, Err: failure}
	}
	tries := f.refusals[at]
	delete(f.refusals, at)
	return true, f.setAside(ctx, p, at, Outcome{Rejected, failure.Code, failure.Detail}, tries)
}

// readBack finds out what arrived of a range that was sent without an answer,
// where the destination can be asked. A destination that does a batch of
// entries once by its key gets it again instead.
func (f *Feed) readBack(ctx context.Context, l Ledger, at int64) error {
	reader, ok := f.sender.(Reader)
	if !ok || f.sending <= at || (f.traits.Keys && !f.traits.Absolute) {
		return nil
	}
	f.arrived = nil
	p, err := f.pack(ctx, l, at, f.sending)
	if err != nil {
		return err
	}
	outcomes, err := reader.ReadBack(ctx, p.list)
	if err == nil && len(outcomes) != len(p.list) {
		err = &Failure{Class: Retry, Code: "incomplete", Detail: "The destination did not say of everything whether it has it."}
	}
	if err != nil {
		return err
	}
	f.arrived = map[store.Position]bool{}
	for i, o := range outcomes {
		if o.Status == Confirmed {
			f.arrived[p.list[i].Position] = true
		}
	}
	f.unsure, f.sending = f.sending, 0
	return nil
}

// handOver makes work items of a range that may have arrived or not, with
// nobody but a person to find out.
func (f *Feed) handOver(ctx context.Context, p *parcels) error {
	outcomes := make([]Outcome, len(p.list))
	for i := range outcomes {
		outcomes[i] = Outcome{Manual, CodeOutcomeUnknown, "This was sent and no answer came. Look there whether it arrived."}
	}
	return f.book(ctx, p, p.list, outcomes)
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// shadowOf is a hash of all that a destination may be told of an item.
func shadowOf(i *store.Item) [32]byte {
	b := i.ID.Append(nil)
	b = i.Quantity.Append(append(b, ' '))
	b = i.Reserved.Append(append(b, ' '))
	b = fmt.Appendf(b, " %d %d %d", i.Product.Version, i.Location.Version, i.ArchivedAt)
	if i.Lot != nil {
		b = fmt.Appendf(b, " %d", i.Lot.Version)
	}
	if t := i.ThresholdShown(); t != nil {
		b = t.Append(append(b, ' '))
	}
	return sha256.Sum256(b)
}
