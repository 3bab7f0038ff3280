package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// enrolmentFile is where a store keeps where central is and the key that
// central gave it. Only the owner of the data directory can read it, and the
// ledger never has it: a copy of the ledger is no store.
const enrolmentFile = "central.json"

// enrolment is what a store needs to speak to central.
type enrolment struct {
	URL string `json:"url"`
	Key string `json:"key"`
	// Name is what central calls the store.
	Name string `json:"name,omitempty"`
}

// errNotEnrolled: the store has no central.
var errNotEnrolled = errors.New("this store is not enrolled at central")

// enrolmentOf gives what the configuration says, or else the file in the data
// directory; errNotEnrolled when neither says anything.
func enrolmentOf(c Config, dir string) (e enrolment, err error) {
	if c.Sync.Central.URL != "" {
		var key Secret
		err := setSecret(&key, "file:"+string(c.Sync.Central.KeyFile), "")
		if err != nil {
			return e, withExit(exitConfig, fmt.Errorf("sync.central.key_file: %w", err))
		}
		return enrolment{URL: c.Sync.Central.URL, Key: string(key)}, nil
	}
	data, err := readAtMost(filepath.Join(dir, enrolmentFile), maxSecretFile)
	if errors.Is(err, fs.ErrNotExist) {
		return e, errNotEnrolled
	}
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	if err != nil {
		return e, withExit(exitConfig, fmt.Errorf("%s: %w", filepath.Join(dir, enrolmentFile), err))
	}
	return e, nil
}

// writeEnrolment replaces the file in one step.
func writeEnrolment(dir string, e enrolment) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(filepath.Join(dir, enrolmentFile), append(data, '\n'))
}

// removeEnrolment takes the file away; errNotEnrolled when there is none.
func removeEnrolment(dir string) error {
	err := os.Remove(filepath.Join(dir, enrolmentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return errNotEnrolled
	}
	return err
}
