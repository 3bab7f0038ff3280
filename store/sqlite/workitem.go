package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

const workColumns = "SELECT id, destination, item, code, detail, created_at, done_at, done_by FROM work_item "

// ListWorkItems reads work items, newest first.
func (d *DB) ListWorkItems(ctx context.Context, f store.WorkFilter) (list []store.WorkItem, err error) {
	where, args := "WHERE true", []any(nil)
	if f.Destination != "" {
		where, args = where+" AND destination = ?", append(args, f.Destination)
	}
	if f.Open {
		where += " AND done_at IS NULL"
	}
	if !f.Before.IsZero() {
		where, args = where+" AND id < ?", append(args, f.Before[:])
	}
	args = append(args, int64(cmp.Or(f.Limit, -1)))
	err = d.read(ctx, "list work items", func(c *conn) error {
		s, err := c.stmt(workColumns + where + " ORDER BY id DESC LIMIT ?")
		if err != nil {
			return err
		}
		for _, a := range args {
			s.value(a)
		}
		return s.each(func(r row) error {
			w, err := readWorkItem(r)
			list = append(list, w)
			return err
		})
	})
	return list, err
}

// FindWorkItem reads one work item; not_found when there is none.
func (d *DB) FindWorkItem(ctx context.Context, id store.ID) (w store.WorkItem, err error) {
	err = d.read(ctx, "find work item", func(c *conn) error {
		r, err := c.first(workColumns+"WHERE id = ?", id[:])
		if err != nil {
			return err
		}
		if r == nil {
			return &store.Error{Code: store.CodeNotFound, Op: "find work item", Message: fmt.Sprintf("There is no work item %s.", id)}
		}
		w, err = readWorkItem(r)
		return err
	})
	return w, err
}

func readWorkItem(r row) (store.WorkItem, error) {
	w := store.WorkItem{
		Destination: r.text(1), Code: r.text(3), Detail: r.text(4),
		CreatedAt: store.Instant(r.int(5)), DoneAt: store.Instant(r.int(6)), DoneBy: r.text(7),
	}
	return w, errors.Join(r.fill(0, w.ID[:]), r.fill(2, w.ItemID[:]))
}

// PutWorkItems writes work items over what was known of them, all or none.
func (d *DB) PutWorkItems(ctx context.Context, list []store.WorkItem) error {
	return d.write(ctx, "put work items", func(c *conn) error {
		for i := range list {
			w := &list[i]
			s, err := c.stmt(`INSERT OR REPLACE INTO work_item (id, destination, item, code, detail, created_at, done_at, done_by)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
			if err != nil {
				return err
			}
			s.blob(w.ID[:]).value(w.Destination).id(w.ItemID).value(w.Code).value(w.Detail)
			if err := s.int(int64(w.CreatedAt)).positive(int64(w.DoneAt)).value(w.DoneBy).run(); err != nil {
				return err
			}
		}
		return nil
	})
}
