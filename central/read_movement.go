package central

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

const (
	// mergedRows is how many entries one search over several stores looks at,
	// about; mergedChunk how many of one store are read at once.
	mergedRows  = 5000
	mergedChunk = 50
)

// point is a place in the history of all stores: newest first by the time of
// recording, then by store, then by seq, each downwards.
type point struct {
	at    store.Instant
	store store.ID
	seq   int64
}

// compare tells which of two points is read first.
func (p point) compare(o point) int {
	return cmp.Or(cmp.Compare(o.at, p.at), slices.Compare(o.store[:], p.store[:]), cmp.Compare(o.seq, p.seq))
}

// cursor writes a point as a client keeps it; "" is the newest, and the end.
func (p point) cursor() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.at))
	b = binary.BigEndian.AppendUint64(append(b, p.store[:]...), uint64(p.seq))
	return "f" + base64.RawURLEncoding.EncodeToString(b)
}

func parsePoint(cursor string) (p point, err error) {
	wrong := &store.Error{Code: store.CodeInvalid, Message: "cursor is no next_cursor of an earlier answer."}
	if len(cursor) == 0 || cursor[0] != 'f' {
		return p, wrong
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor[1:])
	if err != nil || len(b) != 32 {
		return p, wrong
	}
	p.at, p.seq = store.Instant(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[24:]))
	copy(p.store[:], b[8:])
	return p, nil
}

// strand is one store's history, read backwards.
type strand struct {
	store store.ID
	// next is the newest entry that was not read yet, after the one before the
	// oldest that is wanted.
	next, after int64
	read        []store.Stored
	top         point
}

// strands is a heap: the one whose turn it is comes first.
type strands []*strand

func (s strands) Len() int           { return len(s) }
func (s strands) Less(i, j int) bool { return s[i].top.compare(s[j].top) < 0 }
func (s strands) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *strands) Push(v any)        { *s = append(*s, v.(*strand)) }
func (s *strands) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// merge is a search over several stores.
type merge struct {
	c      *Central
	f      store.MovementFilter
	open   strands
	looked int
	found  []hit
	// last is the place that was looked at last.
	last point
}

// hit is a movement of a store.
type hit struct {
	store  store.ID
	stored store.Stored
	entry  *store.Entry
}

// Movements finds movements of several stores, newest first by when they were
// recorded. One call looks at a bounded number of entries and may find less
// than there is; next is the cursor to go on from, "" at the end. A filter by
// location, product or item is for the Mirror of the one store that has it;
// here it costs reading what it leaves out. Codes: invalid_request for a
// cursor that is none.
func (c *Central) Movements(ctx context.Context, stores []store.ID, f store.MovementFilter, cursor string) (found []store.Fact, next string, err error) {
	m := &merge{c: c, f: f}
	if err := m.start(ctx, stores, cursor); err != nil {
		return nil, "", err
	}
	for len(m.open) > 0 && len(m.found) < f.Limit && m.looked < mergedRows {
		if err := m.step(ctx); err != nil {
			return nil, "", err
		}
	}
	if len(m.open) > 0 {
		next = m.last.cursor()
	}
	found, err = c.facts(ctx, m.found)
	return slices.DeleteFunc(found, func(m store.Fact) bool {
		return !f.Item.IsZero() && f.Item != m.After.ID || !f.Product.IsZero() && f.Product != m.After.Product.ID ||
			len(f.Locations) > 0 && !slices.Contains(f.Locations, m.After.Location.ID)
	}), next, err
}

// start finds where each store's history begins and ends for the search.
func (m *merge) start(ctx context.Context, stores []store.ID, cursor string) error {
	upTo := make([]store.Instant, len(stores))
	var from point
	if cursor != "" {
		var err error
		if from, err = parsePoint(cursor); err != nil {
			return err
		}
	}
	for n, id := range stores {
		upTo[n] = 1<<62 - 1
		if m.f.To != 0 {
			upTo[n] = m.f.To - 1
		}
		if cursor != "" {
			at := from.at
			if slices.Compare(id[:], from.store[:]) > 0 {
				at-- // its entries of that very moment came before
			}
			upTo[n] = min(upTo[n], at)
		}
	}
	tops, err := m.c.seek(ctx, stores, upTo)
	if err != nil {
		return err
	}
	ends := map[store.ID]point{}
	if m.f.From != 0 {
		if ends, err = m.c.seek(ctx, stores, slices.Repeat([]store.Instant{m.f.From - 1}, len(stores))); err != nil {
			return err
		}
	}
	for _, id := range stores {
		top := tops[id]
		if cursor != "" && id == from.store {
			top.seq = min(top.seq, from.seq-1)
		}
		// A top that the cursor cut is later than its own: it is read in time.
		if s := (&strand{store: id, next: top.seq, after: ends[id].seq, top: top}); s.next > s.after {
			m.open = append(m.open, s)
		}
	}
	m.last = from
	heap.Init(&m.open)
	return nil
}

