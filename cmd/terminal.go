package cmd

import (
	"io"
	"os"
)

// isTerminal tells whether somebody watches what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isConsole(f)
}
