package store

import (
	"slices"
	"strings"
)

// state is the fold of the ledger. The writer reads it through the layers of
// its tables; readers see the base layer, under the ledger's read lock.
type state struct {
	// head is the newest published entry; next the one after the newest
	// accepted or drafted.
	head  Head
	batch Head
	draft Head
	// catalogued is the newest published entry when a product last changed.
	catalogued int64
	// history is what became of the ledger besides its entries, per layer.
	history, historyBatch, historyDraft lineage

	locations    table[ID, *Location]
	products     table[ID, *Product]
	skus         table[string, ID]
	lots         table[ID, *Lot]
	items        table[ID, *Item]
	transfers    table[ID, *TransferDocument]
	groups       table[groupKey, *group]
	reservations table[ID, *Reservation]
	runs         table[ID, *Run]
	// expiring has the day that was told of a lot that expires soon.
	expiring table[lotPlace, string]
	// tags finds lots by package tag, or by product and batch number.
	tags table[string, ID]
	// shipments finds documents of transfers that came in by the id that the
	// sender gave them, where it is another; numbered finds all by number.
	shipments table[ID, ID]
	numbered  table[string, *numbered]
	// tokens are by the hash of their secret; they are not in the ledger.
	tokens table[[32]byte, *Token]
	// reversed and external see what this batch did, before the journal does.
	reversed table[int64, bool]
	external table[externalKey, bool]
	// aliases are ids of records that an earlier epoch had beside the same
	// ones of ours, which stand for them.
	aliases table[ID, ID]
	tables  []layer

	// itemCount is the number of the newest item, per layer.
	itemCount, itemCountBatch, itemCountDraft int64

	// byNo holds the published items by number − 1, orders their sortings.
	byNo   []*Item
	orders orders
	rearm  func(threshold Quantity) Quantity
}

func newState(epoch int64, hysteresisPercent int) *state {
	s := &state{
		locations: newTable[ID, *Location](), products: newTable[ID, *Product](),
		skus: newTable[string, ID](), lots: newTable[ID, *Lot](),
		items:  newTable[ID, *Item](),
		groups: newTable[groupKey, *group](), reservations: newTable[ID, *Reservation](),
		runs: newTable[ID, *Run](), tags: newTable[string, ID](), tokens: newTable[[32]byte, *Token](),
		reversed: newTable[int64, bool](), external: newTable[externalKey, bool](),
		aliases: newTable[ID, ID](), transfers: newTable[ID, *TransferDocument](),
		expiring: newTable[lotPlace, string](), shipments: newTable[ID, ID](), numbered: newTable[string, *numbered](),
	}
	s.tables = []layer{
		&s.items, &s.groups, &s.reservations, &s.lots,
		&s.products, &s.skus, &s.locations, &s.runs, &s.tags, &s.tokens, &s.reversed, &s.external, &s.aliases,
		&s.transfers, &s.shipments, &s.numbered, &s.expiring,
	}
	s.orders = orders{lists: map[cell][]int32{}}
	s.rearm = func(threshold Quantity) Quantity { return threshold + threshold*Quantity(hysteresisPercent)/100 }
	s.head.Epoch = epoch
	s.batch, s.draft = s.head, s.head
	return s
}

// skuKey makes SKUs unique whatever their letter case.
func skuKey(sku string) string { return strings.ToLower(sku) }

// find gives the item of a place; there are few of a product at a location.
func (s *state) find(p place) (ID, bool) {
	g, _ := s.groups.get(groupKey{p.product, p.location})
	if g == nil {
		return ID{}, false
	}
	for _, id := range g.items {
		if i, ok := s.items.get(id); ok && i.place() == p {
			return id, true
		}
	}
	return ID{}, false
}

// accept keeps what the command drafted for the batch.
func (s *state) accept() {
	for _, t := range s.tables {
		t.accept()
	}
	s.batch, s.historyBatch = s.draft, s.historyDraft
	s.itemCountBatch = s.itemCountDraft
}

// reject forgets what the command drafted.
func (s *state) reject() {
	for _, t := range s.tables {
		t.reject()
	}
	s.draft, s.historyDraft = s.batch, s.historyBatch
	s.itemCountDraft = s.itemCountBatch
}

// discard forgets the batch.
func (s *state) discard() {
	for _, t := range s.tables {
		t.discard()
	}
	s.batch, s.draft = s.head, s.head
	s.historyBatch, s.historyDraft = s.history, s.history
	s.itemCountBatch, s.itemCountDraft = s.itemCount, s.itemCount
}

// publish makes the batch what readers see; under the write lock.
func (s *state) publish() {
	s.publishItems()
	if len(s.products.batch) > 0 {
		s.catalogued = s.batch.Seq
	}
	for _, t := range s.tables {
		t.publish()
	}
	clear(s.reversed.base)
	clear(s.external.base)
	s.head, s.history, s.itemCount = s.batch, s.historyBatch, s.itemCountBatch
}

// publishItems brings byNo and the sort orders up to the batch, while the
// base layer still holds the versions before it.
func (s *state) publishItems() {
	var moved moves
	for id, next := range s.items.batch {
		old := s.items.base[id]
		if old == nil {
			s.byNo = append(s.byNo, slices.Repeat([]*Item{nil}, max(0, int(next.No)-len(s.byNo)))...)
		}
		s.byNo[next.No-1] = next
		if old == nil || !sameCells(old, next) {
			moved.add(old, next)
		}
	}
	s.orders.apply(moved, s.byNo)
}
