package cmd

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
)

// backupFileName is where the data directory says how its newest backup went,
// whoever made it. There is nothing secret in it.
const backupFileName = "backup.json"

// maxBackupStatus is more than a status needs, in bytes.
const maxBackupStatus = 64 << 10

// backupStatus is how the newest backup went.
type backupStatus struct {
	// At is when the newest good one was made, 0 for never; the rest up to Seq
	// is about it.
	At    store.Instant `json:"at"`
	File  string        `json:"file"`
	Bytes int64         `json:"bytes"`
	Epoch int64         `json:"epoch"`
	Seq   int64         `json:"seq"`
	// TriedAt is when one was tried last, Error why that failed, "" when it did
	// not.
	TriedAt store.Instant `json:"tried_at"`
	Error   string        `json:"error,omitempty"`
}

// readBackupStatus gives the zero status where there is none.
func readBackupStatus(dir string) (s backupStatus, err error) {
	data, err := readAtMost(filepath.Join(dir, backupFileName), maxBackupStatus)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

func writeBackupStatus(dir string, s backupStatus) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, backupFileName)
	if err := writePrivate(path, append(data, '\n')); err != nil {
		return err
	}
	return giveTo(dir, path)
}
