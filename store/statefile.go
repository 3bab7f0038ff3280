package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"maps"
	"slices"
)

// stateVersion is the first number of a saved full state; another version is
// not read, and the ledger is folded from its first entry.
const stateVersion = 3

// savedState is what a full state holds besides its position.
type savedState struct {
	version      int64
	locations    []*Location
	products     []*Product
	lots         []*Lot
	transfers    []*TransferDocument
	items        []*Item // in list order
	reservations []*Reservation
	runs         []*Run
	disarmed     []groupKey
	told         []toldLot
	changed      []*int64 // numbers of the items changed since the last full balances
	history      lineage
	aliases      []alias
	saves        *saves
}

// toldLot is a lot at a location, and the day that was told of it.
type toldLot struct {
	lotPlace
	day string
}

// alias is one of the state's aliases.
type alias struct{ from, to ID }

// writeState writes the published state.
func writeState(w io.Writer, s *state, v *saves) error {
	saved := &savedState{
		version: stateVersion, saves: v, history: s.history,
		locations:    byID(s.locations.base, func(l *Location) ID { return l.ID }),
		products:     byID(s.products.base, func(p *Product) ID { return p.ID }),
		lots:         byID(s.lots.base, func(l *Lot) ID { return l.ID }),
		transfers:    byID(s.transfers.base, func(d *TransferDocument) ID { return d.ID }),
		reservations: byID(s.reservations.base, func(r *Reservation) ID { return r.ID }),
		runs:         byID(s.runs.base, func(r *Run) ID { return r.ID }),
		items:        s.sorted(),
	}
	for key, g := range s.groups.base {
		if !g.armed {
			saved.disarmed = append(saved.disarmed, key)
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(s.expiring.base), compareLotPlaces) {
		saved.told = append(saved.told, toldLot{p, s.expiring.base[p]})
	}
	for _, from := range slices.SortedFunc(maps.Keys(s.aliases.base), compareIDs) {
		saved.aliases = append(saved.aliases, alias{from, s.aliases.base[from]})
	}
	c := newWriter(w)
	saved.walk(c, s)
	if err := c.w.Flush(); err != nil {
		c.fail(err)
	}
	sum := binary.LittleEndian.AppendUint32(nil, c.sum.Sum32())
	if c.err == nil {
		_, c.err = w.Write(sum)
	}
	return c.err
}

// readState reads a full state into an empty one.
func readState(r io.Reader, s *state, v *saves) (*state, error) {
	saved := &savedState{saves: v}
	c := newReader(r)
	saved.walk(c, s)
	if c.err != nil {
		return nil, c.err
	}
	if _, err := io.Copy(io.Discard, c.r); err != nil || c.sum.Sum32() != residue {
		return nil, errState
	}
	if err := saved.check(); err != nil {
		return nil, err
	}
	saved.install(s)
	return s, nil
}

// check refuses records that cannot be a state, as another program's.
func (v *savedState) check() error {
	seen := make([]bool, len(v.items)+1)
	groups := map[groupKey]bool{}
	for _, i := range v.items {
		if i.No < 1 || i.No >= int64(len(seen)) || seen[i.No] {
			return errState
		}
		seen[i.No] = true
		groups[groupKey{i.Product.ID, i.Location.ID}] = true
	}
	for _, key := range v.disarmed {
		if !groups[key] {
			return errState
		}
	}
	for _, no := range v.changed {
		if *no < 1 || *no >= int64(len(seen)) {
			return errState
		}
	}
	return nil
}

// sorted gives all items in list order, the archived ones after the others.
func (s *state) sorted() []*Item {
	items := make([]*Item, 0, len(s.byNo))
	for _, no := range s.orders.lists[cell{category: anyCategory}] {
		items = append(items, s.byNo[no-1])
	}
	for _, i := range s.byNo {
		if i.ArchivedAt != 0 {
			items = append(items, i)
		}
	}
	return items
}

func byID[T any](m map[ID]T, id func(T) ID) []T {
	return slices.SortedFunc(maps.Values(m), func(a, b T) int { return compareIDs(id(a), id(b)) })
}

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }

