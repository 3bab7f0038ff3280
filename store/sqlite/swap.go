package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/shelfd/shelfd/store"
)

const (
	// StagingName is the folder of a data directory in which a ledger is made
	// ready to take the place of the one that is there.
	StagingName = "restoring"
	// swapFile says that a ledger in the staging folder is ready, and where the
	// one that is there goes. While it is there, the next opening for writing
	// finishes the work.
	swapFile = "restore.json"
)

// swap is one ledger that takes the place of another. From the moment it is
// written down it is decided: each step may be broken off and done again.
type swap struct {
	// Aside is the folder of the data directory for what is there now.
	Aside string `json:"aside"`
	// Also are other files of the data directory that go there.
	Also []string `json:"also,omitempty"`

	dir string
	// cut is called before each step, in tests; an error ends it there.
	cut func() error
}

// Hold is a data directory that no other process uses meanwhile.
type Hold struct {
	dir  string
	lock *os.File
}

// TakeHold takes the lock of a data directory, which it makes when it is not
// there, and finishes what an interrupted Replace began. The error wraps
// ErrLocked when another process has it.
func TakeHold(dir string) (*Hold, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	if err := finishSwap(dir); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Hold{dir, lock}, nil
}

// Replace puts the closed ledger in the staging folder in the place of the one
// that is there, which goes, with the files also, into the folder aside of the
// data directory. An error before it is decided leaves everything as it was;
// afterwards the next start finishes it, and the error says so.
func (h *Hold) Replace(aside string, also []string) error {
	// Only the database moves: what is still in its log would be lost.
	log, err := fileBytes(filepath.Join(h.dir, StagingName, FileName) + "-wal")
	if err == nil && log > 0 {
		err = &store.Error{Op: "restore", Message: "the restored ledger could not be closed in " + h.dir + "; see that its disk has room, then restore again. Nothing was changed"}
	}
	if err != nil {
		return err
	}
	return (&swap{Aside: aside, Also: also, dir: h.dir, cut: func() error { return nil }}).start()
}

// Close lets go of the directory.
func (h *Hold) Close() error { return h.lock.Close() }

// Exists tells whether a data directory holds a ledger, or one that is about
// to take its place.
func Exists(dir string) (bool, error) {
	for _, name := range []string{FileName, swapFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// isSwapping tells whether a Replace was interrupted.
func isSwapping(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, swapFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func interrupted(dir string) error {
	return &store.Error{Op: "open", Message: "a restore of " + dir + " was interrupted; start shelfd there, or restore once more, and it is finished"}
}

func (s *swap) start() error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	err = s.step(func() error { return writeDurably(filepath.Join(s.dir, swapFile), data) })
	if err != nil {
		return err
	}
	if err := s.finish(); err != nil {
		return unfinished(s.dir, err)
	}
	return nil
}

func unfinished(dir string, err error) error {
	return &store.Error{
		Op: "restore", Err: err,
		Message: fmt.Sprintf("the restored ledger could not take its place in %s (%v); nothing is lost, and the next start of shelfd there finishes it", dir, err),
	}
}

// finishSwap finishes what an interrupted Replace began, and removes what was
// staged and never decided. The lock of the directory is held.
func finishSwap(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, swapFile))
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(filepath.Join(dir, StagingName))
	}
	s := &swap{dir: dir, cut: func() error { return nil }}
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err == nil {
		err = s.finish()
	}
	if err != nil {
		return unfinished(dir, err)
	}
	return nil
}

// finish does what is left. As long as the new ledger is in the staging folder,
// the one in its place is the old one.
func (s *swap) finish() error {
	staged := filepath.Join(s.dir, StagingName, FileName)
	_, err := os.Stat(staged)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := s.moveAside(); err != nil {
			return err
		}
		if err := s.move(staged, filepath.Join(s.dir, FileName)); err != nil {
			return err
		}
	}
	if err := s.step(func() error { return os.RemoveAll(filepath.Join(s.dir, StagingName)) }); err != nil {
		return err
	}
	if err := s.step(func() error { return os.Remove(filepath.Join(s.dir, swapFile)) }); err != nil {
		return err
	}
	return syncDir(s.dir)
}

func (s *swap) step(do func() error) error {
	if err := s.cut(); err != nil {
		return err
	}
	return do()
}

func (s *swap) moveAside() error {
	aside := filepath.Join(s.dir, filepath.Base(s.Aside))
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	// The log and the witness go with the database that they belong to.
	for _, name := range append([]string{WitnessFile, FileName + "-shm", FileName + "-wal", FileName}, s.Also...) {
		from := filepath.Join(s.dir, filepath.Base(name))
		if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := s.move(from, filepath.Join(aside, filepath.Base(name))); err != nil {
			return err
		}
	}
	// An empty one: there was nothing to move.
	if err := os.Remove(aside); err == nil {
		return nil
	}
	return syncDir(aside)
}

func (s *swap) move(from, to string) error {
	if err := s.step(func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// writeDurably writes a small file for its owner only: the whole of it or
// nothing, and on the disk.
func writeDurably(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes what was renamed in a directory last.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // has no way to
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
