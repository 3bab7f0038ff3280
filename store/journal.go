package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Hash is a link of the chain: SHA-256(previous hash ‖ canonical bytes). The
// hash before the first entry is zero.
type Hash [sha256.Size]byte

// Next gives the hash after one more entry.
func (h Hash) Next(canonical []byte) Hash {
	var scratch []byte
	return h.next(canonical, &scratch)
}

// next is Next with a buffer to use again.
func (h Hash) next(canonical []byte, scratch *[]byte) Hash {
	*scratch = append(append((*scratch)[:0], h[:]...), canonical...)
	return sha256.Sum256(*scratch)
}

// MarshalText gives 64 lower-case hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	var v Hash
	if len(b) != hex.EncodedLen(len(v)) {
		return refuse(CodeInvalid, "%.70q is not a SHA-256 in hexadecimal digits.", b)
	}
	if _, err := hex.Decode(v[:], b); err != nil {
		return refuse(CodeInvalid, "%.70q is not a SHA-256 in hexadecimal digits.", b)
	}
	*h = v
	return nil
}

// History is how the past of a ledger is read.
type History interface {
	// Scan reads stored entries with after < seq ≤ upTo in order; an error of
	// fn ends it and is returned.
	Scan(ctx context.Context, after, upTo int64, fn func(*Stored) error) error
	// FindEntry reads one entry; not_found when there is none.
	FindEntry(ctx context.Context, seq int64) (*Stored, error)
	// FindDocument gives the seq of a document's version that held at seq, 0
	// when it did not exist yet.
	FindDocument(ctx context.Context, id ID, seq int64) (int64, error)
	// ScanChanges reads the balance columns with after < seq ≤ upTo in order.
	ScanChanges(ctx context.Context, after, upTo int64, fn func(Change) error) error
	// ScanLate reads late changes that had occurred by a moment but have a seq
	// above after and at most upTo, in any order.
	ScanLate(ctx context.Context, occurredBy Instant, after, upTo int64, fn func(Change) error) error
	// FindSeq gives the last seq recorded at or before a moment, 0 for none.
	FindSeq(ctx context.Context, recordedBy Instant) (int64, error)
	// FindBalances gives the newest saved balances at or before seq: a full
	// one and, unless Seq is 0, one of what changed since.
	FindBalances(ctx context.Context, seq int64) (full, since Balances, err error)
}

// Journal keeps the ledger and its saved states on disk. One goroutine
// appends; any number may read. Reads never hold a transaction while they
// call back for longer than a page.
type Journal interface {
	History

	// Meta tells which ledger this is and how it was left.
	Meta(ctx context.Context) (Meta, error)

	// Append makes one batch durable, all or nothing. Codes: storage_full
	// when nothing was written and nothing else is wrong; outcome_unknown
	// when it cannot be told, after which the journal must not be used.
	Append(ctx context.Context, b *Batch) error
	// PutBalances, PutState and PutHead save folds of the ledger for later;
	// PutState replaces the one before. Codes as for Append.
	PutBalances(ctx context.Context, b Balances) error
	PutState(ctx context.Context, at Head, write func(io.Writer) error) error
	PutHead(ctx context.Context, h Head) error
	// PruneKeys forgets idempotency keys recorded before a moment.
	PruneKeys(ctx context.Context, before Instant) error

	// FindExternal gives the seq of a fact by its source's own name, 0 for none.
	FindExternal(ctx context.Context, source, externalID string, line int64) (int64, error)
	// FindReversal gives the seq of the movement that reverses seq, 0 for none.
	FindReversal(ctx context.Context, seq int64) (int64, error)
	// ListTransfer and ListReservation give the seqs of a transfer's or
	// reservation's entries in order.
	ListTransfer(ctx context.Context, id ID) ([]int64, error)
	ListReservation(ctx context.Context, id ID) ([]int64, error)

	// State opens the newest full state; at.Seq is 0 when there is none.
	State(ctx context.Context) (at Head, r io.ReadCloser, err error)
	// ListHeads reads heads, newest first, with seq < before (0: from the end).
	ListHeads(ctx context.Context, before int64, limit int) ([]Head, error)
	// ScanKeys reads the idempotency keys recorded since a moment.
	ScanKeys(ctx context.Context, since Instant, fn func(Key) error) error
	// FindKey reads the idempotency key of the command whose first entry is seq.
	FindKey(ctx context.Context, seq int64) (Key, error)
	// ListKeys reads the idempotency keys of the commands whose first entry is
	// in after < seq ≤ upTo, in order.
	ListKeys(ctx context.Context, after, upTo int64) ([]Key, error)
	// ListTokens reads all tokens, oldest first.
	ListTokens(ctx context.Context) ([]*Token, error)
	// Size gives what the ledger takes on disk, in bytes, for health.
	Size(ctx context.Context) (Size, error)

	// Close ends orderly: the next Meta says Clean.
	Close() error
}

