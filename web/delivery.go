package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// The words of which deliveries to list.
const (
	deliveriesAll    = "all"
	deliveriesFailed = "failed"
	deliveriesOK     = "ok"
)

// listDeliveries answers the attempts to tell an endpoint something, newest
// first. Those that succeeded are picked from a page of all, so that such a
// page may be short.
func (s *Server) listDeliveries(x *exchange) error {
	q := &x.query
	status := q.oneOf("status", deliveriesAll, deliveriesFailed, deliveriesOK)
	f := store.DeliveryFilter{
		Failed: status == deliveriesFailed, NewsID: q.text("event_id"), Before: q.before(),
		Type: store.NewsType(q.oneOf("type", append(slices.Clone(webhookEvents), string(store.NewsTest))...)),
	}
	limit := int(q.int("limit", 1, maxLimit, defaultLimit))
	h, err := s.webhook(x, q.done())
	if err != nil {
		return err
	}
	f.Webhook, f.Limit = h.ID, limit+1
	list, err := s.sync.Deliveries(x.Request.Context(), f)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list[:min(limit, len(list))] {
		if status != deliveriesOK || list[i].Outcome == store.DeliveryDone {
			w.delivery(&list[i])
		}
	}
	w.end().key("next_cursor")
	if len(list) > limit {
		w.id(list[limit-1].ID)
	} else {
		w.null()
	}
	return x.send(http.StatusOK, w.close())
}

// testWebhook sends an endpoint a test, and answers what became of it. A dry
// run sends nothing.
func (s *Server) testWebhook(x *exchange) error {
	h, err := s.webhook(x, x.noBody())
	if err != nil {
		return err
	}
	d := store.Delivery{Webhook: h.ID, Type: store.NewsTest}
	if !x.dryRun {
		x.patient()
		if d, err = s.sync.TestWebhook(x.Request.Context(), h.ID); err != nil {
			return err
		}
	}
	return x.send(http.StatusOK, newWriter().delivery(&d))
}

// redeliver sends once more what an attempt sent, and answers what became of
// it. A dry run sends nothing.
func (s *Server) redeliver(x *exchange) error {
	h, err := s.webhook(x, x.noBody())
	if err != nil {
		return err
	}
	of, err := s.delivery(x, h.ID)
	if err != nil {
		return err
	}
	d := store.Delivery{Webhook: h.ID, NewsID: of.NewsID, Position: of.Position, Type: of.Type}
	if !x.dryRun {
		x.patient()
		if d, err = s.sync.Redeliver(x.Request.Context(), of.ID); err != nil {
			return err
		}
	}
	return x.send(http.StatusOK, newWriter().delivery(&d))
}

// delivery finds the attempt in the path among those of one endpoint.
func (s *Server) delivery(x *exchange, of store.ID) (store.Delivery, error) {
	text := x.Param("delivery")
	id, ok := store.ParseID(text)
	if !ok {
		return store.Delivery{}, noSuch("delivery", text[:min(len(text), 60)])
	}
	list, err := s.sync.Deliveries(x.Request.Context(), store.DeliveryFilter{Webhook: of, Before: idAfter(id), Limit: 1})
	if err != nil {
		return store.Delivery{}, err
	}
	if len(list) == 0 || list[0].ID != id {
		return store.Delivery{}, notFound("delivery", id)
	}
	return list[0], nil
}

// idAfter is the next id in the order of ids.
func idAfter(id store.ID) store.ID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

// delivery writes an attempt. One that was not made, in a dry run, has null
// for all that came of it.
func (w *writer) delivery(d *store.Delivery) *writer {
	w.open().key("id").id(d.ID).key("webhook_id").id(d.Webhook).key("event_id").orNull(d.NewsID).
		key("entry").position(d.Position).key("type").text(string(d.Type))
	made := d.Outcome != ""
	w.key("attempt").intIf(made, d.Attempt).key("attempted_at").time(d.At).
		key("status_code").intIf(d.Status != 0, int64(d.Status)).key("duration_ms").intIf(made, d.Took.Milliseconds())
	return w.key("outcome").orNull(d.Outcome).key("detail").orNull(d.Detail).key("next_attempt_at").time(d.NextAt).close()
}

// intIf writes a number, null when there is none.
func (w *writer) intIf(there bool, n int64) *writer {
	if !there {
		return w.null()
	}
	return w.int(n)
}
