package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

const pruneEvery = 24 * time.Hour

// saves remembers what the writer has saved and what has changed since.
type saves struct {
	dirty dirty
	// balances and full are the seqs of the newest saved balances and of the
	// newest full ones; state that of the full state.
	balances, full, state int64
	// head and prune are when that was last due.
	head, prune Instant
	scratch     []byte
}

// dirty is the set of items, by number, changed since the last full balances.
type dirty struct {
	set   []bool
	count int
}

func (d *dirty) add(no int64) {
	for int64(len(d.set)) <= no {
		d.set = append(d.set, make([]bool, max(1024, len(d.set)))...)
	}
	if !d.set[no] {
		d.set[no] = true
		d.count++
	}
}

func (d *dirty) clear() {
	clear(d.set)
	d.count = 0
}

// save writes what is due: balances every so many entries, the full state
// when the tail grows long, a head now and then. A failure is logged, and
// final only when the journal says that the outcome is unknown.
func (l *Ledger) save(now Instant) {
	if l.failure.get() != nil {
		return
	}
	ctx, head := context.Background(), l.s.head
	var err error
	if head.Seq-l.saves.balances >= l.cfg.Rules.SaveEvery {
		err = l.saveBalances(ctx)
	}
	if err == nil && head.Seq-l.saves.state >= max(l.cfg.Rules.SaveEvery, 2*int64(len(l.s.byNo))) {
		err = l.saveState(ctx)
	}
	if err == nil && now.Sub(l.saves.head) >= l.cfg.Rules.HeadEvery {
		l.saves.head = now
		err = l.saveNewHead(ctx)
	}
	if at := head.RecordedAt; err == nil && l.keeper.ok && at.Sub(l.saves.prune) >= pruneEvery {
		l.saves.prune = at
		err = l.pruneKeys(ctx, at.Add(-l.cfg.Rules.KeepKeys))
	}
	if err == nil {
		return
	}
	l.cfg.Log.Error("saving a fold of the ledger failed", "err", err)
	if CodeOf(err) == CodeOutcomeUnknown {
		l.failure.set(err)
	}
}

// pruneKeys forgets old idempotency keys, on disk and in memory.
func (l *Ledger) pruneKeys(ctx context.Context, before Instant) error {
	if err := l.j.PruneKeys(ctx, before); err != nil {
		return err
	}
	var kept keyring
	if err := kept.load(ctx, l.j, before); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys = kept
	return nil
}

// SaveHead saves and gives the newest head, signed.
func (l *Ledger) SaveHead(ctx context.Context) (Head, error) {
	h := l.Head()
	if l.cfg.Sign != nil && h.Seq > 0 {
		note, err := l.cfg.Sign(h)
		if err != nil {
			return Head{}, err
		}
		h.Note = note
	}
	return h, l.j.PutHead(ctx, h)
}

// saveNewHead saves the newest head unless it is on record as it would be
// saved.
func (l *Ledger) saveNewHead(ctx context.Context) error {
	saved, err := l.j.ListHeads(ctx, 0, 1)
	if err != nil {
		return err
	}
	seq := l.s.head.Seq
	if seq == 0 || len(saved) > 0 && saved[0].Seq == seq && (saved[0].Note != "" || l.cfg.Sign == nil) {
		return nil
	}
	_, err = l.SaveHead(ctx)
	return err
}

// saveBalances saves all balances, or those changed since the last full ones
// while they are fewer than half.
func (l *Ledger) saveBalances(ctx context.Context) error {
	s, v := l.s, &l.saves
	b := Balances{Seq: s.head.Seq, RecordedAt: s.head.RecordedAt, Base: v.full}
	full := v.full == 0 || v.dirty.count > len(s.byNo)/2
	if full {
		b.Base = 0
	}
	b.Body = appendBalances(nil, s.byNo, func(no int64) bool {
		return full || (no < int64(len(v.dirty.set)) && v.dirty.set[no])
	})
	if err := l.j.PutBalances(ctx, b); err != nil {
		return err
	}
	v.balances = b.Seq
	if full {
		v.full = b.Seq
		v.dirty.clear()
	}
	return nil
}

// appendBalances writes, for each chosen item in order of its number, three
// varints (encoding/binary): the step from the number before, the quantity
// and the reserved quantity.
func appendBalances(b []byte, byNo []*Item, chosen func(no int64) bool) []byte {
	last := int64(0)
	for _, i := range byNo {
		if !chosen(i.No) {
			continue
		}
		b = AppendBalance(b, last, i.No, i.Quantity, i.Reserved)
		last = i.No
	}
	return b
}

// AppendBalance adds an item to the body of Balances; last is the number of
// the item before it in the body, 0 for none, and below no.
func AppendBalance(b []byte, last, no int64, quantity, reserved Quantity) []byte {
	b = binary.AppendUvarint(b, uint64(no-last))
	b = binary.AppendVarint(b, int64(quantity))
	return binary.AppendVarint(b, int64(reserved))
}

// balance is an item's quantity and reserved quantity at some moment.
type balance struct{ quantity, reserved Quantity }

// readBalances lays saved balances over those of a fold, by item number.
func readBalances(body []byte, into []balance) ([]balance, error) {
	no := uint64(0)
	for len(body) > 0 {
		step, n := binary.Uvarint(body)
		quantity, m := binary.Varint(body[max(n, 0):])
		reserved, k := binary.Varint(body[max(n, 0)+max(m, 0):])
		if no += step; n <= 0 || m <= 0 || k <= 0 || no == 0 || no > 1<<31 {
			return nil, fmt.Errorf("saved balances are damaged after item %d", no-step)
		}
		body = body[n+m+k:]
		for uint64(len(into)) < no {
			into = append(into, balance{})
		}
		into[no-1] = balance{Quantity(quantity), Quantity(reserved)}
	}
	return into, nil
}

// saveState saves the full state, so that the next start has a short tail.
func (l *Ledger) saveState(ctx context.Context) error {
	at := l.s.head
	if at.Seq == l.saves.state {
		return nil
	}
	err := l.j.PutState(ctx, at, func(w io.Writer) error { return writeState(w, l.s, &l.saves) })
	if err == nil {
		l.saves.state = at.Seq
	}
	return err
}

// loadState reads the full state, or starts empty when there is none or it
// cannot be read. One that belongs to another chain means damage.
func (l *Ledger) loadState(ctx context.Context) (*state, error) {
	empty := newState(l.meta.Epoch, l.cfg.Rules.HysteresisPercent)
	at, r, err := l.j.State(ctx)
	if err != nil || at.Seq == 0 {
		return empty, err
	}
	defer r.Close()
	stored, err := l.j.FindEntry(ctx, at.Seq)
	switch {
	case CodeOf(err) == CodeNotFound:
		return nil, &DamageError{l.meta.Seq + 1, "entries that the saved state has are missing"}
	case err != nil:
		return nil, err
	case stored.Hash != at.Hash:
		return nil, &DamageError{at.Seq, "the saved state has another hash for it"}
	}
	s, err := readState(r, newState(l.meta.Epoch, l.cfg.Rules.HysteresisPercent), &l.saves)
	if err != nil {
		l.cfg.Log.Warn("the saved state cannot be read; folding from the first entry", "err", err)
		l.saves = saves{}
		return empty, nil
	}
	s.head, s.batch, s.draft = at, at, at
	l.saves.state = at.Seq
	return s, nil
}
