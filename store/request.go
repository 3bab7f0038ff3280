package store

import "context"

// Command is something that may change the ledger. Deciding is pure: it reads
// the state and writes entries to the transaction, and a refusal writes
// nothing.
type Command interface {
	decide(t *tx) error
}

// recaller is a command that names old facts, which the writer looks up in the
// journal before anything is decided.
type recaller interface {
	recall(ctx context.Context, r Request, j Journal) error
}

// reviewer is a command that compares what it brings with what the ledger has
// on disk. It is the first of its commit, so that all of it is there.
type reviewer interface {
	review(ctx context.Context, l *Ledger) error
}

// Request is what every command carries besides its own fields.
type Request struct {
	// Actor is the id of the token or person, Terminal the device, Source one
	// of api, ui, cli, import, pos:<name>, central and system.
	Actor, Terminal, Source string
	// Manager allows what needs one, such as backdating beyond the limit.
	Manager bool
	// Key makes the command happen once however often it is sent; nil for
	// none.
	Key *IdempotencyKey
	// DryRun decides and answers, and writes nothing.
	DryRun bool
}

// IdempotencyKey is a hash of (token or terminal, key) and a hash of method,
// path, query and body.
type IdempotencyKey struct{ Hash, Print [16]byte }

// Receipt is what became of an accepted command.
type Receipt struct {
	// Facts are its entries in order; none when nothing had to change.
	Facts []Fact
	// Lines answer a bulk or an import line by line.
	Lines []Line
	// Of is what a command without facts is about: the version that already
	// was as asked.
	Of any
	// Replayed: the key was known; the facts are those of the first time.
	Replayed bool
}

// Fact is an entry and the version it made: *Item, *Reservation, *Product,
// *Location, *Lot, *TransferDocument, *Run, or nil.
type Fact struct {
	Entry *Entry
	Of    any
	// After is the item's version after a movement or hold.
	After *Item
}

// Line is the outcome of one line of a bulk or an import.
type Line struct {
	// Fact is the index of the movement of the line's own item in Facts, −1
	// for none.
	Fact int
	// Err is why it was refused, nil when it was applied.
	Err *Error
	// Item is the item the line was about, when there is one.
	Item *Item
	// Status is created, updated or unchanged, for an import.
	Status string
}

// Movements lists the facts that are movements.
func (r *Receipt) Movements() []Fact {
	var list []Fact
	for _, f := range r.Facts {
		if f.Entry.Kind == KindMovement {
			list = append(list, f)
		}
	}
	return list
}
