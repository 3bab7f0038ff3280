//go:build !linux && !darwin && !windows

package cmd

// diskKind knows nothing on this system.
func diskKind(string) string { return "" }
