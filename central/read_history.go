package central

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shelfd/shelfd/store"
)

// history reads one store's entries up to the newest that is folded. They
// never change, so that it may be kept as long as the store's line is the same.
type history struct {
	pool *pgxpool.Pool
	id   store.ID
	head int64

	// anchors are balances that were worked out before, by seq: those of the
	// head, and of moments that were asked for.
	mu      sync.Mutex
	anchors []anchor
}

// balance is an item's quantity and reserved quantity at some moment.
type balance struct{ quantity, reserved store.Quantity }

// anchor is every item's balance right after an entry, by item number − 1.
type anchor struct {
	seq      int64
	balances []balance
}

// keptAnchors bounds the balances that are kept, the head's among them.
const keptAnchors = 4

// storedColumns are those of store.Stored. occurred_at is NULL where it is
// recorded_at.
const (
	changeColumns = `seq, coalesce(item, 0), kind, coalesce(change, 0), coalesce(after, 0), coalesce(reserved_after, 0),
		coalesce(recorded_at, 0), coalesce(occurred_at, recorded_at, 0)`
	storedColumns = `SELECT ` + changeColumns + `, coalesce(prev_seq, 0), hash, body, salt, notes FROM entry WHERE store = $1 `
	// historyPage is how many entries are read before the first is passed on.
	historyPage = 500
	changePage  = 10_000
)

