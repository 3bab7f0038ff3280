package sqlite

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"modernc.org/sqlite"

	"github.com/shelfd/shelfd/store"
)

// checkpointPages is how many pages the write-ahead log takes before they are
// moved into the database: 16 MB.
const checkpointPages = 4000

// writer is the one connection that writes.
type writer struct {
	// turn serialises transactions; conn, last and the rest are used in it.
	turn turn
	conn *conn
	// last is the seq of the newest entry, next what it will be when the
	// transaction under way succeeds.
	last, next int64
	// pages is how many were written since the last complete checkpoint.
	pages int
	// cause is why nothing may be written any more.
	cause error
	// mark writes down that the ledger is open, as part of the first
	// transaction that succeeds; nil after that.
	mark func(*conn) error

	begin, commit, rollback *stmt
}

// start brings the database up to date after a crash and prepares the
// statements.
func (w *writer) start() (err error) {
	if err := w.truncate(); err != nil {
		return err
	}
	h, err := newest(w.conn)
	if err != nil {
		return err
	}
	w.last, w.next = h.Seq, h.Seq
	var errs [3]error
	w.begin, errs[0] = w.conn.stmt("BEGIN IMMEDIATE")
	w.commit, errs[1] = w.conn.stmt("COMMIT")
	w.rollback, errs[2] = w.conn.stmt("ROLLBACK")
	return errors.Join(errs[:]...)
}

// broken gives why nothing may be written any more, nil when all is well.
func (w *writer) broken() error {
	w.turn.take(false)
	defer w.turn.give()
	return w.cause
}

// tx makes what fn does durable, all or nothing. Codes: storage_full when
// nothing was written; outcome_unknown when that cannot be told, and then for
// ever. Any other error means that nothing was written.
func (w *writer) tx(op string, fn func(*conn) error) error {
	w.turn.take(false)
	defer w.turn.give()
	return w.durable(op, fn)
}

// first is tx before all others that wait.
func (w *writer) first(op string, fn func(*conn) error) error {
	w.turn.take(true)
	defer w.turn.give()
	return w.durable(op, fn)
}

// durable is a transaction by who has the turn.
func (w *writer) durable(op string, fn func(*conn) error) error {
	if w.cause != nil {
		return unknown(op, w.cause)
	}
	if err := w.checkpoint(); err != nil {
		return w.fail(op, err)
	}
	if err := w.begin.run(); err != nil {
		return w.fail(op, err)
	}
	if err := w.inside(fn); err != nil {
		return w.fail(op, err)
	}
	if err := w.commit.run(); err != nil {
		if faultOf(err) != faultFull {
			w.cause = err
		}
		return w.fail(op, err)
	}
	w.last, w.mark = w.next, nil
	return nil
}

func (w *writer) inside(fn func(*conn) error) error {
	if w.mark != nil {
		if err := w.mark(w.conn); err != nil {
			return err
		}
	}
	return fn(w.conn)
}

// fail undoes the transaction and says what became of it.
func (w *writer) fail(op string, err error) error {
	w.next = w.last
	if undo := w.undo(); undo != nil {
		w.cause = errors.Join(err, undo)
	} else if faultOf(err) == faultDisk {
		w.cause = err
	}
	switch {
	case w.cause != nil:
		return unknown(op, w.cause)
	case faultOf(err) == faultFull:
		return full(op, err)
	}
	return failed(op, err)
}

// undo rolls back and makes sure of it. SQLite ends a transaction itself after
// some errors, and then refuses ROLLBACK: that a new one can begin proves it.
func (w *writer) undo() error {
	if w.rollback.run() == nil {
		return nil
	}
	if err := w.begin.run(); err != nil {
		return err
	}
	return w.rollback.run()
}

// checkpoint moves the log into the database when it has grown. It runs here,
// between transactions, because one beside a busy writer never catches up, and
// SQLite's own fails silently. A full disk is left for the commit to find.
func (w *writer) checkpoint() error {
	written, _, err := w.conn.raw.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, true)
	if w.pages += written; err != nil || w.pages < checkpointPages {
		return err
	}
	r, err := w.conn.first("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil && faultOf(err) == faultDisk {
		return err
	}
	w.pages = 0
	if err != nil || r.int(1) != r.int(2) {
		// A reader is in the way, or the disk is full: soon again.
		w.pages = checkpointPages * 3 / 4
	}
	return nil
}

// truncate moves the whole log into the database and empties it. A reader in
// another process may keep that from happening, and so may a full disk: then
// the log stays and holds what it held, which is no error.
func (w *writer) truncate() error {
	_, err := w.conn.first("PRAGMA wal_checkpoint(TRUNCATE)")
	if faultOf(err) == faultFull {
		return nil
	}
	return err
}

// close says that all went well only when it did.
func (w *writer) close() error {
	err := w.truncate()
	if err == nil {
		err = w.tx("close", func(c *conn) error { return putMeta(c, "clean", "1") })
	}
	w.turn.take(false)
	defer w.turn.give()
	if w.cause != nil {
		return err
	}
	w.cause = errClosed
	return errors.Join(err, w.conn.close())
}

// write runs fn in a write transaction, which no context can end half-way.
func (d *DB) write(ctx context.Context, op string, fn func(*conn) error) error {
	if err := d.writable(ctx, op); err != nil {
		return err
	}
	return d.writer.tx(op, fn)
}

func (d *DB) writable(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.writer == nil {
		return failed(op, errReadOnly)
	}
	return nil
}

// writeRows is how many rows one transaction of writeEach writes, so that a
// full run over a large shop keeps no sale waiting.
const writeRows = 1000

// writeEach runs fn for every row, so many in one transaction.
func writeEach[T any](ctx context.Context, d *DB, op string, once int, rows []T, fn func(*conn, *T) error) error {
	for page := range slices.Chunk(rows, once) {
		err := d.write(ctx, op, func(c *conn) error {
			for i := range page {
				if err := fn(c, &page[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var errReadOnly = &store.Error{Code: store.CodeReadOnly, Message: "The ledger was opened for reading only."}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
