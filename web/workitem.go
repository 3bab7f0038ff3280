package web

import (
	"encoding/csv"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// maxWorkRows bounds a list of work items as CSV.
const maxWorkRows = 100_000

// listWorkItems answers what destinations cannot do by themselves, newest
// first; as CSV all of it, for a person to tick off.
func (s *Server) listWorkItems(x *exchange) error {
	q := &x.query
	f := store.WorkFilter{Destination: q.text("destination"), Open: q.oneOf("status", "open", "all") != "all", Before: q.before()}
	limit := int(q.int("limit", 1, maxLimit, defaultLimit))
	if err := q.done(); err != nil {
		return err
	}
	table := x.wants("text/csv")
	if table {
		limit = maxWorkRows
	}
	list, more, err := s.workItems(x, f, limit)
	if err != nil {
		return err
	}
	if table {
		return s.sendWorkCSV(x, list)
	}
	w := newWriter().open().key("data").list()
	for i := range list {
		w.workItem(&list[i], s.itemOf(&list[i]))
	}
	w.end().key("next_cursor")
	if more {
		w.id(list[len(list)-1].ID)
	} else {
		w.null()
	}
	return x.send(http.StatusOK, w.close())
}

// workItems reads a page of work items that the one who asks may see.
func (s *Server) workItems(x *exchange, f store.WorkFilter, limit int) (list []store.WorkItem, more bool, err error) {
	for f.Limit = limit + 1; ; {
		page, err := s.sync.WorkItems(x.Request.Context(), f)
		if err != nil {
			return nil, false, err
		}
		for i := range page {
			if s.mayDo(x, &page[i]) != nil {
				continue
			}
			if len(list) == limit {
				return list, true, nil
			}
			list = append(list, page[i])
		}
		if len(page) < f.Limit {
			return list, false, nil
		}
		f.Before = page[len(page)-1].ID
	}
}

// itemOf gives the row that a work item is about, nil for none.
func (s *Server) itemOf(v *store.WorkItem) *store.Item {
	item, ok := s.ledger.Item(v.ItemID)
	if !ok {
		return nil
	}
	return item
}

// mayDo refuses work items about rows of a location other than the token's.
func (s *Server) mayDo(x *exchange, v *store.WorkItem) error {
	if item := s.itemOf(v); item != nil {
		return x.mayTouch(item.Location.ID)
	}
	return nil
}

// sendWorkCSV answers work items as CSV, with what a person needs to find the
// goods.
func (s *Server) sendWorkCSV(x *exchange, list []store.WorkItem) error {
	x.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	x.Writer.WriteHeader(http.StatusOK)
	out := csv.NewWriter(x.Writer)
	out.UseCRLF = true
	rows := [][]string{{
		"id", "destination", "code", "detail", "inventory_id", "product_name", "sku", "location_name", "room_type",
		"created_at", "done_at", "done_by",
	}}
	for i := range list {
		v := &list[i]
		name, sku, location, room, id := "", "", "", "", ""
		if item := s.itemOf(v); item != nil {
			name, sku, location, room = item.Product.Name, item.Product.SKU, item.Location.Name, item.Room.String()
			id = item.ID.String()
		}
		rows = append(rows, []string{
			v.ID.String(), plainCell(v.Destination), plainCell(v.Code), plainCell(v.Detail), id, plainCell(name), plainCell(sku),
			plainCell(location), room, v.CreatedAt.String(), v.DoneAt.String(), plainCell(v.DoneBy),
		})
	}
	return out.WriteAll(rows)
}

// plainCell keeps a spreadsheet from taking a text for a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// finishWorkItem marks a work item as done.
func (s *Server) finishWorkItem(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	id, err := x.pathID("work item")
	if err != nil {
		return err
	}
	v, err := s.sync.FindWorkItem(x.Request.Context(), id)
	if err == nil {
		err = s.mayDo(x, &v)
	}
	if err == nil && !x.dryRun {
		v, err = s.sync.Done(x.Request.Context(), id, x.who.actor)
	}
	if err != nil {
		return err
	}
	if x.dryRun && v.DoneAt == 0 {
		v.DoneAt, _ = s.ledger.Now()
		v.DoneBy = x.who.actor
	}
	return x.send(http.StatusOK, newWriter().workItem(&v, s.itemOf(&v)))
}

// workItem writes a work item.
func (w *writer) workItem(v *store.WorkItem, item *store.Item) *writer {
	w.open().key("id").id(v.ID).key("destination").text(v.Destination).key("code").text(v.Code).key("detail").text(v.Detail)
	w.key("inventory_id").id(v.ItemID).key("product_name")
	if item == nil {
		w.null().key("sku").null().key("location_id").null()
	} else {
		w.text(item.Product.Name).key("sku").text(item.Product.SKU).key("location_id").id(item.Location.ID)
	}
	return w.key("created_at").time(v.CreatedAt).key("done_at").time(v.DoneAt).key("done_by").orNull(v.DoneBy).close()
}
