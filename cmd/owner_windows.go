package cmd

// listProcesses is a command that shows which shelfd runs.
const listProcesses = `tasklist /fi "imagename eq shelfd.exe"`

// listing is a command that shows who may do what with a directory.
func listing(dir string) string { return "icacls " + quoted(dir) }

// quoted writes a text for a command line.
func quoted(text string) string { return `"` + text + `"` }

// isAnothers is false: who may use a directory is in its access list.
func isAnothers(string) bool { return false }

// becomeOwner does nothing: an administrator's files take the access list of
// their directory.
func becomeOwner(string) error { return nil }

// giveTo does nothing: what is written into a directory inherits its rights.
func giveTo(string, ...string) error { return nil }
