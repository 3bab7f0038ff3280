package web

import (
	"net/http"
	"time"

	"github.com/shelfd/shelfd/store"
)

// healths are what may be said of a store, best first.
var healths = []string{
	string(store.HealthOK), string(store.HealthLate), string(store.HealthSilent),
	string(store.HealthUnfolded), string(store.HealthFork), string(store.HealthRevoked),
}

// listStores answers a page of the stores, by name. Whose token is bound to a
// location has no business with other stores.
func (s *FleetServer) listStores(x *exchange) error {
	health, p := x.query.oneOf("health", healths...), x.query.page()
	if err := x.forAll(x.query.done()); err != nil {
		return err
	}
	all, err := s.fleet.Stores(x.Request.Context())
	if err != nil {
		return err
	}
	var list []store.FleetStore
	for _, one := range all {
		if health == "" || health == string(one.Health) {
			list = append(list, one)
		}
	}
	w := newWriter().open().key("data").list()
	for _, one := range cut(p, list) {
		w.open().status(&one).close()
	}
	w.end()
	x.pagination(w, p, len(list))
	return x.send(http.StatusOK, w.close())
}

// status writes the members of a store.
func (w *writer) status(s *store.FleetStore) *writer {
	return w.key("id").id(s.ID).key("name").text(s.Name).key("health").text(string(s.Health)).
		key("items").int(s.Items).key("low_stock").int(s.LowStock).
		key("last_contact").time(s.LastContact).key("last_sync").time(s.SyncedAt).key("lag").int(s.Lag).
		key("epoch").int(s.Epoch).key("acked_seq").int(s.AckedSeq).key("head_seq").int(s.HeadSeq).
		key("clock_skew_ms").int(s.ClockSkewMillis).key("version").orNull(s.Version).key("verdicts").int(s.Verdicts).
		key("enrolled_at").time(s.EnrolledAt).key("revoked_at").time(s.RevokedAt)
}

// getStore answers one store, with its locations.
func (s *FleetServer) getStore(x *exchange) error {
	if err := x.forAll(x.query.done()); err != nil {
		return err
	}
	id, err := x.pathID("store")
	if err != nil {
		return err
	}
	return s.sendStore(x, id)
}

func (s *FleetServer) sendStore(x *exchange, id store.ID) error {
	all, err := s.fleet.Stores(x.Request.Context())
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.ID != id {
			continue
		}
		places, err := s.fleet.Locations(x.Request.Context(), id)
		if err != nil {
			return err
		}
		w := newWriter().open().status(&one).key("locations").list()
		for _, l := range places {
			w.open().key("id").id(l.ID).key("name").text(l.Name).key("timezone").text(l.TimeZone).
				key("currency").text(l.Currency).key("licence_number").orNull(l.Licence).close()
		}
		return x.send(http.StatusOK, w.end().close())
	}
	return notFound("store", id)
}

// getProductEverywhere answers what each store has of a product.
func (s *FleetServer) getProductEverywhere(x *exchange) error {
	if err := x.forAll(x.query.done()); err != nil {
		return err
	}
	list, err := s.fleet.ProductEverywhere(x.Request.Context(), x.Param("sku"))
	if err != nil {
		return err
	}
	var quantity, reserved store.Quantity
	w := newWriter().open().key("sku").text(list[0].Product.SKU).key("data").list()
	for _, one := range list {
		quantity, reserved = quantity+one.Quantity, reserved+one.Reserved
		w.open().key("store_id").id(one.Store).key("store_name").text(one.Name).key("product_id").id(one.Product.ID).
			key("product_name").text(one.Product.Name).key("sku").text(one.Product.SKU).
			key("unit").text(string(one.Product.Unit)).key("items").int(one.Items).amounts(one.Quantity, one.Reserved).
			key("unit_price").money(one.Product.UnitPrice).key("low_stock").bool(one.Low).
			key("archived_at").time(one.Product.ArchivedAt).key("last_sync").time(one.SyncedAt).close()
	}
	w.end().key("totals").open().key("stores").int(int64(len(list))).amounts(quantity, reserved).close()
	return x.send(http.StatusOK, w.close())
}

// amounts writes how much there is of something.
func (w *writer) amounts(quantity, reserved store.Quantity) *writer {
	return w.key("quantity").quantity(quantity).key("reserved_quantity").quantity(reserved).
		key("available_quantity").quantity(quantity - reserved)
}

// An enrolment code is good for a day unless it is asked for otherwise.
const (
	enrolmentSeconds    = 24 * 60 * 60
	maxEnrolmentSeconds = 30 * enrolmentSeconds
)

// inviteStore makes a code that lets one store in, and shows it once.
func (s *FleetServer) inviteStore(x *exchange) error {
	name, seconds := "", int64(enrolmentSeconds)
	missing := required{"name"}
	err := x.decode(func(b *body, field string) bool {
		missing.seen(field)
		switch field {
		case "name":
			b.text(&name)
			b.within(len(name) >= 1 && len(name) <= 100, "name has 1 to 100 characters.")
		case "valid_seconds":
			b.int(&seconds)
			b.within(seconds >= 60 && seconds <= maxEnrolmentSeconds, "valid_seconds is from 60 to 2592000.")
		default:
			return false
		}
		return true
	})
	if err = x.forAll(x.complete(err, missing)); err != nil {
		return err
	}
	e, replayed, err := s.fleet.Invite(x.Request.Context(), x.request(), name, time.Duration(seconds)*time.Second)
	if err != nil {
		return err
	}
	x.replayed(replayed)
	return x.send(http.StatusCreated, newWriter().open().key("name").text(e.Name).key("code").orNull(e.Code).
		key("expires_at").time(e.ExpiresAt).close())
}

// within refuses the value just read unless it is.
func (b *body) within(ok bool, text string) {
	if !ok && b.broken == nil {
		b.add(store.CodeInvalid, text)
	}
}

// revokeStore takes a store's key away.
func (s *FleetServer) revokeStore(x *exchange) error {
	if err := x.forAll(x.noBody()); err != nil {
		return err
	}
	id, err := x.pathID("store")
	if err != nil {
		return err
	}
	replayed, err := s.fleet.RevokeStore(x.Request.Context(), x.request(), id)
	if err != nil {
		return err
	}
	x.replayed(replayed)
	return s.sendStore(x, id)
}
