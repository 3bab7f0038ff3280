package wire

import "github.com/shelfd/shelfd/store"

// Cursor is where central stands with a store: it has everything of the
// stream of Epoch up to AckedSeq, whose hash is AckedHash. A store that never
// pushed has epoch 1, seq 0 and the zero hash.
type Cursor struct {
	Epoch     int64      `json:"epoch"`
	AckedSeq  int64      `json:"acked_seq"`
	AckedHash store.Hash `json:"acked_hash"`
	// Branch is the last entry that the stream shares with an earlier one, as
	// its first batch said; "" for none.
	Branch string `json:"branch,omitempty"`
	// Commands is the number of the newest command for this store.
	Commands   int64  `json:"commands"`
	ServerTime Time   `json:"server_time"`
	SyncedAt   Time   `json:"synced_at,omitzero"`
	Limits     Limits `json:"limits"`
	// At answers ParamAt, nil when central has no such entry.
	At *Point `json:"at,omitempty"`
}

// Head gives the position as a head of the chain.
func (c *Cursor) Head() store.Head {
	return store.Head{Epoch: c.Epoch, Seq: c.AckedSeq, Hash: c.AckedHash}
}

// Point is the hash after an entry of a stream.
type Point struct {
	Seq  int64      `json:"seq"`
	Hash store.Hash `json:"hash"`
}

// Ack says that everything up to AckedSeq is durable and that its chain was
// verified.
type Ack struct {
	Epoch     int64      `json:"epoch"`
	AckedSeq  int64      `json:"acked_seq"`
	AckedHash store.Hash `json:"acked_hash"`
	SyncedAt  Time       `json:"synced_at"`
	Commands  int64      `json:"commands"`
	// Verdicts are about entries of this batch that are kept and not used yet.
	Verdicts []Verdict `json:"verdicts,omitempty"`
}

// Verdict is what central thinks of one entry that it has nevertheless.
type Verdict struct {
	Seq    int64       `json:"seq"`
	Code   VerdictCode `json:"code"`
	Detail string      `json:"detail,omitempty"`
}

// VerdictCode says why an entry is not part of the folded stock.
type VerdictCode string

// The verdicts.
const (
	// VerdictUnparsed: written by a newer program; folded after an upgrade.
	VerdictUnparsed VerdictCode = "unparsed"
	// VerdictInconsistent: it does not continue the balance before it.
	VerdictInconsistent VerdictCode = "inconsistent"
)
