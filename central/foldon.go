package central

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

// foldOn tries again to fold what an older program could not.
func (c *Central) foldOn(ctx context.Context) {
	// An error is also in the rows.
	rows, _ := c.pool.Query(ctx, "SELECT id FROM store WHERE folded_seq < acked_seq")
	ids, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.ID, error) {
		var id pgtype.UUID
		err := row.Scan(&id)
		return id.Bytes, err
	})
	if err != nil && ctx.Err() == nil {
		c.log.Error("the stores that are not folded could not be listed", "error", err)
	}
	for _, id := range ids {
		err := c.foldOnce(ctx, id)
		for gone(err) && ctx.Err() == nil {
			// Another copy may be at it, or the database is away.
			select {
			case <-ctx.Done():
			case <-c.clock.After(lookAgain):
				err = c.foldOnce(ctx, id)
			}
		}
		if err != nil && ctx.Err() == nil {
			c.log.Error("a store could not be folded on", "store", id.String(), "error", err)
		}
	}
}

// foldOnce folds one store on. No entry of it ends the program.
func (c *Central) foldOnce(ctx context.Context, id store.ID) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	return c.work(ctx, caller{id: id}, func(ctx context.Context, s *session) error { return s.catchUp(ctx) })
}
