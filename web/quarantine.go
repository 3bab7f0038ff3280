package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// listQuarantine answers the entries that destinations refused every time.
func (s *Server) listQuarantine(x *exchange) error {
	destination := x.query.text("destination")
	if err := x.query.done(); err != nil {
		return err
	}
	list, err := s.sync.Quarantine(x.Request.Context(), destination)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list {
		item, err := s.itemAside(x.Request.Context(), &list[i])
		if err != nil {
			return err
		}
		if item == nil || x.mayTouch(item.Location.ID) == nil {
			w.quarantined(&list[i], item)
		}
	}
	return x.send(http.StatusOK, w.end().close())
}

// itemAside gives the row that an entry set aside is about, nil for none.
func (s *Server) itemAside(ctx context.Context, q *store.Quarantined) (*store.Item, error) {
	stored, err := s.ledger.Journal().FindEntry(ctx, q.Position.Seq)
	if err != nil {
		return nil, err
	}
	e, err := stored.Entry()
	if err != nil {
		return nil, err
	}
	var id store.ID
	switch {
	case e.Movement != nil:
		id = e.Movement.Item
	case e.Hold != nil:
		id = e.Hold.Item
	case e.Document != nil:
		id = e.Document.ID
	}
	item, _ := s.ledger.Item(id)
	return item, nil
}

// asideID names an entry set aside for a destination.
func asideID(q *store.Quarantined) string { return q.Destination + ":" + q.Position.String() }

// retryQuarantined has an entry that was set aside sent again.
func (s *Server) retryQuarantined(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	q, err := s.aside(x, x.Param("id"))
	if err != nil {
		return err
	}
	if !x.dryRun {
		if err := s.sync.Retry(x.Request.Context(), q.Destination, q.Position); err != nil {
			return err
		}
	}
	item, err := s.itemAside(x.Request.Context(), q)
	if err != nil {
		return err
	}
	return x.send(http.StatusAccepted, newWriter().quarantined(q, item))
}

// aside finds an entry that was set aside, if the one who asks may see it.
func (s *Server) aside(x *exchange, id string) (*store.Quarantined, error) {
	cut := max(0, strings.LastIndexByte(id, ':'))
	list, err := s.sync.Quarantine(x.Request.Context(), id[:cut])
	if err != nil {
		return nil, err
	}
	for i := range list {
		if asideID(&list[i]) != id {
			continue
		}
		item, err := s.itemAside(x.Request.Context(), &list[i])
		if err == nil && item != nil {
			err = x.mayTouch(item.Location.ID)
		}
		return &list[i], err
	}
	return nil, noSuch("entry set aside", fmt.Sprintf("%.100s", id))
}

// quarantined writes an entry that was set aside.
func (w *writer) quarantined(q *store.Quarantined, item *store.Item) *writer {
	w.open().key("id").text(asideID(q)).key("destination").text(q.Destination).key("entry").position(q.Position)
	w.key("inventory_id")
	if item == nil {
		w.null().key("product_name").null().key("sku").null()
	} else {
		w.id(item.ID).key("product_name").text(item.Product.Name).key("sku").text(item.Product.SKU)
	}
	return w.key("code").text(q.Code).key("detail").text(q.Detail).key("tries").int(q.Tries).key("set_aside_at").time(q.At).close()
}
