package cmd

import (
	"errors"
	"os"
	"strings"
)

// errNoMachine: this system keeps no id of itself.
var errNoMachine = errors.New("this machine has no id of its own")

// maxMachineFile is more than any id of a machine needs, in bytes.
const maxMachineFile = 4 << 10

// machineOf gives the configured id of this machine, or else the system's own.
// Where there is neither it is empty, and a copied data directory cannot be
// told from the first one.
func (c Config) machineOf() (string, error) {
	if c.MachineID != "" {
		return c.MachineID, nil
	}
	id, err := machineID()
	if errors.Is(err, errNoMachine) {
		return "", nil
	}
	return id, err
}

// machineFile gives the id in the first of some files that holds one.
func machineFile(names ...string) (string, error) {
	for _, name := range names {
		data, err := readAtMost(name, maxMachineFile)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		// systemd writes "uninitialized" while an image is being made.
		if id := strings.TrimSpace(string(data)); id != "" && id != "uninitialized" {
			return id, nil
		}
	}
	return "", errNoMachine
}
