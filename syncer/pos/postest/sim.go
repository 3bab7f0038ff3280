// Package postest holds what every connector must keep: a contract suite that
// runs a connector's real code against a simulated point of sale, with a real
// ledger and the real target behind it. It is imported by tests only.
package postest

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// Sim is a simulated point of sale, as the suite drives it. Products have
// numbers from 1; each has a SKU and, where the point of sale keeps packages,
// one package with a tag.
type Sim interface {
	// Connector gives a connector that speaks to it over HTTP.
	Connector(t testing.TB, clock store.Clock) pos.Connector
	// Room is its id of the room or stock location that our sales floor is;
	// empty when it has none.
	Room() string
	// Add makes product n with stock. tag is ignored where packages are not
	// kept.
	Add(n int, sku, tag string, stock store.Quantity)
	// Stock gives what it has of product n.
	Stock(n int) store.Quantity
	// Set is somebody changing stock by hand there.
	Set(n int, stock store.Quantity)
	// Sell is a sale rung up there: it takes from the stock and shows up among
	// the sales, as from now. It is called only when the connector reads sales.
	Sell(n int, units store.Quantity, reference string)
	// Changed counts the changes of stock that were made through its API.
	Changed() int
	// Requests counts all requests.
	Requests() int

	// LoseAnswer has the next so many writes done and their connections closed
	// without an answer.
	LoseAnswer(writes int)
	// Refuse has it refuse every change of product n, and take the others.
	Refuse(n int)
	// Limit has the next so many requests answered with 429 and
	// Retry-After: 2.
	Limit(requests int)
	// Answer has the next request answered with this status and body, whatever
	// it was.
	Answer(status int, contentType, body string)
	// Unauthorize has every request refused from now on, as for a key that was
	// taken away; Authorize ends that.
	Unauthorize()
	Authorize()
}
