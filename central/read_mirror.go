package central

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// mirrorItems bounds the rows that the mirrors in memory have together, about
// a kilobyte each with their documents.
const mirrorItems = 200_000

// stand is how far a store has come, as far as it is folded.
type stand struct {
	epoch, seq, folds, items int64
	recorded, synced         store.Instant
	hash                     store.Hash
}

// same tells whether two stands are of the same stock.
func (s stand) same(o stand) bool { return s.epoch == o.epoch && s.seq == o.seq && s.folds == o.folds }

// mirror is a store's ledger for reading.
type mirror struct {
	stand
	ledger *store.Ledger
	used   int64
}

// mirrors keeps the mirrors that were used last.
type mirrors struct {
	mu   sync.Mutex
	list map[store.ID]*mirror
	uses int64
}

// get gives a mirror that is as far as the store is; nil for none.
func (m *mirrors) get(id store.ID, at stand) *store.Ledger {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[id]
	if known == nil || !known.same(at) {
		return nil
	}
	m.uses++
	known.used = m.uses
	return known.ledger
}

// put keeps a mirror, and lets the longest unused go where there are too many.
func (m *mirrors) put(id store.ID, at stand, l *store.Ledger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uses++
	if m.list == nil {
		m.list = map[store.ID]*mirror{}
	}
	m.list[id] = &mirror{stand: at, ledger: l, used: m.uses}
	var sum int64
	var ids []store.ID
	for other, one := range m.list {
		ids, sum = append(ids, other), sum+one.items
	}
	slices.SortFunc(ids, func(a, b store.ID) int { return cmp.Compare(m.list[a].used, m.list[b].used) })
	for _, oldest := range ids[:len(ids)-1] {
		if sum <= mirrorItems {
			break
		}
		sum -= m.list[oldest].items
		delete(m.list, oldest)
	}
}

// Mirror gives a store's ledger for reading, as far as it is folded here, and
// when that store was last known to be up to date; not_found when there is no
// such store.
func (c *Central) Mirror(ctx context.Context, id store.ID) (*store.Ledger, store.Instant, error) {
	at, err := findStand(ctx, c.pool, id)
	if err != nil {
		return nil, 0, err
	}
	if l := c.mirrors.get(id, at); l != nil {
		return l, at.synced, nil
	}
	cfg := store.MirrorConfig{Clock: c.clock, Log: c.log, Store: id, Rules: store.DefaultRules()}
	err = c.reading(ctx, func(tx pgx.Tx) error {
		if at, err = findStand(ctx, tx, id); err != nil {
			return err
		}
		return fill(ctx, tx, &cfg)
	})
	if err != nil {
		return nil, 0, err
	}
	cfg.Head = store.Head{Epoch: at.epoch, Seq: at.seq, Hash: at.hash, RecordedAt: at.recorded}
	cfg.History = newHistory(c, at.seq, &cfg)
	l, err := store.OpenMirror(ctx, cfg)
	if err == nil {
		c.mirrors.put(id, at, l)
	}
	return l, at.synced, err
}

// fill reads everything that a store has.
func fill(ctx context.Context, tx pgx.Tx, cfg *store.MirrorConfig) error {
	w := &where{}
	w.add("s.store = %s", uid(cfg.Store))
	records, err := listRecords(ctx, tx, w.text(), w.args...)
	if err != nil {
		return err
	}
	for n := range records {
		cfg.Items = append(cfg.Items, records[n].ItemRecord)
	}
	return eachDocument(ctx, tx, w, func(_ store.ID, d store.DocumentRecord) { cfg.Docs = append(cfg.Docs, d) })
}

// newHistory reads the history of a mirror; the balances of its head are
// known.
func newHistory(c *Central, head int64, cfg *store.MirrorConfig) *history {
	now := anchor{seq: head, balances: make([]balance, len(cfg.Items))}
	for n := range cfg.Items {
		i := &cfg.Items[n]
		now.balances[i.No-1] = balance{i.Quantity, i.Reserved}
	}
	return &history{pool: c.pool, id: cfg.Store, head: head, anchors: []anchor{now}}
}

func findStand(ctx context.Context, q querier, id store.ID) (s stand, err error) {
	var hash []byte
	err = q.QueryRow(ctx, `SELECT s.epoch, s.folded_seq, s.folds, s.items, s.recorded_at, s.synced_at, e.hash
		FROM store s LEFT JOIN entry e ON e.store = s.id AND e.seq = s.folded_seq WHERE s.id = $1`, uid(id)).
		Scan(&s.epoch, &s.seq, &s.folds, &s.items, (*int64)(&s.recorded), (*int64)(&s.synced), &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, noStore(id)
	}
	copy(s.hash[:], hash)
	return s, told(err)
}

func noStore(id store.ID) error {
	return &store.Error{Code: store.CodeNotFound, Message: "There is no store " + id.String() + "."}
}