// Scan reads stored entries with after < seq ≤ upTo in order.
func (h *history) Scan(ctx context.Context, after, upTo int64, fn func(*store.Stored) error) error {
	for upTo = min(upTo, h.head); after < upTo; {
		page, err := readStored(ctx, h.pool, storedColumns+"AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
			uid(h.id), after, upTo, historyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for n := range page {
			if err := fn(&page[n]); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
	return nil
}

// FindEntry reads one entry; not_found when there is none.
func (h *history) FindEntry(ctx context.Context, seq int64) (*store.Stored, error) {
	page, err := readStored(ctx, h.pool, storedColumns+"AND seq = $2 AND seq <= $3", uid(h.id), seq, h.head)
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return nil, &store.Error{Code: store.CodeNotFound, Op: "find entry", Message: fmt.Sprintf("There is no entry %d.", seq)}
	}
	return &page[0], nil
}

// readStored reads entries, all before the first is used.
func readStored(ctx context.Context, q querier, query string, args ...any) ([]store.Stored, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, told(err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s store.Stored, err error) {
		var kind int16
		var change int64
		var hash, salt, notes []byte
		c := &s.Change
		if err := r.Scan(&c.Seq, &c.Item, &kind, &change, &c.After, &c.ReservedAfter, &c.RecordedAt, &c.OccurredAt,
			&s.Prev, &hash, &s.Bytes, &salt, &notes); err != nil {
			return s, err
		}
		s.Seq, s.Item = c.Seq, c.Item
		setChange(c, kind, change)
		if copy(s.Hash[:], hash) != len(s.Hash) {
			return s, fmt.Errorf("entry %d has a hash of %d bytes", s.Seq, len(hash))
		}
		if salt != nil {
			s.Notes = &store.Text{Body: string(notes)}
			copy(s.Notes.Salt[:], salt)
		}
		return s, nil
	})
	return list, told(err)
}

// setChange says what a change is of: of the quantity or of the reserved.
func setChange(c *store.Change, kind int16, change int64) {
	switch store.Kind(kind) {
	case store.KindMovement:
		c.Quantity = store.Quantity(change)
	case store.KindHold:
		c.Reserved = store.Quantity(change)
	}
}

// FindDocument gives the seq of a document's version that held at seq, 0 when
// it did not exist yet.
func (h *history) FindDocument(ctx context.Context, id store.ID, seq int64) (at int64, err error) {
	err = h.pool.QueryRow(ctx, "SELECT seq FROM document_version WHERE store = $1 AND id = $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1",
		uid(h.id), uid(id), min(seq, h.head)).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return at, told(err)
}

// ScanChanges reads the balance columns of every entry about an item with
// after < seq ≤ upTo in order.
func (h *history) ScanChanges(ctx context.Context, after, upTo int64, fn func(store.Change) error) error {
	for upTo = min(upTo, h.head); after < upTo; {
		page, err := h.changes(ctx, "FROM entry WHERE store = $1 AND item IS NOT NULL AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4", after, upTo, changePage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if err := fn(c); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
	return nil
}

// changes reads balance columns; $1 of the rest of the query is the store.
func (h *history) changes(ctx context.Context, rest string, args ...any) ([]store.Change, error) {
	rows, err := h.pool.Query(ctx, "SELECT "+changeColumns+" "+rest, append([]any{uid(h.id)}, args...)...)
	if err != nil {
		return nil, told(err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c store.Change, err error) {
		var kind int16
		var change int64
		err = r.Scan(&c.Seq, &c.Item, &kind, &change, &c.After, &c.ReservedAfter, &c.RecordedAt, &c.OccurredAt)
		setChange(&c, kind, change)
		return c, err
	})
	return list, told(err)
}

// quarterHour is the unit of lateness in milliseconds.
const quarterHour = 15 * 60 * 1000

// ScanLate reads late changes that had occurred by a moment but have a seq
// above after and at most upTo. An entry of class c is late by less than 2^c
// quarter hours (see store.Entry.Lateness), and none of those asked for was
// recorded before the first above after: each class is a narrow range of its
// index, however long the history.
func (h *history) ScanLate(ctx context.Context, occurredBy store.Instant, after, upTo int64, fn func(store.Change) error) error {
	upTo = min(upTo, h.head)
	if after >= upTo {
		return nil
	}
	first, err := h.recordedAt(ctx, after+1)
	if err != nil {
		return err
	}
	found, err := h.changes(ctx, `FROM generate_series(1, 32) class, LATERAL (SELECT * FROM entry
		WHERE store = $1 AND late = class AND occurred_at >= $2 - ($3::bigint << class) AND occurred_at <= $4 AND seq > $5 AND seq <= $6) e`,
		int64(first), int64(quarterHour), int64(occurredBy), after, upTo)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) recordedAt(ctx context.Context, seq int64) (at store.Instant, err error) {
	err = h.pool.QueryRow(ctx, "SELECT coalesce(recorded_at, 0) FROM entry WHERE store = $1 AND seq = $2", uid(h.id), seq).Scan((*int64)(&at))
	return at, told(err)
}

// FindSeq gives the last seq recorded at or before a moment, 0 for none. Time
// never decreases along a ledger, so it is found by halves.
func (h *history) FindSeq(ctx context.Context, recordedBy store.Instant) (seq int64, err error) {
	for high := h.head; seq < high; {
		middle := seq + (high-seq+1)/2
		at, err := h.recordedAt(ctx, middle)
		if err != nil {
			return 0, err
		}
		if at <= recordedBy {
			seq = middle
		} else {
			high = middle - 1
		}
	}
	return seq, nil
}

// FindBalances works out the balances right after seq, from the nearest that
// are known: what comes after is taken off, or what came since is put on.
func (h *history) FindBalances(ctx context.Context, seq int64) (full, since store.Balances, err error) {
	seq = min(seq, h.head)
	if seq <= 0 {
		return full, since, nil
	}
	at, err := h.balancesAt(ctx, seq)
	if err != nil {
		return full, since, err
	}
	full.Seq = seq
	last := int64(0)
	for n, b := range at.balances {
		if no := int64(n) + 1; b != (balance{}) {
			full.Body = store.AppendBalance(full.Body, last, no, b.quantity, b.reserved)
			last = no
		}
	}
	return full, since, nil
}

// balancesAt gives the balances right after seq, and keeps them.
func (h *history) balancesAt(ctx context.Context, seq int64) (anchor, error) {
	near := h.nearest(seq)
	if near.seq == seq {
		return near, nil
	}
	at := anchor{seq: seq, balances: slices.Clone(near.balances)}
	const sums = `SELECT item, coalesce(sum(change) FILTER (WHERE kind = 1), 0)::bigint, coalesce(sum(change) FILTER (WHERE kind = 2), 0)::bigint
		FROM entry WHERE store = $1 AND seq > $2 AND seq <= $3 AND kind IN (1, 2) GROUP BY item`
	rows, err := h.pool.Query(ctx, sums, uid(h.id), min(near.seq, seq), max(near.seq, seq))
	if err != nil {
		return at, told(err)
	}
	sign := store.Quantity(1)
	if near.seq > seq {
		sign = -1
	}
	var no int64
	var b balance
	_, err = pgx.ForEachRow(rows, []any{&no, &b.quantity, &b.reserved}, func() error {
		for int64(len(at.balances)) < no {
			at.balances = append(at.balances, balance{})
		}
		at.balances[no-1].quantity += sign * b.quantity
		at.balances[no-1].reserved += sign * b.reserved
		return nil
	})
	if err == nil {
		h.keep(at)
	}
	return at, told(err)
}

// nearest gives what is known nearest to seq; nothing at all is known of
// entry 0.
func (h *history) nearest(seq int64) (best anchor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.anchors {
		if abs(a.seq-seq) < abs(best.seq-seq) {
			best = a
		}
	}
	return best
}

func abs(n int64) int64 { return max(n, -n) }

// keep remembers balances in place of the oldest; the head's come first and
// stay.
func (h *history) keep(a anchor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.anchors) >= keptAnchors {
		h.anchors = slices.Delete(h.anchors, 1, 2)
	}
	h.anchors = append(h.anchors, a)
}
