package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Replica folds the entries of another store's ledger over the part of its
// state that they touch, with the ledger's own rules: what it finds is what
// that store has. Everything else stays where the caller keeps it, as records.
// For each batch of entries: Missing and Put until nothing is missing, Apply
// each, then keep what Changed gives. It is not safe for concurrent use.
//
// Reservations, sync runs and tokens are not kept, and nothing is fired:
// those are the store's.
type Replica struct {
	s          *state
	hysteresis int
	// asked is what the last Missing asked for; pending are items that came
	// without all their documents yet.
	asked   Needed
	pending map[ID]*ItemRecord
	// absent are ids that were asked for and do not exist; whole are groups
	// of which all items are here, products by a key without a location.
	absent map[ID]bool
	whole  map[groupKey]bool
	// documents are the versions made since the last Changed.
	documents map[ID]DocumentRecord
}

// NewReplica starts at a head of the other ledger, after which it has so many
// items. hysteresisPercent is that of the store's Rules.
func NewReplica(head Head, items int64, hysteresisPercent int) *Replica {
	r := &Replica{hysteresis: hysteresisPercent}
	r.start(head, items)
	return r
}

func (r *Replica) start(head Head, items int64) {
	r.s = newState(head.Epoch, r.hysteresis)
	r.s.head, r.s.batch, r.s.draft = head, head, head
	r.s.itemCount, r.s.itemCountBatch, r.s.itemCountDraft = items, items, items
	r.asked, r.pending = Needed{}, map[ID]*ItemRecord{}
	r.absent, r.whole, r.documents = map[ID]bool{}, map[groupKey]bool{}, map[ID]DocumentRecord{}
}

// Head is the newest entry that was folded.
func (r *Replica) Head() Head { return r.s.batch }

// Items is how many items the store has after it.
func (r *Replica) Items() int64 { return r.s.itemCountBatch }

// Loaded is how many items the replica has in memory.
func (r *Replica) Loaded() int { return len(r.s.items.base) + len(r.s.items.batch) }

// Reset forgets everything that was put, and what changed, but keeps the head.
func (r *Replica) Reset() { r.start(r.Head(), r.Items()) }

// Apply folds one entry, whose place in the ledger is seq and whose link of
// the chain is hash, and gives what a journal keeps beside it; Bytes are the
// caller's. An error leaves the replica as it was before that entry:
// the entry does not fit the ledger before it or, if it is ErrNewer, cannot be
// folded by this program.
func (r *Replica) Apply(e *Entry, seq int64, hash Hash) (Row, error) {
	s := r.s
	if e.Seq != seq || seq != s.batch.Seq+1 {
		return Row{}, fmt.Errorf("entry %s is out of sequence after %d", e.Position, s.batch.Seq)
	}
	if r.lacks(e) {
		return Row{}, fmt.Errorf("entry %s is about records that were not put", e.Position)
	}
	row := Row{Entry: e, Hash: hash}
	if was, ok := s.items.get(e.itemID()); ok {
		row.Prev = was.Seq
	}
	if _, err := s.apply(e); err != nil {
		s.reject()
		return Row{}, err
	}
	if next, ok := s.items.get(e.itemID()); ok {
		row.Item, row.After, row.ReservedAfter = next.No, next.Quantity, next.Reserved
	}
	s.draft = Head{Epoch: e.Epoch, Seq: seq, Hash: hash, RecordedAt: e.RecordedAt}
	s.accept()
	if d := e.Document; d != nil && d.Type != DocItem {
		r.documents[d.ID] = DocumentRecord{Type: d.Type, ID: d.ID, Seq: seq, Body: bytes.Clone(d.Body)}
	}
	return row, nil
}

// Changed gives the records that changed since the last call, or since the
// start: items by number, documents by seq.
func (r *Replica) Changed() (items []ItemRecord, docs []DocumentRecord) {
	changed := make([]*Item, 0, len(r.s.items.batch))
	for _, i := range r.s.items.batch {
		changed = append(changed, i)
	}
	slices.SortFunc(changed, byNumber)
	items = make([]ItemRecord, 0, len(changed))
	for _, next := range changed {
		record := next.Record()
		if was := r.s.items.base[next.ID]; was == nil || !was.Record().Equal(record) {
			items = append(items, record)
		}
	}
	for _, d := range r.documents {
		docs = append(docs, d)
	}
	slices.SortFunc(docs, func(a, b DocumentRecord) int { return cmp.Compare(a.Seq, b.Seq) })
	clear(r.documents)
	clear(r.absent)
	r.publish()
	return items, docs
}

func byNumber(a, b *Item) int { return cmp.Compare(a.No, b.No) }

// publish keeps what the next batch may touch, and drops what is not kept.
func (r *Replica) publish() {
	s := r.s
	for _, t := range []layer{&s.items, &s.groups, &s.products, &s.locations, &s.lots} {
		t.publish()
	}
	for _, t := range s.tables {
		t.discard()
	}
	s.head, s.history, s.itemCount = s.batch, s.historyBatch, s.itemCountBatch
}
