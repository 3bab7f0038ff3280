package sqlite

import (
	"net/url"
	"path/filepath"
	"strings"
)

// A DSN sets everything a connection needs: a PRAGMA sent to a connection
// later would reach that one only.
const (
	// busy_timeout comes first, so that the others may wait for a lock.
	everyPragma = "_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)" +
		"&_txlock=immediate&_dqs=0&_error_rc=1"

	// fullfsync matters on macOS only, where fsync does not reach the disk.
	// secure_delete overwrites erased notes; recursive_triggers makes REPLACE
	// meet the triggers that refuse to delete.
	writePragma = "&mode=rwc&_defensive=1&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=fullfsync(ON)&_pragma=checkpoint_fullfsync(ON)" +
		"&_pragma=wal_autocheckpoint(0)&_pragma=journal_size_limit(67108864)" +
		"&_pragma=cache_size(-4096)&_pragma=secure_delete(ON)&_pragma=recursive_triggers(ON)"

	readPragma = "&mode=rw&_pragma=query_only(ON)&_pragma=cache_size(-1024)"

	// lookPragma is for files that are not known to be ours, and for readers
	// beside another process.
	lookPragma = "&mode=ro&_pragma=query_only(ON)&_pragma=cache_size(-1024)"

	// copyPragma reads like lookPragma; query_only would forbid VACUUM INTO.
	copyPragma = "&mode=ro&_pragma=cache_size(-4096)"
)

// dsnOf gives the SQLite URI (sqlite.org/uri.html) of a file.
func dsnOf(path, pragma string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return "file://" + (&url.URL{Path: p}).EscapedPath() + "?" + everyPragma + pragma
}
