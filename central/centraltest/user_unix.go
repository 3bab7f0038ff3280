//go:build unix

package centraltest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs PostgreSQL, which refuses to run as root: user postgres
// then, else whoever runs the tests.
type account struct{ uid, gid int }

func findAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{os.Geteuid(), os.Getegid()}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return account{}, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		return account{}, fmt.Errorf("user postgres has ids %q and %q", u.Uid, u.Gid)
	}
	return account{uid, gid}, nil
}

// own gives a directory to the account.
func (a account) own(dir string) error { return os.Chown(dir, a.uid, a.gid) }

// runs makes the command run as the account and outside the test's process
// group, so that Ctrl-C does not reach it.
func (a account) runs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
