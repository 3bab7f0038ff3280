package sqlite

import (
	"context"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// Most entries have none of the columns that only some have; to leave those out
// is a third off the price of an insert.
const (
	insertPlain = `INSERT INTO entry (seq, kind, item, change, after, reserved_after,
	recorded_at, prev_seq, hash, body, salt, notes)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?)`

	insertEntry = `INSERT INTO entry (seq, kind, item, change, after, reserved_after,
	recorded_at, prev_seq, hash, body, salt, notes,
	occurred_at, late, source, external_id, line, reverses, transfer, reservation)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// Append makes one batch durable, all or nothing. Codes: storage_full when
// nothing was written; outcome_unknown when it cannot be told, after which
// every Append says so. An error without a code means that the batch was wrong
// and nothing was written.
func (d *DB) Append(ctx context.Context, b *store.Batch) error {
	if err := d.writable(ctx, "append"); err != nil {
		return err
	}
	err := d.writer.first("append", func(c *conn) error { return d.putBatch(c, b) })
	if err == nil {
		d.witness.put(b.Rows)
	}
	return err
}

func (d *DB) putBatch(c *conn, b *store.Batch) error {
	last, err := d.writer.last, error(nil)
	for i := range b.Rows {
		r := &b.Rows[i]
		if last++; r.Entry.Seq != last {
			return fmt.Errorf("entry %d where %d belongs", r.Entry.Seq, last)
		}
		if err := putRow(c, r); err != nil {
			return err
		}
	}
	if err = putKeys(c, b.Keys); err != nil {
		return err
	}
	if err = putTokens(c, b.Tokens); err != nil {
		return err
	}
	if err = eraseNotes(c, b.Erased); err != nil {
		return err
	}
	d.writer.next = last
	return nil
}

// putRow writes one entry and what goes beside it.
func putRow(c *conn, r *store.Row) error {
	if err := putEntry(c, r); err != nil {
		return err
	}
	if doc := r.Entry.Document; doc != nil {
		return c.run("INSERT INTO document_version (id, seq, type) VALUES (?, ?, ?)",
			doc.ID[:], r.Entry.Seq, string(doc.Type))
	}
	return nil
}

func putEntry(c *conn, r *store.Row) error {
	e, query := r.Entry, insertPlain
	whole := !plain(e)
	if whole {
		query = insertEntry
	}
	s, err := c.stmt(query)
	if err != nil {
		return err
	}
	s.int(e.Seq).int(int64(e.Kind))
	s.changes(r)
	s.int(int64(e.RecordedAt)).positive(r.Prev).blob(r.Hash[:]).blob(r.Bytes)
	if n := e.Notes; n != nil {
		s.blob(n.Salt[:]).value(n.Body)
	} else {
		s.null().null()
	}
	if whole {
		s.rest(e)
	}
	return s.run()
}

// plain tells whether an entry has none of the columns that only some have.
func plain(e *store.Entry) bool {
	m := e.Movement
	return m != nil && e.OccurredAt == e.RecordedAt && e.ExternalID == "" &&
		m.Reverses.IsZero() && m.Transfer.IsZero() && m.Reservation.IsZero()
}

// rest binds the columns that only some entries have.
func (s *stmt) rest(e *store.Entry) {
	s.positive(int64(occurredApart(e))).positive(lateness(e))
	if e.ExternalID == "" {
		s.null().null().null()
	} else {
		s.value(e.Source).value(e.ExternalID).int(e.Line)
	}
	s.links(e)
}

// changes binds the item and its balances, NULL for an entry without. An
// item's document changes no balance and still is one of the item's entries.
func (s *stmt) changes(r *store.Row) {
	if r.Item == 0 {
		s.null().null().null().null()
		return
	}
	s.int(r.Item)
	switch e := r.Entry; e.Kind {
	case store.KindMovement:
		s.int(int64(e.Movement.Change))
	case store.KindHold:
		s.int(int64(e.Hold.ReservedChange))
	default:
		s.null()
	}
	s.int(int64(r.After)).int(int64(r.ReservedAfter))
}

// links binds what an entry belongs to: reverses, transfer and reservation.
func (s *stmt) links(e *store.Entry) {
	switch e.Kind {
	case store.KindMovement:
		m := e.Movement
		s.positive(m.Reverses.Seq).id(m.Transfer).id(m.Reservation)
	case store.KindHold:
		s.null().null().id(e.Hold.Reservation)
	default:
		s.null().null().null()
	}
}

// occurredApart is when it happened if that is not when it was recorded.
func occurredApart(e *store.Entry) store.Instant {
	if e.OccurredAt == e.RecordedAt {
		return 0
	}
	return e.OccurredAt
}

// lateness is for movements and holds alone: only they change balances.
func lateness(e *store.Entry) int64 {
	if e.Movement == nil && e.Hold == nil {
		return 0
	}
	return int64(e.Lateness())
}

// eraseNotes forgets texts. That they were erased is itself an entry.
func eraseNotes(c *conn, seqs []int64) error {
	for _, seq := range seqs {
		if err := c.run("UPDATE entry SET salt = NULL, notes = NULL WHERE seq = ?", seq); err != nil {
			return err
		}
	}
	return nil
}
