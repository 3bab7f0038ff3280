package cmd

import (
	"fmt"

	"golang.org/x/sys/windows/registry"
)

// machineID gives the id that the installation of Windows made for itself.
func machineID() (id string, err error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return "", fmt.Errorf("the id of this machine cannot be read: %w", err)
	}
	defer func() { _ = k.Close() }()
	if id, _, err = k.GetStringValue("MachineGuid"); err != nil {
		return "", fmt.Errorf("the id of this machine cannot be read: %w", err)
	}
	if id == "" {
		return "", errNoMachine
	}
	return id, nil
}
