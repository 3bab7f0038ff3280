package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// Dump writes everything that the published state holds, a line a record, so
// that two states can be compared.
func (l *Ledger) Dump() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.dump()
}

// Refold folds the ledger from its first entry, without any saved state.
func (l *Ledger) Refold(ctx context.Context) (string, error) {
	other := &Ledger{cfg: l.cfg, h: l.h, j: l.j, meta: l.meta}
	head := l.Head()
	other.meta.Head = head
	other.s = newState(l.meta.Epoch, l.cfg.Rules.HysteresisPercent)
	err := other.foldTail(ctx)
	return other.s.dump(), err
}

// Restate writes the full state and reads it again.
func (l *Ledger) Restate() (string, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var b bytes.Buffer
	if err := writeState(&b, l.s, &saves{}); err != nil {
		return "", err
	}
	s, err := readState(&b, newState(l.meta.Epoch, l.cfg.Rules.HysteresisPercent), &saves{})
	if err != nil {
		return "", err
	}
	s.head = l.s.head
	return s.dump(), nil
}

// StateBytes gives a full state as it is saved, ReadState tries to read one;
// Seal puts the right checksum below damaged bytes.
func (l *Ledger) StateBytes() []byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var b bytes.Buffer
	if err := writeState(&b, l.s, &l.saves); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func ReadState(b []byte) error {
	_, err := readState(bytes.NewReader(b), newState(1, 10), &saves{})
	return err
}

func Seal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(slices.Clone(b), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// PanicCommand is a command that panics half-way; half is done before.
type PanicCommand struct{ Half Command }

func (c PanicCommand) decide(t *tx) error {
	if err := c.Half.decide(t); err != nil {
		return err
	}
	panic("on purpose")
}

func (s *state) dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "head %d %x %d, items %d %d %d\n", s.head.Seq, s.head.Hash, s.head.RecordedAt, s.itemCount, s.itemCountBatch, s.itemCountDraft)
	fmt.Fprintf(&b, "epoch %d from %d, branch %s %x, again %s, command %d\n",
		s.head.Epoch, s.history.opened, s.history.branch, s.history.hash, s.history.again, s.history.command)
	record := func(kind string, v any) {
		raw, err := json.Marshal(v)
		fmt.Fprintf(&b, "%s %s %v\n", kind, raw, err)
	}
	sorted(s.locations.base, func(_ ID, v *Location) { record("location", []any{v, v.Version, v.Zone().String()}) })
	sorted(s.products.base, func(_ ID, v *Product) { record("product", []any{v, v.Version, v.Search, v.sortName}) })
	sorted(s.lots.base, func(_ ID, v *Lot) { record("lot", []any{v, v.Version}) })
	sorted(s.transfers.base, func(_ ID, v *TransferDocument) { record("transfer", []any{v, v.Version}) })
	sorted(s.shipments.base, func(k, v ID) { fmt.Fprintf(&b, "shipment %s %s\n", k, v) })
	sorted(s.numbered.base, func(k string, v *numbered) { fmt.Fprintf(&b, "number %q %v\n", k, v.ids) })
	sorted(s.reservations.base, func(_ ID, v *Reservation) { record("reservation", v) })
	sorted(s.runs.base, func(_ ID, v *Run) { record("run", v) })
	for n, i := range s.byNo {
		if s.items.base[i.ID] != i || i.No != int64(n+1) || s.products.base[i.Product.ID] != i.Product || s.locations.base[i.Location.ID] != i.Location {
			fmt.Fprintf(&b, "item %s holds old versions\n", i.ID)
		}
		record("item", []any{
			i.document(), i.Quantity, i.Reserved, i.Value, i.Low, i.lowArmed, i.Seq, i.Opened, i.edited, i.lit,
			i.UpdatedAt, i.CountedAt, i.Product.Version, i.Location.Version, i.Version(),
		})
	}
	sorted(s.skus.base, func(k string, v ID) { fmt.Fprintf(&b, "sku %q %s\n", k, v) })
	sorted(s.tags.base, func(k string, v ID) { fmt.Fprintf(&b, "tag %q %s\n", k, v) })
	sorted(s.expiring.base, func(p lotPlace, day string) { fmt.Fprintf(&b, "expiring %s %s %s\n", p.lot, p.location, day) })
	sorted(s.aliases.base, func(k, v ID) { fmt.Fprintf(&b, "alias %s %s\n", k, v) })
	sorted(s.groups.base, func(k groupKey, g *group) {
		fmt.Fprintf(&b, "group %v %v %s %v %v\n", k, g.items, g.available, g.low, g.armed)
	})
	sorted(s.orders.lists, func(c cell, list []int32) { fmt.Fprintf(&b, "order %v %v\n", c, list) })
	return b.String()
}

func sorted[K comparable, V any](m map[K]V, each func(K, V)) {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b K) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, k := range keys {
		each(k, m[k])
	}
}

// Waiting is how many commands wait for the writer.
func (l *Ledger) Waiting() int { return len(l.queue) }

// Records gives the records of all items, by number.
func (l *Ledger) Records() (list []ItemRecord) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, i := range l.s.byNo {
		list = append(list, i.Record())
	}
	return list
}

// TeachCommand adds a kind of command from central until the test ends. do
// does commands of the same transaction.
func TeachCommand(t interface{ Cleanup(func()) }, kind string, obey func(do func(Command) error) error) {
	obeyed[kind] = func(t *tx, _ json.RawMessage) error {
		return obey(func(c Command) error { return c.decide(t) })
	}
	t.Cleanup(func() { delete(obeyed, kind) })
}

// AllItems lists all items by number, the archived ones too.
func (l *Ledger) AllItems() []*Item {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.s.byNo)
}

// ReadThresholds reads a product's thresholds as a replica does.
func ReadThresholds(body []byte) (*Quantity, []LocationThreshold, error) {
	t, err := readThresholds(body)
	return t.General, t.Own, err
}
