//go:build !unix

package centraltest

import (
	"errors"
	"os/exec"
)

type account struct{}

func findAccount() (account, error) {
	return account{}, errors.New("tests over PostgreSQL run on Unix only")
}

func (account) own(string) error { return nil }

func (account) runs(*exec.Cmd) {}
