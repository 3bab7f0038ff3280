package pos

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// Records is where a target keeps what must survive it. Losing the newest
// change of a level costs reading the point of sale again, never a sale.
type Records interface {
	syncer.Records

	ListLinks(ctx context.Context, destination string) ([]store.Link, error)
	PutLinks(ctx context.Context, list []store.Link) error
	DeleteLink(ctx context.Context, destination string, kind store.LinkKind, ours string) error

	Levels(ctx context.Context, destination string, places []store.Place) (map[store.Place]store.Level, error)
	PutLevels(ctx context.Context, destination string, list []store.Level) error
	// SeeLevels changes what was seen and leaves up to where the destination
	// has the store's changes.
	SeeLevels(ctx context.Context, destination string, list []store.Level) error
	ScanLevels(ctx context.Context, destination string, fn func(store.Level) error) error

	ListPulledSales(ctx context.Context, destination string, open bool) ([]store.PulledSale, error)
	PutPulledSales(ctx context.Context, list []store.PulledSale) error
	DeletePulledSale(ctx context.Context, destination, externalID string, line int64) error
	DeletePulledSales(ctx context.Context, destination string, before store.Instant) error

	FindMark(ctx context.Context, destination, stream string) (store.Mark, error)
	PutMark(ctx context.Context, m store.Mark) error

	ListCases(ctx context.Context, f store.CaseFilter) ([]store.Case, error)
	PutCases(ctx context.Context, list []store.Case) error
}

// Ledger is what a target needs of a store's ledger.
type Ledger interface {
	syncer.Ledger
	// ItemsOf gives the rows of a product at a location, in no order.
	ItemsOf(product, location store.ID) []*store.Item
	Product(id store.ID) (*store.Product, bool)
	ProductBySKU(sku string) (*store.Product, bool)
	Products() []*store.Product
	Lot(id store.ID) (*store.Lot, bool)
	Lots() []*store.Lot
	Movements(ctx context.Context, f store.MovementFilter) ([]store.Fact, int64, error)
}
