package cmd

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/shelfd/shelfd/store"
)

// lastBackup is what whoever made the last backup left beside the ledger.
type lastBackup struct {
	At    store.Instant `json:"at"`
	File  string        `json:"file"`
	Error string        `json:"error"`
}

const (
	lastBackupFile = "backup.json"
	maxLastBackup  = 64 << 10
	// oldBackup is how old the newest backup may be unremarked.
	oldBackup = 2 * day
)

// checkBackup tells how old the newest backup is.
func (d *doctor) checkBackup() finding {
	const remedy = "shelfd backup FILE makes one; backup.schedule in the configuration makes them by itself"
	var b lastBackup
	data, err := readAtMost(filepath.Join(d.dir, lastBackupFile), maxLastBackup)
	if errors.Is(err, fs.ErrNotExist) {
		return look("backup", "backup.none", remedy, "none is known")
	}
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil {
		return look("backup", "backup.unknown", remedy, "it cannot be told how old the newest is: %s", err)
	}
	age := store.InstantOf(d.clock.Wall()).Sub(b.At).Round(time.Hour)
	switch {
	case b.Error != "":
		return bad("backup", "backup.failed", "mend that; the next one is tried as scheduled", "the last one failed: %s", b.Error)
	case b.At == 0:
		return look("backup", "backup.none", remedy, "none was made yet")
	case age > oldBackup:
		return look("backup", "backup.old", remedy, "the newest is %d days old", int(age/day))
	}
	return good("backup", "backup", "the newest was made at %s (%s)", b.At, filepath.Base(b.File))
}
