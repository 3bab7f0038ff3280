// Package test holds the suites that run the real binary, or need other
// software. They start only processes of their own, on loopback, and stop
// them by themselves.
package test
