package web

import (
	"cmp"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/shelfd/shelfd/store"
)

// listPOS answers the points of sale that the one who asks may see.
func (s *Server) listPOS(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	list, err := s.sync.POS(x.Request.Context())
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list {
		if x.mayTouch(list[i].LocationID) == nil {
			w.pos(&list[i], s.locationOf(&list[i]))
		}
	}
	return x.send(http.StatusOK, w.end().close())
}

// getPOS answers one point of sale.
func (s *Server) getPOS(x *exchange) error {
	p, err := s.pos(x, x.query.done())
	if err != nil {
		return err
	}
	return s.sendPOS(x, p)
}

// pos finds the point of sale in the path, once the request has been read, if
// the one who asks may see it.
func (s *Server) pos(x *exchange, err error) (*store.POS, error) {
	if err != nil {
		return nil, err
	}
	list, err := s.sync.POS(x.Request.Context())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name == x.Param("name") {
			return &list[i], x.mayTouch(list[i].LocationID)
		}
	}
	return nil, noPOS(x.Param("name"))
}

// patient lifts the time-out of the answer: a point of sale may take minutes,
// and its connector bounds how many.
func (x *exchange) patient() {
	// A caller within this process has no time-out to lift.
	_ = http.NewResponseController(x.Writer).SetWriteDeadline(time.Time{})
}

// checkPOS asks a point of sale who it is, and answers it as it then stands.
func (s *Server) checkPOS(x *exchange) error {
	p, err := s.pos(x, x.noBody())
	if err != nil {
		return err
	}
	x.patient()
	if !x.dryRun {
		checked, err := s.sync.CheckPOS(x.Request.Context(), p.Name)
		if err != nil {
			return err
		}
		p.Checked = &checked
	}
	return s.sendPOS(x, p)
}

func (s *Server) sendPOS(x *exchange, p *store.POS) error {
	return x.send(http.StatusOK, newWriter().pos(p, s.locationOf(p)))
}

// locationOf names the location of a point of sale, "" for one that is not
// there any more.
func (s *Server) locationOf(p *store.POS) string {
	if l, ok := s.ledger.Location(p.LocationID); ok {
		return l.Name
	}
	return ""
}

// pos writes a point of sale as it stands.
func (w *writer) pos(p *store.POS, location string) *writer {
	w.open().key("name").text(p.Name).key("kind").text(p.Kind).key("title").text(cmp.Or(p.Title, p.Kind)).
		key("location_id").id(p.LocationID).key("location_name").orNull(location).key("state_register").bool(p.State)
	w.key("capabilities").list()
	for _, c := range p.Capabilities {
		w.text(c)
	}
	w.end().key("rate").orNull(p.Rate).key("sale_source").text(p.SaleSource).
		key("catalogue_owner").text(p.CatalogueOwner).key("quantity_owner").text(p.QuantityOwner)
	w.key("linked").int(p.Linked).key("unlinked").int(p.Unlinked)
	w.key("sales_read_to").time(p.SalesReadTo).key("sales_open").int(p.SalesOpen)
	w.key("open_cases").int(p.OpenCases).key("compared_at").time(p.ComparedAt).key("check")
	if p.Checked == nil {
		return w.null().close()
	}
	return w.posCheck(p.Checked).close()
}

// posCheck writes what became of asking a point of sale who it is.
func (w *writer) posCheck(c *store.POSCheck) *writer {
	w.open().key("checked_at").time(c.At).key("identity").orNull(c.Identity).key("clock_ahead_seconds")
	if c.ClockKnown {
		w.int(int64(c.Skew.Round(time.Second) / time.Second))
	} else {
		w.null()
	}
	w.key("error")
	if c.Code == "" {
		return w.null().close()
	}
	return w.open().key("code").text(c.Code).key("detail").text(cmp.Or(c.Detail, c.Code)).close().close()
}

// previewPOS answers the requests that the next push would send.
func (s *Server) previewPOS(x *exchange) error {
	limit := x.query.int("limit", 1, maxLimit, defaultLimit)
	p, err := s.pos(x, x.query.done())
	if err != nil {
		return err
	}
	x.patient()
	calls, err := s.sync.PreviewPOS(x.Request.Context(), p.Name, int(limit))
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range calls {
		w.posCall(&calls[i])
	}
	return x.send(http.StatusOK, w.end().close())
}

// posCall writes a request to a point of sale.
func (w *writer) posCall(c *store.POSCall) *writer {
	w.open().key("method").text(c.Method).key("path").text(c.Path).key("query").orNull(c.Query)
	w.key("items").list()
	for _, item := range c.Items {
		w.text(item)
	}
	w.end().key("body")
	body := jsontext.Value(c.Body)
	switch {
	case c.Body == "":
		w.null()
	case !body.IsValid():
		// Not JSON after all: shown as it would be sent.
		w.text(c.Body)
	default:
		_ = body.Compact() // fails for no JSON only
		w.raw(string(body))
	}
	return w.close()
}

// mapPOS links what can be linked by itself. A dry run asks nothing, so it
// cannot know what is left over there.
func (s *Server) mapPOS(x *exchange) error {
	p, err := s.pos(x, x.noBody())
	if err != nil {
		return err
	}
	x.patient()
	found := store.MapResult{Known: p.Linked, Unlinked: p.Unlinked}
	if !x.dryRun {
		if found, err = s.sync.MapPOS(x.Request.Context(), p.Name); err != nil {
			return err
		}
	}
	w := newWriter().open().key("linked").int(found.Linked).key("known").int(found.Known).
		key("unlinked").int(found.Unlinked).key("unlinked_there")
	if x.dryRun {
		w.null()
	} else {
		w.int(found.UnlinkedThere)
	}
	return x.send(http.StatusOK, w.close())
}

// comparePOS reads what a point of sale has, and answers what differs. A dry
// run answers what was found before.
func (s *Server) comparePOS(x *exchange) error {
	p, err := s.pos(x, x.noBody())
	if err != nil {
		return err
	}
	x.patient()
	var list []store.Case
	if x.dryRun {
		list, err = s.sync.Cases(x.Request.Context(), store.CaseFilter{Destination: p.Name, Open: true})
	} else {
		list, err = s.sync.ComparePOS(x.Request.Context(), p.Name)
	}
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list {
		w.caseInFull(&list[i])
	}
	return x.send(http.StatusOK, w.end().close())
}
