package cmd

import (
	"context"
	"errors"
)

// The exit codes are a contract for scripts and service managers; see
// docs/exit-codes.md.
const (
	exitOK = 0
	// exitFailure is any failure that has no code of its own.
	exitFailure = 1
	// exitUsage is a wrong command, flag or argument.
	exitUsage = 2
	// exitConfig is a configuration that cannot be used.
	exitConfig = 3
	// exitNotFound is a thing named that does not exist.
	exitNotFound = 4
	// exitRefused is input or a change that the rules refuse; nothing was
	// written.
	exitRefused = 5
	// exitUnreachable is a server that does not answer or does not let us in.
	exitUnreachable = 6
	// exitInUse is a data directory that another process holds.
	exitInUse = 7
	// exitDamaged is a ledger that does not verify.
	exitDamaged = 8
	// exitStorage is a storage failure whose outcome is unknown; the service
	// manager starts the server again, and that start finds out.
	exitStorage = 9
	// exitPartial is work done but for some of it: rows of an import that were
	// skipped on request, items that a destination did not take.
	exitPartial = 10
	// exitUnsynced is a destination that could not be reached or brought up to
	// date. Nothing is lost.
	exitUnsynced = 11
	// exitDiffers is a difference between the ledger and a destination that
	// nothing known explains.
	exitDiffers = 12
	// exitAddress is an address to serve on that cannot be used.
	exitAddress = 13
	// exitNoAccess is a data directory, or a file in it, that this account may
	// not use or that cannot be written.
	exitNoAccess = 14
	// exitFull is a disk without enough space.
	exitFull = 15
	// exitForeign is a file that is not shelfd's.
	exitForeign = 16
	// exitNewer is a ledger that a newer version wrote.
	exitNewer = 17
	// exitUnwell is something that doctor found and somebody must mend.
	exitUnwell = 18
	// exitStopped is a service that is installed and does not run.
	exitStopped = 19
	// exitFailed is a service that does not run because it failed.
	exitFailed = 20
	// exitInterrupted is a command ended by Ctrl-C, as shells count it.
	exitInterrupted = 130
)

// exitError is an error that decides how the process ends.
type exitError struct {
	code int
	err  error
}

// Error gives the text of the cause.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *exitError) Unwrap() error { return e.err }

// withExit lets err end the process with code; nil stays nil.
func withExit(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code, err}
}

// exitCode gives the exit code of the outermost error that has one.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}
