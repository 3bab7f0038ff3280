package cmd

import (
	"os"

	"golang.org/x/sys/windows"
)

// isConsole tells whether a file is a console window.
func isConsole(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}
