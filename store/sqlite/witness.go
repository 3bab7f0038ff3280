package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
)

// WitnessFile is beside the database and names the newest entry that was
// acknowledged. A database whose newest changes went missing (its log was
// deleted, or an older copy was put in its place) looks whole by itself; the
// witness knows better. Whoever puts another database in its place on purpose
// removes it.
const WitnessFile = "shelfd.witness"

// witnessForm has the same length whatever is in it, so that a new one covers
// the old one: store, epoch, seq, hash.
const witnessForm = "%36s %019d %019d %64x\n"

// witness is what the file says.
type witness struct {
	store string
	at    store.Position
	hash  store.Hash
}

// readWitness gives nil where there is none, or one that a power cut left
// half-written: it is written after every commit and never synced, so it may be
// older than the database and is never newer.
func readWitness(dir string) (*witness, error) {
	text, err := os.ReadFile(filepath.Join(dir, WitnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var w witness
	var hash []byte
	if n, err := fmt.Sscanf(string(text), "%s %d %d %x", &w.store, &w.at.Epoch, &w.at.Seq, &hash); n != 4 || err != nil || copy(w.hash[:], hash) != len(w.hash) {
		return nil, nil //nolint:nilerr // It proves nothing then, which is no fault of the ledger's.
	}
	return &w, nil
}

// missing says what a witness knows of a database that is not there, or empty.
func (w *witness) missing(path string) error {
	if w == nil {
		return nil
	}
	return &store.Error{
		Code: store.CodeNotFound, Op: "open",
		Message: fmt.Sprintf("%s is missing, though its entries up to %s were saved; put it back, or restore a backup. Nothing was made in its place", path, w.at),
	}
}

// compare tells whether a database has the entry that the witness names. A
// later epoch says itself where it left the one before.
func (w *witness) compare(c *conn, path, name string) error {
	if w == nil {
		return nil
	}
	if w.store != name {
		return lost(path, fmt.Sprintf("is the ledger %s, and %s was here before", name, w.store))
	}
	head, err := newest(c)
	if err != nil || head.Epoch > w.at.Epoch {
		return err
	}
	if head.Epoch < w.at.Epoch || head.Seq < w.at.Seq {
		ends := "has no entries"
		if head.Seq > 0 {
			ends = "ends with entry " + store.Position{Epoch: head.Epoch, Seq: head.Seq}.String()
		}
		return lost(path, fmt.Sprintf("%s, but entries up to %s were saved: the newest changes are missing", ends, w.at))
	}
	r, err := c.first("SELECT hash FROM entry WHERE seq = ?", w.at.Seq)
	if err != nil {
		return err
	}
	var hash store.Hash
	if r == nil || r.fill(0, hash[:]) != nil || hash != w.hash {
		return lost(path, fmt.Sprintf("has another entry %s than the one that was saved", w.at))
	}
	return nil
}

func lost(path, what string) error {
	return &store.Error{
		Op: "open", Err: ErrLost,
		Message: fmt.Sprintf("%s %s. Put back the files that belong together (%s with its -wal), or restore a backup; "+
			"to go on without what is missing, remove %s", path, what, FileName, filepath.Join(filepath.Dir(path), WitnessFile)),
	}
}

// witnessWriter keeps the file up to date. It costs no sync, and what it cannot
// write it leaves: an old witness only knows less.
type witnessWriter struct {
	file *os.File
	name string
	// line is used again and again.
	line []byte
}

func openWitness(dir, name string) *witnessWriter {
	f, err := os.OpenFile(filepath.Join(dir, WitnessFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil
	}
	return &witnessWriter{file: f, name: name}
}

// put names the newest entry of a batch that is on disk.
func (w *witnessWriter) put(rows []store.Row) {
	if w == nil || len(rows) == 0 {
		return
	}
	last := &rows[len(rows)-1]
	w.line = fmt.Appendf(w.line[:0], witnessForm, w.name, last.Entry.Epoch, last.Entry.Seq, last.Hash[:])
	_, _ = w.file.WriteAt(w.line, 0)
}

func (w *witnessWriter) close() error {
	if w == nil {
		return nil
	}
	return w.file.Close()
}
