package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"

	"github.com/shelfd/shelfd/store"
)

const (
	caseColumns = `id, destination, class, product, lot, room, location, our_product, our_lot, sku, name, tag,
	shelf, theirs, detail, opened_at, checked_at, closed_at`
	selectCases = "SELECT " + caseColumns + " FROM reconciliation_case "
	putCase     = "INSERT OR REPLACE INTO reconciliation_case (" + caseColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

// ListCases reads differences, newest first.
func (d *DB) ListCases(ctx context.Context, f store.CaseFilter) (list []store.Case, err error) {
	where, args := whereCase(f)
	args = append(args, int64(cmp.Or(f.Limit, -1)))
	err = d.read(ctx, "list cases", func(c *conn) error {
		return c.each(func(r row) error {
			found, err := readCase(r)
			list = append(list, found)
			return err
		}, selectCases+where+" ORDER BY id DESC LIMIT ?", args...)
	})
	return list, err
}

func whereCase(f store.CaseFilter) (where string, args []driver.Value) {
	where = "WHERE true"
	if f.Destination != "" {
		where, args = where+" AND destination = ?", append(args, f.Destination)
	}
	if !f.Location.IsZero() {
		where, args = where+" AND location = ?", append(args, f.Location[:])
	}
	if f.Class != "" {
		where, args = where+" AND class = ?", append(args, string(f.Class))
	}
	if f.Open {
		where += " AND closed_at IS NULL"
	}
	if !f.Before.IsZero() {
		where, args = where+" AND id < ?", append(args, f.Before[:])
	}
	return where, args
}

func readCase(r row) (store.Case, error) {
	c := store.Case{
		Destination: r.text(1), Class: store.CaseClass(r.text(2)), Place: r.place(3),
		SKU: r.text(9), Name: r.text(10), Tag: r.text(11), Shelf: r.quantity(12), Theirs: r.quantity(13), Detail: r.text(14),
		OpenedAt: store.Instant(r.int(15)), CheckedAt: store.Instant(r.int(16)), ClosedAt: store.Instant(r.int(17)),
	}
	return c, errors.Join(r.fill(0, c.ID[:]), r.fill(6, c.LocationID[:]), r.fill(7, c.ProductID[:]), r.fill(8, c.LotID[:]))
}

// quantity gives nil for NULL.
func (r row) quantity(i int) *store.Quantity {
	n, ok := r[i].(int64)
	if !ok {
		return nil
	}
	return new(store.Quantity(n))
}

// PutCases writes differences over what was known of them, all or none.
func (d *DB) PutCases(ctx context.Context, list []store.Case) error {
	return d.write(ctx, "put cases", func(c *conn) error {
		for i := range list {
			if err := writeCase(c, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeCase(c *conn, k *store.Case) error {
	s, err := c.stmt(putCase)
	if err != nil {
		return err
	}
	s.blob(k.ID[:]).value(k.Destination).value(string(k.Class)).place(k.Place)
	s.id(k.LocationID).id(k.ProductID).id(k.LotID).value(k.SKU).value(k.Name).value(k.Tag)
	s.quantity(k.Shelf).quantity(k.Theirs).value(k.Detail)
	return s.int(int64(k.OpenedAt)).int(int64(k.CheckedAt)).positive(int64(k.ClosedAt)).run()
}

// quantity binds NULL for nil.
func (s *stmt) quantity(q *store.Quantity) *stmt {
	if q == nil {
		return s.null()
	}
	return s.int(int64(*q))
}
