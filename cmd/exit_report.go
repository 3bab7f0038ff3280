package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

// failure is an error as -o json shows it: a problem (RFC 9457) with the exit
// code. Of a fault that the API told, it has all members.
type failure struct {
	problem
	ExitCode int `json:"exit_code"`
}

// report tells an error once, on standard error.
func (o *rootOptions) report(err error) {
	switch {
	case err == nil:
	case o.asJSON():
		_ = writeJSON(o.stderr, failureOf(err))
	default:
		fmt.Fprintf(o.stderr, "shelfd: %s\n", strings.Join(sentencesOf(err), "\n  "))
	}
}

func failureOf(err error) failure {
	f := failure{ExitCode: exitCode(err)}
	var p *problem
	if errors.As(err, &p) {
		f.problem = *p
		return f
	}
	f.Type, f.Title, f.Code = "about:blank", exitMeaning(f.ExitCode), store.CodeOf(err)
	f.Detail = sentencesOf(err)[0]
	f.Errors = faultsOf(err)
	return f
}

// faultsOf lists the faults of a configuration, with their places.
func faultsOf(err error) []problemDetail {
	var list []problemDetail
	for _, e := range joined(err) {
		if k, ok := errors.AsType[*keyError](e); ok {
			list = append(list, problemDetail{Pointer: k.Key, Detail: e.Error(), At: k.At.String()})
		}
	}
	return list
}

// sentencesOf gives an error for a person: the sentence, then all that is
// wrong, each on a line.
func sentencesOf(err error) []string {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.sentences()
	}
	if list := joined(err); len(list) > 1 {
		lines := []string{fmt.Sprintf("%d things are wrong:", len(list))}
		for _, e := range list {
			lines = append(lines, e.Error())
		}
		return lines
	}
	if e, ok := errors.AsType[*store.Error](err); ok && e.Message != "" {
		return []string{e.Message}
	}
	return []string{err.Error()}
}

// joined takes an error apart that errors.Join made. It looks behind an exit
// code only: the causes of any other error are its own.
func joined(err error) []error {
	if e, ok := err.(*exitError); ok { //nolint:errorlint // Only the outermost is opened.
		err = e.err
	}
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		return list.Unwrap()
	}
	return []error{err}
}

// exitMeanings is the contract of docs/exit-codes.md in a line each.
var exitMeanings = []struct {
	code int
	text string
}{
	{exitOK, "done"},
	{exitFailure, "a failure that has no code of its own"},
	{exitUsage, "wrong usage; nothing was done"},
	{exitConfig, "the configuration cannot be used"},
	{exitNotFound, "something that was named does not exist"},
	{exitRefused, "refused; nothing was written"},
	{exitUnreachable, "the server cannot be reached or does not accept the token"},
	{exitInUse, "the data directory is in use by another process"},
	{exitDamaged, "the ledger is damaged"},
	{exitStorage, "storage failed and the outcome is unknown"},
	{exitPartial, "partly done: some rows or items were left out"},
	{exitUnsynced, "a destination could not be reached or brought up to date; nothing is lost"},
	{exitDiffers, "something differs at a point of sale that nothing on its way explains"},
	{exitAddress, "the address to serve on cannot be used"},
	{exitNoAccess, "the data directory cannot be used by this account, or not be written"},
	{exitFull, "the disk has not enough space"},
	{exitForeign, "a file is not shelfd's"},
	{exitNewer, "the ledger was written by a newer version"},
	{exitUnwell, "doctor found something that somebody must mend"},
	{exitStopped, "the service is installed and does not run"},
	{exitFailed, "the service does not run because it failed"},
	{exitInterrupted, "interrupted before it was done"},
}

func exitMeaning(code int) string {
	for _, m := range exitMeanings {
		if m.code == code {
			return m.text
		}
	}
	return ""
}

// exitHeading begins the section of a help that exitStatus writes.
const exitHeading = "\n\nEXIT STATUS\n"

// exitStatus is the last section of a command's help: the codes it may end
// with besides 0, 1, 2 and 3.
func exitStatus(codes ...int) string {
	var b strings.Builder
	b.WriteString(exitHeading)
	for _, code := range append([]int{exitOK}, codes...) {
		fmt.Fprintf(&b, "  %-4d %s\n", code, exitMeaning(code))
	}
	b.WriteString("  All codes: shelfd help exit-codes")
	return b.String()
}

// newExitCodesTopic is help without a command.
func newExitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Scripts can rely on these numbers; they do not change their meaning.\n\nEXIT STATUS\n")
	for _, m := range exitMeanings {
		fmt.Fprintf(&b, "  %-4d %s\n", m.code, m.text)
	}
	return &cobra.Command{Use: "exit-codes", Short: "The numbers that commands end with", Long: strings.TrimSpace(b.String())}
}
