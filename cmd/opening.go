package cmd

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// openingExits gives each thing that can be wrong with a data directory its
// exit code; see docs/troubleshooting.md.
var openingExits = []struct {
	kind error
	code int
}{
	{sqlite.ErrLocked, exitInUse},
	{sqlite.ErrDemo, exitRefused},
	{sqlite.ErrForeign, exitForeign},
	{sqlite.ErrNewerSchema, exitNewer},
	{sqlite.ErrNoAccess, exitNoAccess},
	{sqlite.ErrDamaged, exitDamaged},
	{sqlite.ErrLost, exitDamaged},
	{fs.ErrPermission, exitNoAccess},
	{syscall.EROFS, exitNoAccess},
	{syscall.ENOSPC, exitFull},
}

// codeExits does the same for errors of the ledger that have a code.
var codeExits = map[store.Code]int{
	store.CodeNotFound:       exitNotFound,
	store.CodeStorageFull:    exitFull,
	store.CodeOutcomeUnknown: exitStorage,
}

// openingError gives the exit code of a data directory that cannot be used.
func openingError(err error) error {
	if _, damaged := errors.AsType[*store.DamageError](err); damaged {
		return withExit(exitDamaged, err)
	}
	for _, o := range openingExits {
		if errors.Is(err, o.kind) {
			return withExit(o.code, err)
		}
	}
	if code, ok := codeExits[store.CodeOf(err)]; ok {
		return withExit(code, err)
	}
	return err
}