// walk codes all records. Reading, each is put into the state's base at once,
// so that later ones can refer to it.
func (v *savedState) walk(c *coder, s *state) {
	number(c, &v.version)
	if v.version != stateVersion {
		c.fail(errState)
		return
	}
	number(c, &v.saves.balances)
	number(c, &v.saves.full)
	v.locations = list(c, v.locations, fresh[Location], func(l *Location) {
		c.json(l)
		number(c, &l.Version)
		if !c.writing() {
			c.fail(l.load())
			s.locations.base[l.ID] = l
		}
	})
	v.products = list(c, v.products, fresh[Product], func(p *Product) {
		if p.code(c); !c.writing() {
			s.products.base[p.ID] = p
		}
	})
	v.lots = list(c, v.lots, fresh[Lot], func(l *Lot) {
		if l.code(c); !c.writing() {
			s.lots.base[l.ID] = l
		}
	})
	v.transfers = list(c, v.transfers, fresh[TransferDocument], func(d *TransferDocument) {
		c.json(d)
		number(c, &d.Version)
	})
	v.items = list(c, v.items, fresh[Item], func(i *Item) { i.code(c, s) })
	v.reservations = list(c, v.reservations, fresh[Reservation], func(r *Reservation) { c.json(r) })
	v.runs = list(c, v.runs, fresh[Run], func(r *Run) { c.json(r) })
	keys := list(c, pointers(v.disarmed), fresh[groupKey], func(k *groupKey) {
		c.id(&k.product)
		c.id(&k.location)
	})
	v.disarmed = values(keys)
	v.told = values(list(c, pointers(v.told), fresh[toldLot], func(t *toldLot) {
		c.id(&t.lot)
		c.id(&t.location)
		word(c, &t.day)
	}))
	v.codeDirty(c)
	v.codeHistory(c)
}

// codeHistory codes where the ledger comes from.
func (v *savedState) codeHistory(c *coder) {
	h := &v.history
	for _, p := range []*Position{&h.branch, &h.again} {
		number(c, &p.Epoch)
		number(c, &p.Seq)
	}
	c.hash(&h.hash)
	number(c, &h.opened)
	number(c, &h.command)
	coded := list(c, pointers(v.aliases), fresh[alias], func(a *alias) {
		c.id(&a.from)
		c.id(&a.to)
	})
	v.aliases = values(coded)
}

// codeDirty codes which items changed since the last full balances.
func (v *savedState) codeDirty(c *coder) {
	var changed []*int64
	for no := range v.saves.dirty.set {
		if n := int64(no); v.saves.dirty.set[no] {
			changed = append(changed, &n)
		}
	}
	v.changed = list(c, changed, fresh[int64], func(n *int64) { number(c, n) })
}

func fresh[T any]() *T { return new(T) }

func pointers[T any](values []T) []*T {
	list := make([]*T, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

func values[T any](list []*T) []T {
	all := make([]T, len(list))
	for i := range list {
		all[i] = *list[i]
	}
	return all
}

// install makes everything that follows from the records.
func (v *savedState) install(s *state) {
	s.itemCount = int64(len(v.items))
	s.itemCountBatch, s.itemCountDraft = s.itemCount, s.itemCount
	for _, p := range v.products {
		s.skus.base[skuKey(p.SKU)] = p.ID
	}
	for _, l := range v.lots {
		s.tags.base[l.key()] = l.ID
	}
	s.loadTransfers(v.transfers)
	for _, r := range v.reservations {
		s.reservations.base[r.ID] = r
	}
	for _, r := range v.runs {
		s.runs.base[r.ID] = r
	}
	for _, no := range v.changed {
		v.saves.dirty.add(*no)
	}
	for _, t := range v.told {
		s.expiring.base[t.lotPlace] = t.day
	}
	for _, a := range v.aliases {
		s.aliases.base[a.from] = a.to
	}
	s.history, s.historyBatch, s.historyDraft = v.history, v.history, v.history
	v.installItems(s)
}

func (v *savedState) installItems(s *state) {
	s.items.base = make(map[ID]*Item, len(v.items))
	s.byNo = slices.SortedFunc(slices.Values(v.items), func(a, b *Item) int { return cmp.Compare(a.No, b.No) })
	for _, i := range s.byNo { // a group has its items in the order they were opened
		key := groupKey{i.Product.ID, i.Location.ID}
		g := s.groups.base[key]
		if g == nil {
			g = &group{armed: true}
			s.groups.base[key] = g
		}
		i.group = i.No
		if len(g.items) > 0 {
			i.group = s.items.base[g.items[0]].group
		}
		g.items = append(g.items, i.ID)
		g.available += counted(i)
		s.items.base[i.ID] = i
	}
	for _, key := range v.disarmed {
		s.groups.base[key].armed = false
	}
	for key, g := range s.groups.base {
		threshold := s.products.base[key.product].ThresholdAt(key.location)
		g.low = threshold != nil && g.available <= *threshold
	}
	for _, i := range v.items {
		own := i.Threshold != nil && i.Available() <= *i.Threshold
		i.Low = own || s.groups.base[groupKey{i.Product.ID, i.Location.ID}].low
	}
	s.orders.build(v.items)
}
