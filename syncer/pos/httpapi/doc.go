// Package httpapi connects a point of sale that has an HTTP API, REST or
// GraphQL, without any code for it: one YAML file says which requests to send
// and, with jq expressions, what the answers mean. docs/write-a-connector.md
// is the manual.
//
// A file is checked as a whole before anything is sent, and every fault is
// named with its line. An expression sees no key, no environment and no clock,
// and is ended when it goes on for too long. Numbers are never rounded: what
// does not fit is reported.
package httpapi