// Meta is which ledger a journal holds and how it was left.
type Meta struct {
	// Store names this ledger in the whole chain of stores, Epoch is the one it
	// was founded with; that of the newest entry is in Head.
	Store ID
	Epoch int64
	// Seq and Hash are those of the newest entry, RecordedAt its time; zero
	// for an empty ledger.
	Head
	// Clean tells whether the last program closed it orderly.
	Clean bool
	// Demo tells that the data are made up.
	Demo bool
	// Moved tells that the files were made on another machine, and that nobody
	// has said yet that this one goes on with them.
	Moved bool
}

// Head is the state of the chain after seq.
type Head struct {
	Epoch      int64
	Seq        int64
	Hash       Hash
	RecordedAt Instant
	// Note is the signed checkpoint text, empty when it was not signed.
	Note string
}

// Size is what a ledger takes on disk.
type Size struct {
	Database, WAL, Free int64
}

// Batch is what one commit makes durable.
type Batch struct {
	Rows []Row
	Keys []Key
	// Tokens are new or changed ones.
	Tokens []*Token
	// Erased are the seqs whose notes go.
	Erased []int64
}

// Row is one entry on its way to disk.
type Row struct {
	Entry *Entry
	Bytes []byte
	Hash  Hash
	// Item is the number of the item that a movement, hold or item document is
	// about, else 0; Prev the seq of that item's entry before, 0 for none.
	Item, Prev int64
	// After and ReservedAfter are that item's balances after the entry.
	After, ReservedAfter Quantity
}

// Stored is one entry as it was read from disk. Bytes are valid until the
// callback returns.
type Stored struct {
	Seq   int64
	Bytes []byte
	Hash  Hash
	Item  int64
	Prev  int64
	// Notes is the text beside the entry, nil when there is none or it was
	// erased.
	Notes *Text
	// The columns beside the bytes, for the checks of verify.
	Change Change
}

// Change is how one entry changed balances.
type Change struct {
	Seq  int64
	Item int64
	// Quantity is the movement's change, Reserved the hold's; one is zero.
	Quantity, Reserved Quantity
	// After and ReservedAfter are the item's balances after it, also for an
	// item's document.
	After, ReservedAfter   Quantity
	OccurredAt, RecordedAt Instant
}

// Key is one remembered idempotency key: the command whose entries start at
// Seq was asked for under it.
type Key struct {
	Seq   int64
	Count int64
	// Hash is of scope and key, Print of method, path, query and body.
	Hash, Print [16]byte
	At          Instant
	// Outcome is what the entries do not say about the answer: the refused
	// lines of a partial bulk. Never a secret.
	Outcome []byte
}

// Balances are saved quantities and reserved quantities after Seq: of all
// items, or of those changed since the full ones at Base.
type Balances struct {
	Seq, Base  int64
	RecordedAt Instant
	Body       []byte
}
