package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

// serviceAccount is the account of the service; those of macOS' services begin
// with a line.
const serviceAccount = "_shelfd"

// addAccount makes account and group in the local directory, with a number that
// neither has yet, out of those below 500 that are not shown at login.
func addAccount(ctx context.Context) error {
	id, err := freeID(ctx)
	if err != nil {
		return err
	}
	group, account := "/Groups/"+serviceAccount, "/Users/"+serviceAccount
	for _, args := range [][]string{
		{group}, {group, "PrimaryGroupID", id}, {group, "RealName", "shelfd"},
		{account}, {account, "UniqueID", id}, {account, "PrimaryGroupID", id}, {account, "RealName", "shelfd"},
		{account, "NFSHomeDirectory", "/var/empty"}, {account, "UserShell", "/usr/bin/false"}, {account, "IsHidden", "1"},
	} {
		if err := runTool(ctx, "dscl", append([]string{".", "-create"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

func freeID(ctx context.Context) (string, error) {
	used := map[int]bool{}
	for _, list := range [][2]string{{"/Users", "UniqueID"}, {"/Groups", "PrimaryGroupID"}} {
		out, err := exec.CommandContext(ctx, "dscl", ".", "-list", list[0], list[1]).Output()
		if err != nil {
			return "", err
		}
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) > 1 {
				id, _ := strconv.Atoi(words[len(words)-1])
				used[id] = true
			}
		}
	}
	for id := 499; id >= 300; id-- {
		if !used[id] {
			return strconv.Itoa(id), nil
		}
	}
	return "", errors.New("no number from 300 to 499 is free for the account")
}
