package cmd

import "github.com/spf13/cobra"

// stockCommands are those that move data in and out.
func stockCommands(o *rootOptions) []*cobra.Command {
	return []*cobra.Command{newImportCommand(o), newExportCommand(o), newSnapshotCommand(o), newTailCommand(o)}
}
