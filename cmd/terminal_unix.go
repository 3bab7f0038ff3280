//go:build unix

package cmd

import (
	"os"

	"golang.org/x/sys/unix"
)

// isConsole tells whether a file is a terminal: only those have a size.
func isConsole(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
