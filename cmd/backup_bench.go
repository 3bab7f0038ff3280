package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/shelfd/shelfd/store/sqlite"
)

// bench is a folder beside the place of a backup in which the copy and the file
// are made, so that nobody takes them for a backup. Others may make backups in
// the same place, of this ledger or of another store's.
type bench struct {
	dir  string
	hold *sqlite.Hold
}

// benchPrefix begins the names of such folders.
const benchPrefix = "shelfd-backup.part-"

// takeBench makes a folder of its own, and clears away those that were broken
// off: their lock went with the process that had it.
func takeBench(place string) (*bench, error) {
	left, err := os.ReadDir(place)
	if err != nil {
		return nil, fileError(place, err)
	}
	for _, e := range left {
		dir := filepath.Join(place, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), benchPrefix) {
			continue
		}
		if hold, err := sqlite.TakeHold(dir); err == nil {
			_ = (&bench{dir, hold}).close() // what another account made stays
		}
	}
	dir, err := os.MkdirTemp(place, benchPrefix+"*")
	if err != nil {
		return nil, fileError(place, err)
	}
	// On a disk without locks it is not cleared away by others either.
	hold, _ := sqlite.TakeHold(dir)
	return &bench{dir, hold}, nil
}

func (b *bench) close() (err error) {
	if b.hold != nil {
		err = b.hold.Close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
