package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// lockFile is beside the database, because nothing but SQLite may open that.
const lockFile = "shelfd.lock"

// takeLock takes the data directory for as long as the file stays open. The
// system lets go of it when the process ends, however it ends.
func takeLock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := sign(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sign locks the file and writes the process id, for whoever is refused.
func sign(f *os.File) error {
	if err := lock(f); err != nil && !isHeld(err) {
		return &store.Error{
			Op: "open", Err: errors.Join(ErrNoAccess, err),
			Message: fmt.Sprintf("%s cannot be locked, as on some network drives; put the data directory on a disk of this machine", f.Name()),
		}
	} else if err != nil {
		return &store.Error{
			Op: "open", Err: fmt.Errorf("%w: %w", ErrLocked, err),
			Message: fmt.Sprintf("%s is in use by another shelfd%s", filepath.Dir(f.Name()), holderOf(f)),
		}
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

func holderOf(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}