// step looks at the next entry of all stores.
func (m *merge) step(ctx context.Context) error {
	s := m.open[0]
	if len(s.read) == 0 {
		if err := m.fetch(ctx, s); err != nil {
			return err
		}
		if len(s.read) == 0 {
			heap.Pop(&m.open)
		} else {
			heap.Fix(&m.open, 0) // it may be older than another store's
		}
		return nil
	}
	stored := s.read[0]
	s.read = s.read[1:]
	m.looked++
	m.last = s.top
	if err := m.take(s.store, stored); err != nil {
		return err
	}
	switch {
	case len(s.read) > 0:
		s.turn()
	case s.next > s.after:
		s.top.seq = s.next // its time is at most that of the one before
	default:
		heap.Pop(&m.open)
		return nil
	}
	heap.Fix(&m.open, 0)
	return nil
}

// turn sets the place of a strand to what it gives next.
func (s *strand) turn() {
	s.top = point{s.read[0].Change.RecordedAt, s.store, s.read[0].Seq}
}

// fetch reads on in one store.
func (m *merge) fetch(ctx context.Context, s *strand) (err error) {
	s.read, err = readStored(ctx, m.c.pool, storedColumns+"AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4",
		uid(s.store), s.after, s.next, min(mergedChunk, max(4, m.f.Limit)))
	if err != nil || len(s.read) == 0 {
		return err
	}
	s.next = s.read[len(s.read)-1].Seq - 1
	s.turn()
	return nil
}

// take keeps an entry that is a movement for one of the wanted reasons.
func (m *merge) take(id store.ID, stored store.Stored) error {
	if stored.Change.Quantity == 0 {
		return nil
	}
	e, err := stored.Entry()
	if err == nil && (len(m.f.Reasons) == 0 || slices.Contains(m.f.Reasons, e.Movement.Reason)) {
		m.found = append(m.found, hit{id, stored, e})
	}
	return err
}

// seek gives, for each of the stores, the newest folded entry that was
// recorded at or before its moment; stores without one are not in the answer.
// Time never decreases along a ledger, so all are found by halves at once.
func (c *Central) seek(ctx context.Context, stores []store.ID, at []store.Instant) (map[store.ID]point, error) {
	const query = `WITH RECURSIVE probe AS (
			SELECT s.id, w.at, 0::bigint AS low, s.folded_seq AS high
			FROM unnest($1::uuid[], $2::bigint[]) w(id, at) JOIN store s ON s.id = w.id
		UNION ALL
			SELECT p.id, p.at, CASE WHEN e.recorded_at <= p.at THEN m.middle ELSE p.low END,
				CASE WHEN e.recorded_at <= p.at THEN p.high ELSE m.middle - 1 END
			FROM probe p, LATERAL (SELECT p.low + (p.high - p.low + 1) / 2) m(middle),
				LATERAL (SELECT recorded_at FROM entry WHERE store = p.id AND seq = m.middle) e
			WHERE p.low < p.high)
		SELECT p.id, p.low, e.recorded_at FROM probe p JOIN entry e ON e.store = p.id AND e.seq = p.low WHERE p.low = p.high`
	moments := make([]int64, 0, len(at))
	for _, one := range at {
		moments = append(moments, int64(one))
	}
	rows, err := c.pool.Query(ctx, query, uids(stores), moments)
	if err != nil {
		return nil, told(err)
	}
	found := map[store.ID]point{}
	var p point
	_, err = pgx.ForEachRow(rows, []any{(*[16]byte)(&p.store), &p.seq, (*int64)(&p.at)}, func() error {
		found[p.store] = p
		return nil
	})
	return found, told(err)
}

// facts gives the movements that were found, with their items as they are now.
func (c *Central) facts(ctx context.Context, found []hit) ([]store.Fact, error) {
	if len(found) == 0 {
		return nil, nil
	}
	w, seen := &where{}, map[pair]int{}
	var wanted []pair
	for _, h := range found {
		if p := (pair{h.store, h.entry.Movement.Item}); seen[p] == 0 {
			seen[p] = 1
			wanted = append(wanted, p)
		}
	}
	w.pairs("item", wanted)
	items := map[pair]*store.Item{}
	err := c.reading(ctx, func(tx pgx.Tx) error {
		records, err := listRecords(ctx, tx, w.text(), w.args...)
		if err != nil {
			return err
		}
		rows, err := dressed(ctx, tx, records)
		for _, r := range rows {
			items[pair{r.Store, r.ID}] = r.Item
		}
		return err
	})
	facts := make([]store.Fact, 0, len(found))
	for _, h := range found {
		if item := items[pair{h.store, h.entry.Movement.Item}]; item != nil {
			facts = append(facts, store.Fact{Entry: h.entry, After: item})
		}
	}
	return facts, err
}
