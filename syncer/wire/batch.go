package wire

import (
	"net/http"
	"strconv"

	"github.com/shelfd/shelfd/store"
)

// Line is one entry of a batch and what travels beside it.
type Line struct {
	Seq int64
	// Bytes are the canonical bytes, not checked in any way.
	Bytes []byte
	// Hash is the chain's after this entry.
	Hash store.Hash
	// Notes is the erasable text, Key the idempotency key of the command whose
	// first entry this is; nil for none.
	Notes *store.Text
	Key   *store.Key
}

// Place says where a batch belongs: the stream of Epoch, from First on, after
// the entry whose hash is Previous. Branch is the last entry that a stream of
// an epoch above 1 shares with an earlier one, zero for none.
type Place struct {
	Epoch, First int64
	Branch       store.Position
	Previous     store.Hash
}

// Batch is a batch ready to be sent. Last and Hash are the seq and the hash of
// its last entry; First − 1 and Previous when it has none.
type Batch struct {
	Place
	Last int64
	Hash store.Hash
	// Body is compressed; Digest its Content-Digest. Both are used again by the
	// Encoder that made them, from its next Start on.
	Body   []byte
	Digest string
}

// Entries is how many entries the batch has.
func (b *Batch) Entries() int { return int(b.Last - b.First + 1) }

// Header writes what a batch says in headers, its media type and digest too.
func (b *Batch) Header(h http.Header) {
	h.Set("Content-Type", TypeBatch)
	h.Set(HeaderDigest, b.Digest)
	h.Set(HeaderEpoch, strconv.FormatInt(b.Epoch, 10))
	h.Set(HeaderFirst, strconv.FormatInt(b.First, 10))
	h.Set(HeaderPrevious, string(appendHash(nil, b.Previous)))
	if b.Epoch > 1 && !b.Branch.IsZero() {
		h.Set(HeaderBranch, b.Branch.String())
	}
}

// Incoming is a batch as it was received, its lines in order.
type Incoming struct {
	Place
	Lines []Line
}

// Head is the head of the chain after the batch.
func (i *Incoming) Head() store.Head {
	h := store.Head{Epoch: i.Epoch, Seq: i.First - 1, Hash: i.Previous}
	if n := len(i.Lines); n > 0 {
		h.Seq, h.Hash = i.Lines[n-1].Seq, i.Lines[n-1].Hash
	}
	return h
}
