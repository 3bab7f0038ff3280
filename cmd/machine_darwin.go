package cmd

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"time"
)

var platformUUID = regexp.MustCompile(`"IOPlatformUUID" = "([^"]+)"`)

// machineID gives the id of the hardware, which ioreg tells.
func machineID() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice").Output()
	if err != nil {
		return "", fmt.Errorf("the id of this machine cannot be read: %w", err)
	}
	m := platformUUID.FindSubmatch(out)
	if m == nil {
		return "", errNoMachine
	}
	return string(m[1]), nil
}
