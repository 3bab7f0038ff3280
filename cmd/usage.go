package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// usageError says what is wrong with the call of a command, and where it is
// explained.
func usageError(c *cobra.Command, err error) error {
	text, path := strings.TrimSpace(err.Error()), c.CommandPath()
	if names, ok := strings.CutPrefix(text, "required flag(s) "); ok {
		names = strings.TrimSuffix(names, " not set")
		text = "--" + strings.NewReplacer(`", "`, " and --", `"`, "").Replace(names) + " must be given"
	}
	text, _, _ = strings.Cut(text, ": strconv.")
	if strings.HasPrefix(text, "accepts ") && strings.Contains(text, " arg(s)") {
		text = "it is called as: " + c.UseLine()
	}
	if strings.Contains(text, "\n") {
		return errors.New(text + "\n\nSee " + path + " --help")
	}
	return errors.New(text + "; see " + path + " --help")
}
