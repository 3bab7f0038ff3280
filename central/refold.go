package central

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// page is how many stored entries are folded at a time.
const page = 2000

// Refold folds the stock of a store anew from everything that it ever pushed.
// not_found when there is no such store.
func (c *Central) Refold(ctx context.Context, id store.ID) error {
	return c.work(ctx, caller{id: id}, func(ctx context.Context, s *session) error { return s.refold(ctx) })
}

// work does something to a store in a transaction of its own. ctx bounds the
// wait for the store's turn; what has begun goes on to its end.
func (c *Central) work(ctx context.Context, who caller, fn func(context.Context, *session) error) error {
	leave, err := c.turn(ctx, who)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := c.during(refoldTime)
	defer cancel()
	s, err := c.open(ctx, who)
	if err != nil {
		return err
	}
	defer s.end()
	if err := fn(ctx, s); err != nil {
		return err
	}
	return s.commit(ctx)
}

// refold folds the current line anew up to what is acknowledged.
func (s *session) refold(ctx context.Context) error {
	var q pgx.Batch
	for _, table := range []string{"stock", "document", "document_version"} {
		q.Queue("DELETE FROM "+table+" WHERE store = $1", uid(s.id))
	}
	if err := s.conn.SendBatch(ctx, &q).Close(); err != nil {
		return err
	}
	s.folds++
	s.folded, s.items, s.recordedAt = 0, 0, 0
	s.replica = &replica{Replica: store.NewReplica(store.Head{Epoch: 1}, 0, 0), id: s.id, folds: s.folds}
	s.again = true
	defer func() { s.again = false }()
	return s.catchUp(ctx)
}

// catchUp folds what is stored and not folded, as far as it can.
func (s *session) catchUp(ctx context.Context) error {
	for !s.whole() {
		from := s.folded
		lines, blank, err := s.stored(ctx, from, min(from+page, s.acked.Seq))
		if err != nil {
			return err
		}
		f, err := s.fold(ctx, lines)
		if err != nil {
			return err
		}
		f.write(s)
		if blank {
			f.fill(s, lines)
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
		if s.folded < lines[len(lines)-1].Seq {
			return nil
		}
	}
	return nil
}

// flush sends what was queued before the commit.
func (s *session) flush(ctx context.Context) error {
	err := s.conn.SendBatch(ctx, &s.writes).Close()
	s.writes = pgx.Batch{}
	return err
}

// stored reads entries of the current line with after < seq ≤ upTo; blank
// tells that some of them were never folded.
func (s *session) stored(ctx context.Context, after, upTo int64) (lines []wire.Line, blank bool, err error) {
	rows, err := s.conn.Query(ctx, `SELECT seq, hash, body, kind = 0 FROM entry
  WHERE store = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`, uid(s.id), after, upTo)
	if err != nil {
		return nil, false, err
	}
	lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l wire.Line, err error) {
		var hash []byte
		var unfolded bool
		err = row.Scan(&l.Seq, &hash, &l.Bytes, &unfolded)
		copy(l.Hash[:], hash)
		blank = blank || unfolded
		return l, err
	})
	return lines, blank, err
}

const (
	fillEntries = `UPDATE entry e SET kind = u.kind, item = nullif(u.item, 0), prev_seq = nullif(u.prev, 0),
    change = CASE WHEN u.kind IN (1, 2) THEN u.change END, after = CASE WHEN u.item > 0 THEN u.after END,
    reserved_after = CASE WHEN u.item > 0 THEN u.reserved END, recorded_at = u.recorded,
    occurred_at = nullif(u.occurred, u.recorded), late = nullif(u.late, 0)
  FROM unnest($2::bigint[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::smallint[]) u (seq, kind, item, prev, change, after, reserved, recorded, occurred, late)
  WHERE e.store = $1 AND e.seq = u.seq AND e.kind = 0`
	resolveVerdicts = `UPDATE verdict SET resolved_at = $3
  WHERE store = $1 AND seq > $4 AND seq <= $2 AND code IN ('unparsed', 'inconsistent') AND resolved_at IS NULL`
)

// fill gives stored entries the columns that they lacked.
func (f *folding) fill(s *session, lines []wire.Line) {
	n := len(f.rows)
	if n == 0 {
		return
	}
	seq, kind, item, late := make([]int64, n), make([]int16, n), make([]int32, n), make([]int16, n)
	prev, change, after, reserved := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	recorded, occurred := make([]int64, n), make([]int64, n)
	for n, c := range f.rows {
		seq[n], kind[n], item[n], late[n] = lines[n].Seq, int16(c.kind), int32(c.item), c.late
		prev[n], change[n], after[n], reserved[n] = c.prev, c.change, c.after, c.reservedAfter
		recorded[n], occurred[n] = int64(c.recordedAt), int64(c.occurredAt)
	}
	s.writes.Queue(fillEntries, uid(s.id), seq, kind, item, prev, change, after, reserved, recorded, occurred, late)
	s.writes.Queue(resolveVerdicts, uid(s.id), seq[n-1], int64(s.now), f.newest)
}
