package central

import (
	"bytes"
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// encoders keeps encoders to use again: each has some megabytes.
type encoders struct{ pool sync.Pool }

func (e *encoders) take() *wire.Encoder {
	if kept, ok := e.pool.Get().(*wire.Encoder); ok {
		return kept
	}
	return wire.NewEncoder()
}

const (
	besideColumns = "seq, hash, body, salt, notes, key, key_count, key_at, key_outcome"
	selectTail    = "SELECT " + besideColumns + ` FROM entry
  WHERE store = $1 AND seq > $2 AND seq <= $3 AND $4::bigint = 0 ORDER BY seq LIMIT $5`
	selectAbandoned = "SELECT " + besideColumns + ` FROM abandoned
  WHERE store = $1 AND seq > $2 AND seq <= $3 AND epoch = $4 ORDER BY seq LIMIT $5`
)

// tail gives entries of a stream back, closed ones too. Code: not_found for a
// stream or place that there is not.
func (c *Central) tail(ctx context.Context, who caller, epoch, after int64, limit int) (*wire.Batch, error) {
	var s standing
	if err := s.look(ctx, c, who); err != nil {
		return nil, err
	}
	parts, err := s.partsOf(ctx, c.pool, epoch)
	if err != nil {
		return nil, err
	}
	hash, ok, err := s.hashIn(ctx, c.pool, parts, after)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, wire.NewProblem(wire.ProblemNotFound, "Head office has no such place in this store's past.")
	}
	branch, err := s.branchOf(ctx, c.pool, epoch)
	if err != nil {
		return nil, err
	}
	e := c.encoders.take()
	defer c.encoders.pool.Put(e)
	e.Start(epoch, branch, store.Head{Seq: after, Hash: hash})
	limits := c.cfg.Limits
	limits.Entries = min(limits.Entries, limit)
	for _, p := range parts {
		if err := s.send(ctx, c.pool, p, max(after, p.after), e, limits); err != nil {
			return nil, err
		}
		if e.Full(limits) {
			break
		}
	}
	batch, err := e.Finish()
	if err != nil {
		return nil, err
	}
	given := *batch
	given.Body = bytes.Clone(batch.Body)
	return &given, nil
}

// branchOf gives where the stream of an epoch left the one before.
func (s *standing) branchOf(ctx context.Context, q querier, epoch int64) (branch store.Position, err error) {
	if epoch == s.epoch {
		return s.branch, nil
	}
	rows, err := q.Query(ctx, "SELECT branch_epoch, branch_seq FROM stream WHERE store = $1 AND epoch = $2", uid(s.id), epoch)
	if err != nil {
		return branch, err
	}
	_, err = pgx.ForEachRow(rows, []any{&branch.Epoch, &branch.Seq}, func() error { return nil })
	return branch, err
}

// send adds the entries of a part to the batch until it is full.
func (s *standing) send(ctx context.Context, q querier, p part, after int64, e *wire.Encoder, limits wire.Limits) error {
	query := selectTail
	if p.closed != 0 {
		query = selectAbandoned
	}
	rows, err := q.Query(ctx, query, uid(s.id), after, p.upTo, p.closed, limits.Entries-e.Entries())
	if err != nil {
		return err
	}
	defer rows.Close()
	for !e.Full(limits) && rows.Next() {
		stored, key, err := scanBeside(rows)
		if err != nil {
			return err
		}
		e.Add(stored, key)
	}
	return rows.Err()
}

// scanBeside reads besideColumns.
func scanBeside(row pgx.Row) (*store.Stored, *store.Key, error) {
	var s store.Stored
	var hash, salt, notes, key, outcome []byte
	var count, at *int64
	if err := row.Scan(&s.Seq, &hash, &s.Bytes, &salt, &notes, &key, &count, &at, &outcome); err != nil {
		return nil, nil, err
	}
	copy(s.Hash[:], hash)
	if salt != nil {
		s.Notes = &store.Text{Body: string(notes)}
		copy(s.Notes.Salt[:], salt)
	}
	if key == nil {
		return &s, nil, nil
	}
	k := &store.Key{Seq: s.Seq, Count: *count, At: store.Instant(*at), Outcome: outcome}
	copy(k.Hash[:], key)
	copy(k.Print[:], key[len(k.Hash):])
	return &s, k, nil
}
