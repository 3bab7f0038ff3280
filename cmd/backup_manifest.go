package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

const (
	// backupFormat is the version of the files that backup writes.
	backupFormat = 1
	// The two files in a backup, in this order.
	manifestName = "manifest.json"
	databaseName = sqlite.FileName
)

// manifest is the first file in a backup: what the second one is.
type manifest struct {
	Format int      `json:"format"`
	Store  store.ID `json:"store"`
	// Epoch, Seq and Hash are those of the newest entry in the backup, which was
	// recorded at RecordedAt.
	Epoch      int64      `json:"epoch"`
	Seq        int64      `json:"seq"`
	Hash       store.Hash `json:"hash"`
	RecordedAt string     `json:"recorded_at"`
	// Note is that head, signed with the ledger's key; Key is the public part of
	// it, in the form of golang.org/x/mod/sumdb/note.
	Note string `json:"note"`
	Key  string `json:"key"`
	// Schema is the version of the tables, Version the program that wrote them.
	Schema  int64  `json:"schema"`
	Version string `json:"version"`
	MadeAt  string `json:"made_at"`
	// Bytes and SHA256 are those of the database.
	Bytes  int64  `json:"database_bytes"`
	SHA256 string `json:"database_sha256"`
	Demo   bool   `json:"demo,omitempty"`
}

// newManifest signs what is in a copy.
func newManifest(c sqlite.Copied, key *signer, now store.Instant) (manifest, error) {
	signed, err := key.Sign(c.Head)
	return manifest{
		Format: backupFormat, Store: c.Store, Epoch: c.Head.Epoch, Seq: c.Head.Seq, Hash: c.Head.Hash,
		RecordedAt: c.Head.RecordedAt.String(), Note: signed, Key: key.public,
		Schema: c.Schema, Version: c.Version, MadeAt: now.String(), Bytes: c.Bytes, Demo: c.Demo,
	}, err
}

// fingerprint names a public key, for people who compare.
func fingerprint(public string) string {
	sum := sha256.Sum256([]byte(public))
	return hex.EncodeToString(sum[:16])
}

// position names the newest entry, with seq 0 where there is none.
func (m *manifest) position() string { return fmt.Sprintf("%d-%d", m.Epoch, m.Seq) }

// errOtherKey: a backup was signed with another key than the one at hand.
var errOtherKey = errors.New("another key signed it")

// verifyHead tests that the signed head of the manifest is that of the copy,
// with key, or with the backup's own when that is nil. The error is errOtherKey
// when the signature is good and key did not make it.
func (m *manifest) verifyHead(head store.Head, key *signer) error {
	if head.Epoch != m.Epoch || head.Seq != m.Seq || head.Hash != m.Hash {
		return fmt.Errorf("its database ends at %d-%d and not where its manifest says", head.Epoch, head.Seq)
	}
	own, err := note.NewVerifier(m.Key)
	if err != nil || own.Name() != keyName(m.Store) {
		return errors.New("the key in its manifest is not one of this store")
	}
	head.Note = m.Note
	if err := (&signer{store: m.Store, verifier: own}).Verify(head); err != nil {
		return fmt.Errorf("the signature of its head is wrong: %w", err)
	}
	if key != nil && key.public != m.Key {
		return errOtherKey
	}
	return nil
}
