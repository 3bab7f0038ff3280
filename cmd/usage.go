package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// usageError says what is wrong with the call of a command, and where it is
// explained.
func usageError(c *cobra.Command, err error) error {
	text, path := usageText(c, strings.TrimSpace(err.Error())), c.CommandPath()
	if strings.Contains(text, "\n") {
		return errors.New(text + "\n\nSee " + path + " --help")
	}
	return errors.New(text + "; see " + path + " --help")
}

// usageText says in plain words what the library says in its own.
func usageText(c *cobra.Command, text string) string {
	if names, ok := strings.CutPrefix(text, "required flag(s) "); ok {
		names = strings.TrimSuffix(names, " not set")
		return "--" + strings.NewReplacer(`", "`, " and --", `"`, "").Replace(names) + " must be given"
	}
	if names, ok := strings.CutPrefix(text, "at least one of the flags in the group ["); ok {
		names, _, _ = strings.Cut(names, "]")
		return "one of these must be given: --" + strings.ReplaceAll(names, " ", ", --")
	}
	if _, names, ok := strings.Cut(text, "none of the others can be; ["); ok {
		names, _, _ = strings.Cut(names, "]")
		return "these do not go together: --" + strings.ReplaceAll(names, " ", ", --")
	}
	if strings.HasPrefix(text, "accepts ") && strings.Contains(text, " arg(s)") {
		return "it is called as: " + c.UseLine()
	}
	text, _, _ = strings.Cut(text, ": strconv.")
	return text
}
