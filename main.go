// Command shelfd keeps the stock of a shop: an inventory API on a ledger.
package main

import (
	"os"
	_ "time/tzdata" // Zone data for machines that have none.

	"github.com/shelfd/shelfd/cmd"
)

// Set by the linker: -X main.version=1.2.3 -X main.commit=0123abc.
var version, commit string

func main() {
	os.Exit(cmd.Execute(cmd.Program{
		Version: version, Commit: commit, Args: os.Args[1:], Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
