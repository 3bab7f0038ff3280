//go:build !linux && !windows && !darwin

package cmd

import "os"

// machineID gives the FreeBSD and NetBSD id of the host, or else its name.
func machineID() (string, error) {
	id, err := machineFile("/etc/hostid", "/etc/machine-id")
	if err == nil {
		return id, nil
	}
	return os.Hostname()
}
