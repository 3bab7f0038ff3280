package central

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// channel is where copies of central tell each other about new commands; the
// payload is the store's id.
const channel = "shelfd_command"

const (
	// insertCommand numbers under the lock of the mailbox, so that no reader
	// sees a number before a lower one.
	insertCommand = `WITH box AS (INSERT INTO mailbox (store, newest) VALUES ($1, 1)
    ON CONFLICT (store) DO UPDATE SET newest = mailbox.newest + 1 RETURNING newest)
  INSERT INTO command (store, n, kind, body, created_at) SELECT $1, newest, $2, $3, $4 FROM box RETURNING n`
	// insertDispatch does nothing for a store that is not known, nor twice.
	insertDispatch = `WITH box AS (INSERT INTO mailbox (store, newest) SELECT $1, 1
    WHERE NOT EXISTS (SELECT FROM command WHERE store = $1 AND once = $5)
    ON CONFLICT (store) DO UPDATE SET newest = mailbox.newest + 1 RETURNING newest)
  INSERT INTO command (store, n, kind, body, created_at, once) SELECT $1, newest, $2, $3, $4, $5 FROM box`
	tellCommand = "SELECT pg_notify('" + channel + "', $1)"
)

func queueCommand(w *pgx.Batch, to store.ID, kind string, body []byte, now store.Instant) *pgx.QueuedQuery {
	q := w.Queue(insertCommand, uid(to), clean(kind), body, int64(now))
	w.Queue(tellCommand, to.String())
	return q
}

// SendCommand puts a command into the mailboxes of stores, of all that are not
// revoked when none is named. not_found when one of them does not exist.
func (c *Central) SendCommand(ctx context.Context, stores []store.ID, kind string, body json.RawMessage) error {
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		_, err := c.sendCommand(ctx, tx, stores, kind, body)
		return err
	})
}

func (c *Central) sendCommand(ctx context.Context, tx pgx.Tx, stores []store.ID, kind string, body json.RawMessage) ([]store.SentCommand, error) {
	if kind == "" || !json.Valid(body) {
		return nil, &store.Error{Code: store.CodeInvalid, Message: "A command needs a kind and a JSON body."}
	}
	to, err := addressees(ctx, tx, stores)
	if err != nil {
		return nil, err
	}
	var q pgx.Batch
	sent := make([]store.SentCommand, len(to))
	for n, id := range to {
		sent[n].Store = id
		queueCommand(&q, id, kind, body, c.now()).QueryRow(func(row pgx.Row) error { return row.Scan(&sent[n].N) })
	}
	return sent, tx.SendBatch(ctx, &q).Close()
}

// addressees gives the stores in the order in which mailboxes are locked.
func addressees(ctx context.Context, tx pgx.Tx, stores []store.ID) ([]store.ID, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM store WHERE id = ANY($1) OR $2 AND revoked_at IS NULL ORDER BY id`,
		uids(stores), len(stores) == 0)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.ID, error) {
		var id pgtype.UUID
		err := row.Scan(&id)
		return id.Bytes, err
	})
	for _, id := range stores {
		if err == nil && !slices.Contains(found, id) {
			err = &store.Error{Code: store.CodeNotFound, Message: "There is no store " + id.String() + "."}
		}
	}
	return found, err
}

// commands gives the commands after a number, and waits for one that long.
// Code: rate_limited.
func (c *Central) commands(ctx context.Context, who caller, after int64, limit int, wait time.Duration) (*wire.Commands, error) {
	if wait <= 0 {
		return c.mailOf(ctx, who, after, limit)
	}
	// Before the look, so that nothing falls between.
	came, leave, err := c.mail.watch(who.id)
	if err != nil {
		return nil, err
	}
	defer leave()
	late := c.clock.After(wait)
	for {
		answer, err := c.mailOf(ctx, who, after, limit)
		if err != nil || len(answer.Commands) > 0 || !c.mail.open() {
			return answer, err
		}
		select {
		case <-came:
		case <-late:
			return c.mailOf(ctx, who, after, limit)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// mailOf looks once.
func (c *Central) mailOf(ctx context.Context, who caller, after int64, limit int) (*wire.Commands, error) {
	var s standing
	if err := s.look(ctx, c, who); err != nil {
		return nil, err
	}
	answer := &wire.Commands{Commands: []wire.Command{}, Newest: s.commands}
	if s.commands <= after {
		return answer, nil
	}
	rows, err := c.pool.Query(ctx, `SELECT n, kind, body, created_at FROM command
  WHERE store = $1 AND n > $2 ORDER BY n LIMIT $3`, uid(who.id), after, limit)
	if err != nil {
		return nil, err
	}
	answer.Commands, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m wire.Command, err error) {
		err = row.Scan(&m.N, &m.Kind, (*[]byte)(&m.Body), (*int64)(&m.CreatedAt))
		return m, err
	})
	return answer, err
}
