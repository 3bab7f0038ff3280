package cmd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/shelfd/shelfd/store"
)

// controlFile is where a running server says how to reach it. Only the owner
// of the data directory can read it.
const controlFile = "control.json"

// control is how the commands of this machine reach the running server.
type control struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
	// Token is an admin token that holds as long as this server runs. The
	// ledger does not know it.
	Token string `json:"token"`
	// Certificate is SHA-256 of the server's certificate (DER), in hex; empty
	// without TLS. A certificate seldom names the loopback address.
	Certificate string `json:"certificate_sha256,omitempty"`
}

// newSecret makes the secret of a token, with 256 random bits.
func newSecret() string {
	var b [sha256.Size]byte
	// It never fails: crypto/rand ends the process instead.
	_, _ = rand.Read(b[:])
	return store.TokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// writeControl replaces the control file in one step.
func writeControl(dir string, c control) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(filepath.Join(dir, controlFile), append(data, '\n'))
}

// writePrivate replaces a file that only its owner may read: the whole of it
// or nothing.
func writePrivate(path string, data []byte) (err error) {
	// CreateTemp makes it with mode 0600.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readControl reads what the last server wrote. It may have ended since.
func readControl(dir string) (c control, err error) {
	data, err := os.ReadFile(filepath.Join(dir, controlFile))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: %w", controlFile, err)
	}
	return c, nil
}

// removeControl takes the control file away when it is still the one with
// token.
func removeControl(dir, token string) error {
	c, err := readControl(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && c.Token != token {
		return nil
	}
	return os.Remove(filepath.Join(dir, controlFile))
}

// alive tells whether there is a process with that id.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	// Windows knows no signal 0, but there FindProcess has told already.
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
