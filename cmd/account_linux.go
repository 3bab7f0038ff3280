package cmd

import (
	"context"
	"errors"
	"os/exec"
)

// serviceAccount is the account of the service.
const serviceAccount = "shelfd"

// addAccount makes the account with the tools of the shadow suite (Debian, Red
// Hat) or of BusyBox (Alpine).
func addAccount(ctx context.Context) error {
	shell := "/usr/sbin/nologin"
	if _, err := exec.LookPath(shell); err != nil {
		shell = "/sbin/nologin"
	}
	if tool, err := exec.LookPath("useradd"); err == nil {
		return runTool(ctx, tool, "--system", "--user-group", "--home-dir", systemDir(), "--no-create-home",
			"--shell", shell, serviceAccount)
	}
	if tool, err := exec.LookPath("adduser"); err == nil {
		// The group may be there from an attempt before.
		_ = runTool(ctx, "addgroup", "-S", serviceAccount)
		return runTool(ctx, tool, "-S", "-D", "-H", "-h", systemDir(), "-s", shell, "-G", serviceAccount, serviceAccount)
	}
	return errors.New("neither useradd nor adduser is here; make the account " + serviceAccount + " by hand and install again")
}
