package dutchie

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// Connector speaks to Dutchie about one shop. It is safe for concurrent use.
type Connector struct {
	client *pos.Client
	clock  store.Clock
	log    *slog.Logger
}

var (
	_ pos.StockReader     = (*Connector)(nil)
	_ pos.CatalogueReader = (*Connector)(nil)
	_ pos.SaleReader      = (*Connector)(nil)
	_ pos.RoomReader      = (*Connector)(nil)
)

// pageSize is how many rows are handed over at a time.
const pageSize = 500

// Capabilities are the same for every shop.
func (c *Connector) Capabilities() pos.Capabilities { return capabilities }

// Check asks whose key ours is.
func (c *Connector) Check(ctx context.Context) (pos.Identity, error) {
	a, err := c.client.Do(ctx, pos.Request{
		Call:   pos.Call{Method: http.MethodGet, Path: "/whoami"},
		Accept: func(status int) bool { return status == http.StatusNotFound },
	})
	if err != nil {
		return pos.Identity{}, err
	}
	name, err := readIdentity(a)
	if err != nil {
		return pos.Identity{}, err
	}
	return pos.Identity{Name: name, Time: c.client.Time()}, nil
}

// readIdentity gives the name of the shop. Dutchie's document writes
// locationName and its servers LocationName; to encoding/json both are one.
func readIdentity(a *pos.Answer) (name string, err error) {
	if a.Status == http.StatusNotFound {
		return "", &syncer.Failure{
			Class: syncer.Pause, Code: pos.CodeUnauthorized,
			Detail: "Dutchie knows no shop for our key (status 404). Look at the key and the address.",
		}
	}
	var who struct {
		LocationID   int64  `json:"locationId"`
		LocationName string `json:"locationName"`
	}
	if err := a.Decode(&who); err != nil {
		return "", err
	}
	if who.LocationID < 1 || who.LocationName == "" {
		return "", strange("It names no shop.")
	}
	return who.LocationName, nil
}

// get asks for a list.
func (c *Connector) get(ctx context.Context, path string, query url.Values) (*pos.Answer, error) {
	return c.client.Do(ctx, pos.Request{Call: pos.Call{Method: http.MethodGet, Path: path, Query: query.Encode()}})
}

// hand gives rows in pages.
func hand[T any](rows []T, page func([]T) error) error {
	for chunk := range slices.Chunk(rows, pageSize) {
		if err := page(chunk); err != nil {
			return err
		}
	}
	return nil
}

// strange is an answer that Dutchie cannot have given.
func strange(why string) *syncer.Failure {
	return &syncer.Failure{Class: syncer.Retry, Code: pos.CodeNotPOS, Detail: "The answer cannot be one of Dutchie. " + why}
}
