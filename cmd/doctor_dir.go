package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store/sqlite"
)

// checkDirectory looks at the data directory itself: whether it is there, whose
// it is and who may read it.
func (d *doctor) checkDirectory() []finding {
	const check = "data directory"
	info, err := os.Stat(d.dir)
	d.noDirectory = err == nil && !info.IsDir()
	switch {
	case errors.Is(err, fs.ErrNotExist) && sqlite.CheckDir(existing(d.dir)) != nil:
		return []finding{look(check, "data_dir.missing", "", "%s is not there and cannot be made: %s", d.dir, sentencesOf(sqlite.CheckDir(existing(d.dir)))[0])}
	case errors.Is(err, fs.ErrNotExist):
		return []finding{look(check, "data_dir.missing", "if the ledger is elsewhere, name its directory with data_dir or --data-dir; else shelfd serve makes one",
			"%s is not there", d.dir)}
	case d.noDirectory, sqlite.CheckDir(d.dir) != nil:
		return []finding{bad(check, "data_dir.no_access", "", "%s", sentencesOf(sqlite.CheckDir(d.dir))[0])}
	case err != nil:
		return []finding{bad(check, "data_dir.no_access", "run it as the account of the service, or as an administrator", "%s", err)}
	}
	list := ownership(d.dir, info)
	if open := openFiles(d.dir, info); len(open) > 0 {
		list = append(list, bad(check, "data_dir.readable",
			"take the rights of others away: chmod 700 on the directory, chmod 600 on the files",
			"other accounts may read %s: tokens and keys are in there", strings.Join(open, ", ")))
	}
	if len(list) == 0 {
		list = append(list, good(check, "data_dir", "%s, for its owner only", d.dir))
	}
	return list
}

// privateFiles are what nobody but the owner may read.
var privateFiles = []string{
	sqlite.FileName, sqlite.FileName + "-wal", sqlite.FileName + "-shm", keyFile, sealFile, controlFile, enrolmentFile,
}

// checkDisk looks at what is below the directory.
func (d *doctor) checkDisk() []finding {
	at := existing(d.dir)
	var list []finding
	if folder := syncedFolder(d.dir); folder != "" {
		list = append(list, bad("disk", "disk.synced", "move the data directory out of it and set data_dir; for copies, make backups",
			"%s is in a folder that %s copies elsewhere while it is written, which damages databases", d.dir, folder))
	}
	switch kind := diskKind(at); {
	case slices.Contains(networkDisks, kind):
		list = append(list, bad("disk", "disk.network", "move the data directory to a disk of this machine and set data_dir",
			"%s is on a network drive (%s), where no database is safe", d.dir, kind))
	case kind == memoryDisk:
		list = append(list, look("disk", "disk.memory", "move the data directory to a real disk, unless this is a trial", "%s is in memory and gone when the machine stops", d.dir))
	}
	return append(list, d.checkRoom(at))
}

const (
	// roomNeeded is what a day's work may need, in bytes, besides a copy of the
	// database, which an update and a backup make.
	roomNeeded = 256 << 20
	roomAtAll  = 32 << 20
)

func (d *doctor) checkRoom(at string) finding {
	free, err := sqlite.FreeBytes(at)
	if err != nil {
		return look("disk", "disk.unknown", "", "the free space beside %s cannot be asked for: %s", d.dir, err)
	}
	var database int64
	if info, err := os.Stat(filepath.Join(d.dir, sqlite.FileName)); err == nil {
		database = info.Size()
	}
	text := bytesText(free) + " free"
	switch {
	case free < roomAtAll:
		return bad("disk", "disk.full", "make room: what cannot be saved is refused", "only %s", text)
	case free < roomNeeded+database:
		return look("disk", "disk.low", "make room: an update and a backup need as much as the database has ("+bytesText(database)+")", "only %s", text)
	}
	return good("disk", "disk", "%s", text)
}

// existing gives the nearest directory that there is.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// syncPrograms are folders of programs that copy files elsewhere, by the
// beginning of their names, which end in the name of an account or of a firm.
var syncPrograms = map[string]string{
	"onedrive": "OneDrive", "dropbox": "Dropbox", "google drive": "Google Drive", "googledrive": "Google Drive",
	"icloud": "iCloud", "mobile documents": "iCloud", "com~apple~clouddocs": "iCloud", "nextcloud": "Nextcloud",
	"owncloud": "ownCloud", "pcloud": "pCloud", "box sync": "Box", "syncthing": "Syncthing",
}

// syncedFolder names the program that copies a directory elsewhere, "" for none.
func syncedFolder(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		name := strings.ToLower(filepath.Base(at))
		for begins, program := range syncPrograms {
			if strings.HasPrefix(name, begins) {
				return program
			}
		}
		for marker, program := range map[string]string{".stfolder": "Syncthing", ".dropbox": "Dropbox"} {
			if _, err := os.Stat(filepath.Join(at, marker)); err == nil {
				return program
			}
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}
