package cmd

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	sqlite3 "modernc.org/sqlite/lib"
)

// buildInfo says which program this is.
type buildInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	SQLite  string `json:"sqlite"`
	System  string `json:"system"`
}

// buildOf takes version and commit from the linker, else from what the go
// command wrote into the program, else says that they are not known.
func buildOf(p Program) buildInfo {
	b := buildInfo{
		Version: p.Version, Commit: p.Commit, Go: runtime.Version(),
		SQLite: sqlite3.SQLITE_VERSION, System: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			b.Version = cmp.Or(b.Version, info.Main.Version)
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = cmp.Or(b.Commit, s.Value)
			}
		}
	}
	b.Version, b.Commit = cmp.Or(b.Version, "devel"), cmp.Or(b.Commit, "unknown")
	return b
}

func newVersionCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which program this is", Args: cobra.NoArgs,
		Long: "Says which version, commit, Go and SQLite this program is made of." + exitStatus(),
		RunE: func(*cobra.Command, []string) error { return o.showVersion() },
	}
}

func (o *rootOptions) showVersion() error {
	if o.asJSON() {
		return o.json(o.build)
	}
	b := o.build
	_, err := fmt.Fprintf(o.stdout, "shelfd %s\ncommit %s\n%s, SQLite %s, %s\n", b.Version, b.Commit, b.Go, b.SQLite, b.System)
	return err
}
