// Package centraltest starts real PostgreSQL for tests: one cluster of its own
// a test binary, on a free port, in a temporary directory, and a fresh database
// a test. Nothing is left over when the test process ends, however it ends. It
// is imported by tests only, and never uses a server that is already there.
package centraltest
