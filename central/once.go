package central

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// keepKeys is how long the key of a request is remembered.
const keepKeys = 30 * 24 * time.Hour

// errDry undoes what a dry run did.
var errDry = errors.New("dry run")

// once does what a request asks for in one transaction, with the request's
// Idempotency-Key: what was done before is not done again, but its outcome is
// given. An outcome holds no secret. A dry run is undone. Codes:
// idempotency_mismatch, and those of do.
func once[T any](ctx context.Context, c *Central, r store.Request, do func(tx pgx.Tx) (T, error)) (outcome T, replayed bool, err error) {
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if r.Key != nil {
			if replayed, err = recall(ctx, tx, r.Key, c.now(), &outcome); err != nil || replayed {
				return err
			}
		}
		if outcome, err = do(tx); err != nil {
			return err
		}
		if r.DryRun {
			return errDry
		}
		if r.Key == nil {
			return nil
		}
		kept, err := json.Marshal(outcome)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE idempotency SET outcome = $2 WHERE hash = $1", r.Key.Hash[:], kept)
		return err
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if unreachable(err) {
		err = &store.Error{
			Code: store.CodeOutcomeUnknown, Err: err,
			Message: "Head office's database went away; it is not known whether this was done. Send it again with the same Idempotency-Key.",
		}
	}
	return outcome, replayed, told(err)
}

// recall takes a key for this request, or gives the outcome of the one that
// had it before. Who comes with the same key meanwhile waits here.
func recall(ctx context.Context, tx pgx.Tx, k *store.IdempotencyKey, now store.Instant, outcome any) (replayed bool, err error) {
	if _, err := tx.Exec(ctx, "DELETE FROM idempotency WHERE at < $1", int64(now.Add(-keepKeys))); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, "INSERT INTO idempotency (hash, print, at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
		k.Hash[:], k.Print[:], int64(now))
	if err != nil || tag.RowsAffected() == 1 {
		return false, err
	}
	var printed, kept []byte
	if err := tx.QueryRow(ctx, "SELECT print, outcome FROM idempotency WHERE hash = $1", k.Hash[:]).Scan(&printed, &kept); err != nil {
		return false, err
	}
	if !bytes.Equal(printed, k.Print[:]) {
		return false, &store.Error{
			Code: store.CodeIdempotencyMismatch, Message: "This Idempotency-Key was used for another request.",
		}
	}
	return true, json.Unmarshal(kept, outcome)
}

// told names a failure of the database by a code, for those who asked. Codes:
// unavailable, storage_full.
func told(err error) error {
	if store.CodeOf(err) != "" || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	switch {
	case sqlState(err) == stateDiskFull:
		return &store.Error{Code: store.CodeStorageFull, Message: "The disk of head office's database is full.", Err: err}
	case unreachable(err), again(err):
		return &store.Error{Code: store.CodeUnavailable, Message: "Head office's database cannot do this now. Try again soon.", Err: err}
	}
	return err
}
