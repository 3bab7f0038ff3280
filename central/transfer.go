package central

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/shelfd/shelfd/store"
)

// The kinds of commands about transfers.
const (
	// CommandTransfer tells a store what is on its way to it.
	CommandTransfer = "transfer"
	// CommandTransferResult tells a store what became of what it sent.
	CommandTransferResult = "transfer_result"
)

// Dispatch is a command that follows from an entry of one store and goes to
// another.
type Dispatch struct {
	To   store.ID
	Kind string
	Body json.RawMessage
	// Once is a digest of what it says: two with the same one are the same, and
	// the second need not be sent. Sending it all the same does no harm.
	Once [sha256.Size]byte
}

// TransferCommands gives the commands that follow from a version of a transfer
// document in the ledger of store from: what it sent, to the receiver; what
// became of what it received, back to the sender. Commands say all there is to
// say each time, so versions may be left out, repeated and mixed up. product
// gives what from knows of a product.
func TransferCommands(from store.ID, d *store.TransferDocument, product func(store.ID) (*store.Product, bool)) []Dispatch {
	switch {
	case d.Direction == store.DirectionOut && !d.To.Store.IsZero() && d.To.Store != from:
		unknown := func(store.ID) (*store.Product, bool) { return nil, false }
		return []Dispatch{dispatch(d.To.Store, CommandTransfer, d.Order(product), d.Order(unknown))}
	case d.Direction == store.DirectionIn && !d.Shipment.IsZero() && !d.From.Store.IsZero() && d.From.Store != from:
		if result := d.Result(); !result.Empty() {
			return []Dispatch{dispatch(d.From.Store, CommandTransferResult, result, result)}
		}
	}
	return nil
}

// dispatch makes one command. What it says is said by essence; body may say
// more.
func dispatch(to store.ID, kind string, body, essence any) Dispatch {
	return Dispatch{To: to, Kind: kind, Body: encode(body), Once: sha256.Sum256(append([]byte(kind+"\n"), encode(essence)...))}
}

func encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain fields: cannot fail
	}
	return raw
}
