package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	deliveryColumns = `SELECT id, webhook, news, epoch, seq, type, attempt, at, status, took, outcome, detail, next_at FROM delivery `
	putDelivery     = `INSERT OR REPLACE INTO delivery (id, webhook, news, epoch, seq, type, attempt, at, status, took, outcome, detail, next_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// ListDeliveries reads deliveries, newest first.
func (d *DB) ListDeliveries(ctx context.Context, f store.DeliveryFilter) (list []store.Delivery, err error) {
	where, args := deliveriesWhere(f)
	args = append(args, int64(cmp.Or(f.Limit, -1)))
	err = d.read(ctx, "list deliveries", func(c *conn) error {
		s, err := c.stmt(deliveryColumns + where + " ORDER BY id DESC LIMIT ?")
		if err != nil {
			return err
		}
		for _, a := range args {
			s.value(a)
		}
		err = s.each(func(r row) error {
			v, err := readDelivery(r)
			list = append(list, v)
			return err
		})
		if err != nil {
			return err
		}
		more, err := listPacked(c, f)
		list = append(list, more...)
		return err
	})
	return newestOf(list, f.Limit), err
}

func deliveriesWhere(f store.DeliveryFilter) (where string, args []any) {
	where = "WHERE true"
	add := func(term string, value any) { where, args = where+" AND "+term, append(args, value) }
	if !f.Webhook.IsZero() {
		add("webhook = ?", f.Webhook[:])
	}
	if f.NewsID != "" {
		add("news = ?", f.NewsID)
	}
	if f.Type != "" {
		add("type = ?", string(f.Type))
	}
	if f.Failed {
		add("outcome <> ?", store.DeliveryDone)
	}
	if !f.Before.IsZero() {
		add("id < ?", f.Before[:])
	}
	return where, args
}

// FindDelivery reads one delivery; not_found when there is none (any more).
func (d *DB) FindDelivery(ctx context.Context, id store.ID) (v store.Delivery, err error) {
	err = d.read(ctx, "find delivery", func(c *conn) error {
		r, err := c.first(deliveryColumns+"WHERE id = ?", id[:])
		if err != nil {
			return err
		}
		if r == nil {
			packed, err := findPacked(c, id)
			if packed != nil {
				v = *packed
			}
			if packed != nil || err != nil {
				return err
			}
			return &store.Error{Code: store.CodeNotFound, Op: "find delivery", Message: fmt.Sprintf("There is no delivery %s.", id)}
		}
		v, err = readDelivery(r)
		return err
	})
	return v, err
}

func readDelivery(r row) (store.Delivery, error) {
	v := store.Delivery{
		NewsID: r.text(2), Position: store.Position{Epoch: r.int(3), Seq: r.int(4)}, Type: store.NewsType(r.text(5)),
		Attempt: r.int(6), At: store.Instant(r.int(7)), Status: int(r.int(8)), Took: time.Duration(r.int(9)) * time.Microsecond,
		Outcome: r.text(10), Detail: r.text(11), NextAt: store.Instant(r.int(12)),
	}
	return v, errors.Join(r.fill(0, v.ID[:]), r.fill(1, v.Webhook[:]))
}

// PutDeliveries writes deliveries down, and how delivery to their endpoints
// goes. After an error some may be written and some not.
func (d *DB) PutDeliveries(ctx context.Context, list []store.Delivery, progress map[store.ID]store.WebhookProgress) error {
	packs, rest := packed(list)
	if err := putPacks(ctx, d, packs); err != nil {
		return err
	}
	err := writeEach(ctx, d, "put deliveries", rowsOnce, rest, func(c *conn, v *store.Delivery) error {
		s, err := c.stmt(putDelivery)
		if err != nil {
			return err
		}
		s.blob(v.ID[:]).blob(v.Webhook[:]).value(v.NewsID).int(v.Position.Epoch).int(v.Position.Seq).value(string(v.Type))
		s.int(v.Attempt).int(int64(v.At)).int(int64(v.Status)).int(v.Took.Microseconds())
		return s.value(v.Outcome).value(v.Detail).positive(int64(v.NextAt)).run()
	})
	if err != nil {
		return err
	}
	hooks := slices.SortedFunc(maps.Keys(progress), func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	return writeEach(ctx, d, "put webhook progress", rowsOnce, hooks, func(c *conn, id *store.ID) error {
		return putProgress(c, *id, progress[*id])
	})
}

// PruneDeliveries takes away the oldest deliveries to an endpoint beyond the
// newest that are to be kept, of those that failed and of those that did not,
// and those from before a moment. A few more may stay of what went well.
func (d *DB) PruneDeliveries(ctx context.Context, webhook store.ID, keep int, before store.Instant) error {
	var bound store.ID
	for i := range 6 { // UUID version 7 begins with the milliseconds.
		bound[i] = byte(before >> (40 - 8*i))
	}
	err := pruneSome(ctx, d, rowsOnce, `DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE webhook = ?1 AND id <
		max(?2, coalesce((SELECT id FROM delivery WHERE webhook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3), ?2))
		ORDER BY id LIMIT ?4)`, webhook[:], bound[:], int64(keep-1), int64(rowsOnce))
	if err != nil {
		return err
	}
	return prunePacked(ctx, d, webhook, keep, bound)
}

// pruneSome runs a statement that takes away up to some rows until there are
// fewer.
func pruneSome(ctx context.Context, d *DB, some int64, query string, args ...driver.Value) error {
	for {
		var gone int64
		err := d.write(ctx, "prune deliveries", func(c *conn) (err error) {
			if err = c.run(query, args...); err == nil {
				gone, err = c.integer("SELECT changes()")
			}
			return err
		})
		if err != nil || gone < some {
			return err
		}
	}
}
