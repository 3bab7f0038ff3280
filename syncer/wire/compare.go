package wire

import "github.com/shelfd/shelfd/store"

// Compare asks whether central's folded state at the end of its stream is the
// store's. Digest is store.StateDigest there.
type Compare struct {
	Epoch  int64      `json:"epoch"`
	Seq    int64      `json:"seq"`
	Hash   store.Hash `json:"hash"`
	Digest store.Hash `json:"digest"`
}

// Compared is the answer. Refolded says that central's state differed and was
// folded again from the entries; Equal says how it is now.
type Compared struct {
	Equal    bool `json:"equal"`
	Refolded bool `json:"refolded,omitempty"`
	SyncedAt Time `json:"synced_at"`
}
