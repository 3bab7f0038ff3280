// Package wire is the protocol between a store and central: its paths, headers
// and messages, the batches of canonical entries with what lies beside them,
// acks and problem codes. docs/sync-protocol.md is the specification that it
// implements.
//
// It encodes and decodes, and nothing else: it neither dials nor serves, keeps
// no cursor and decides nothing about stock. An entry's bytes are carried
// exactly as the ledger hashed them and are never parsed here.
package wire
