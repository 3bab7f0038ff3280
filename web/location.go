package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// listLocations answers a page of the locations that the one who asks may see.
func (s *Server) listLocations(x *exchange) error {
	archived, p := x.query.flag("archived"), x.query.page()
	if err := x.query.done(); err != nil {
		return err
	}
	list := slices.DeleteFunc(s.ledger.Locations(), func(l *store.Location) bool {
		return (l.ArchivedAt != 0) != archived || x.mayTouch(l.ID) != nil
	})
	w := newWriter().open().key("data").list()
	for _, l := range cut(p, list) {
		w.location(l)
	}
	w.end()
	x.pagination(w, p, len(list))
	return x.send(http.StatusOK, w.close())
}

func (w *writer) location(l *store.Location) *writer {
	return w.open().key("id").id(l.ID).key("name").text(l.Name).key("licence_number").orNull(l.Licence).
		key("timezone").text(l.TimeZone).key("currency").text(l.Currency).key("allow_negative_stock").bool(l.AllowBelow).
		key("external_id").orNull(l.ExternalID).key("archived_at").time(l.ArchivedAt).key("version").int(l.Version).close()
}

func (s *Server) getLocation(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	id, err := x.locationID()
	if err != nil {
		return err
	}
	l, ok := s.ledger.Location(id)
	if !ok {
		return notFound("location", id)
	}
	return x.sendVersion(l.Version, newWriter().location(l))
}

// locationID reads the id in the path, if the one who asks may see it.
func (x *exchange) locationID() (store.ID, error) {
	id, err := x.pathID("location")
	if err != nil {
		return id, err
	}
	return id, x.mayTouch(id)
}

// createLocation adds a licensed premises.
func (s *Server) createLocation(x *exchange) error {
	e, err := decodeEdits(x, required{"name", "timezone", "currency"}, locationMember)
	if err = x.forAll(err); err != nil {
		return err
	}
	receipt, err := x.do(&store.EditLocation{Edit: e.apply})
	if err != nil {
		return err
	}
	l := made[*store.Location](receipt)
	x.etag(l.Version)
	return x.created("/api/v1/locations/"+l.ID.String(), newWriter().location(l))
}

// patchLocation changes the fields that are given.
func (s *Server) patchLocation(x *exchange) error {
	e, err := decodeEdits(x, nil, locationMember)
	if err != nil {
		return err
	}
	return x.editLocation(e.apply)
}

// archiveLocation takes a location out of lists.
func (s *Server) archiveLocation(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	archive := s.archive()
	return x.editLocation(func(l *store.Location) { archive(&l.ArchivedAt) })
}

// editLocation changes the location in the path.
func (x *exchange) editLocation(edit func(*store.Location)) error {
	id, err := x.locationID()
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.EditLocation{ID: id, Version: x.ifMatch(), Edit: edit})
	if err != nil {
		return err
	}
	l := made[*store.Location](receipt)
	return x.sendVersion(l.Version, newWriter().location(l))
}

var locationTexts = map[string]textField[store.Location]{
	"name":           {of: func(l *store.Location) *string { return &l.Name }},
	"timezone":       {of: func(l *store.Location) *string { return &l.TimeZone }},
	"currency":       {of: func(l *store.Location) *string { return &l.Currency }},
	"licence_number": {of: func(l *store.Location) *string { return &l.Licence }, clears: true},
	"external_id":    {of: func(l *store.Location) *string { return &l.ExternalID }, clears: true},
}

// locationMember reads one member of a location.
func locationMember(e *edits[store.Location], b *body, name string) bool {
	if e.text(b, locationTexts, name) {
		return true
	}
	if name != "allow_negative_stock" {
		return false
	}
	var allow bool
	if b.notNull(name) {
		b.bool(&allow)
	}
	e.add(func(l *store.Location) { l.AllowBelow = allow })
	return true
}
