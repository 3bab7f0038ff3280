package cmd

// giveTo does nothing: what is written into a directory inherits its rights.
func giveTo(string, ...string) error { return nil }
