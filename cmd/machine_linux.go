package cmd

// machineID gives the id that the installation of the system made for itself;
// see machine-id(5).
func machineID() (string, error) {
	return machineFile("/etc/machine-id", "/var/lib/dbus/machine-id")
}
