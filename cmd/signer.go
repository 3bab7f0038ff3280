package cmd

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/shelfd/shelfd/store"
)

// keyFile holds the Ed25519 key that signs the heads of the ledger: the
// private and the public key in the forms of golang.org/x/mod/sumdb/note, a
// line each.
const keyFile = "ledger.key"

// errNoKey tells that a data directory has no key.
var errNoKey = errors.New("there is no " + keyFile)

// signer signs the heads of one store's ledger, and tests such signatures.
type signer struct {
	store    store.ID
	sign     note.Signer
	verifier note.Verifier
	// public is the public key as text, which a backup carries.
	public string
}

// openSigner reads the key of a data directory, or makes one. made tells which.
func openSigner(dir string, id store.ID) (s *signer, made bool, err error) {
	s, err = readSigner(dir, id)
	if !errors.Is(err, errNoKey) {
		return s, false, err
	}
	private, public, err := note.GenerateKey(rand.Reader, keyName(id))
	if err != nil {
		return nil, false, err
	}
	if err := writePrivate(filepath.Join(dir, keyFile), []byte(private+"\n"+public+"\n")); err != nil {
		return nil, false, fmt.Errorf("the key of the ledger cannot be written: %w", err)
	}
	s, err = readSigner(dir, id)
	return s, true, err
}

// readSigner reads the key of a data directory; the error is errNoKey when
// there is none.
func readSigner(dir string, id store.ID) (*signer, error) {
	path := filepath.Join(dir, keyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the ledger cannot be read: %w", err)
	}
	private, public, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	sign, err := note.NewSigner(private)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	if sign.Name() != keyName(id) || verifier.Name() != sign.Name() || verifier.KeyHash() != sign.KeyHash() {
		return nil, fmt.Errorf("%s is the key of %s, and this ledger is %s; put back the key that belongs to it", path, sign.Name(), keyName(id))
	}
	return &signer{id, sign, verifier, public}, nil
}

func keyName(id store.ID) string { return "shelfd/" + id.String() }

// headText is what is signed of a head, a line each: origin (which ledger and
// epoch), seq, the hash in base64, and when the entry was recorded. The first
// three are those of a C2SP tlog-checkpoint.
func headText(id store.ID, h store.Head) string {
	return fmt.Sprintf("%s/%d\n%d\n%s\n%s\n", keyName(id), h.Epoch, h.Seq, base64.StdEncoding.EncodeToString(h.Hash[:]), h.RecordedAt)
}

// Sign makes the signed note of a head.
func (s *signer) Sign(h store.Head) (string, error) {
	signed, err := note.Sign(&note.Note{Text: headText(s.store, h)}, s.sign)
	return string(signed), err
}

// errForeignKey tells that a head was signed with another key, as when the key
// was lost and made anew.
var errForeignKey = errors.New("it was signed with a key that is not in " + keyFile)

// Verify tests that a head's note is about that head and signed with this key.
// The error is errForeignKey when it is another key's.
func (s *signer) Verify(h store.Head) error {
	n, err := note.Open([]byte(h.Note), note.VerifierList(s.verifier))
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n, err = unverified.Note, errForeignKey
	}
	if err != nil && !errors.Is(err, errForeignKey) {
		return err
	}
	if n.Text != headText(s.store, h) {
		return errors.New("the signed text is about another head")
	}
	return err
}
