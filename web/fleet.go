package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/shelfd/shelfd/store"
)

// FleetStock is what head office knows of every store's stock. It reads only:
// stock is changed where it is.
type FleetStock interface {
	// Items gives a page of rows and how many there are in all; EachItem gives
	// them all, in list order.
	Items(ctx context.Context, f store.FleetFilter, offset, limit int) ([]store.FleetItem, int, error)
	EachItem(ctx context.Context, f store.FleetFilter, fn func(*store.Item)) error
	// Item finds one row; not_found when no store has it.
	Item(ctx context.Context, id store.ID) (store.FleetItem, error)
	// Mirror gives a store's ledger for reading, and when that store was last
	// known to be up to date; not_found when there is no such store.
	Mirror(ctx context.Context, id store.ID) (*store.Ledger, store.Instant, error)
	// Holders lists the stores that have what a filter names: its locations,
	// product and item. Without any of them it lists all.
	Holders(ctx context.Context, f store.MovementFilter) ([]store.ID, error)
	// Movements finds movements of several stores, newest first, from a cursor
	// on that an earlier call gave; "" is the newest, and the end.
	Movements(ctx context.Context, stores []store.ID, f store.MovementFilter, cursor string) (found []store.Fact, next string, err error)
	// ProductEverywhere gives what each store has of a product, by its SKU or
	// its id.
	ProductEverywhere(ctx context.Context, name string) ([]store.ProductStock, error)
	// Stores lists the stores by name, Locations those of one.
	Stores(ctx context.Context) ([]store.FleetStore, error)
	Locations(ctx context.Context, id store.ID) ([]*store.Location, error)
	// Ready tells whether the database answers.
	Ready(ctx context.Context) error
}

// FleetOffice is what head office's own people change: who belongs to it, and
// what the stores are told. Each call is done once for a request's
// Idempotency-Key; replayed tells that it was done before. A dry run is
// checked and undone.
type FleetOffice interface {
	// Invite makes a code that lets one store in.
	Invite(ctx context.Context, r store.Request, name string, validFor time.Duration) (e store.Enrolment, replayed bool, err error)
	// RevokeStore takes a store's key away; not_found when there is none.
	RevokeStore(ctx context.Context, r store.Request, id store.ID) (replayed bool, err error)
	// Send puts a command into the mailboxes of stores, none for all.
	Send(ctx context.Context, r store.Request, stores []store.ID, kind string, body []byte) (sent []store.SentCommand, replayed bool, err error)
	// FindToken gives the token of a secret, nil when it must not be used now.
	FindToken(ctx context.Context, secret string) (*store.Token, error)
	// Tokens lists all tokens, oldest first.
	Tokens(ctx context.Context) ([]*store.Token, error)
	// IssueToken keeps a new token, whose location must be one of a store's.
	IssueToken(ctx context.Context, r store.Request, t store.Token) (made *store.Token, replayed bool, err error)
	// RevokeToken ends a token at once; not_found when there is none.
	RevokeToken(ctx context.Context, r store.Request, id store.ID) (replayed bool, err error)
}

// Fleet is all of head office.
type Fleet interface {
	FleetStock
	FleetOffice
}

// FleetDeps are what head office's API serves from.
type FleetDeps struct {
	Fleet Fleet
	Clock store.Clock
	Log   *slog.Logger
}

// FleetServer answers head office's REST API: that of a store as far as it
// reads stock, across all stores, and what concerns the stores themselves.
type FleetServer struct {
	*front
	fleet Fleet
}

// NewFleet builds head office's API. An error means that its own documentation
// is broken.
func NewFleet(cfg Config, d FleetDeps) (*FleetServer, error) {
	s := &FleetServer{front: newFront(cfg, d.Clock, d.Log, fleetTokens{d.Fleet}), fleet: d.Fleet}
	s.describe, s.docs = fleetContract, fleetDocs
	// A SKU in a path may have a slash, written as %2F.
	s.engine.UseRawPath = true
	s.metrics.registry.MustRegister(fleetCollector{d.Fleet})
	return s, s.mount(s.routes(), readsOnly)
}

// fleetTokens finds tokens among head office's.
type fleetTokens struct{ fleet Fleet }

func (t fleetTokens) find(ctx context.Context, secret string) (*store.Token, error) {
	return t.fleet.FindToken(ctx, secret)
}
