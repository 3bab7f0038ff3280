package cmd

import (
	"path/filepath"
	"time"

	"github.com/shelfd/shelfd/store"
)

// oldBackup is how old the newest backup may be unremarked.
const oldBackup = 2 * day

// checkBackup tells how old the newest backup is.
func (d *doctor) checkBackup() finding {
	const remedy = "shelfd backup FILE makes one; backup.schedule in the configuration makes them by itself"
	b, err := readBackupStatus(d.dir)
	if err != nil {
		return look("backup", "backup.unknown", remedy, "it cannot be told how old the newest is: %s", err)
	}
	age := store.InstantOf(d.clock.Wall()).Sub(b.At).Round(time.Hour)
	switch {
	case b.Error != "":
		return bad("backup", "backup.failed", "mend that; the next one is tried as scheduled", "the last one failed: %s", b.Error)
	case b.At == 0:
		return look("backup", "backup.none", remedy, "none is known")
	case age < -time.Hour:
		return look("backup", "backup.unknown", remedy, "it cannot be told how old the newest is: it was made at %s by a clock that was ahead", b.At)
	case age > oldBackup:
		return look("backup", "backup.old", remedy, "the newest is %d days old", int(age/day))
	}
	return good("backup", "backup", "the newest was made at %s (%s)", b.At, filepath.Base(b.File))
}
