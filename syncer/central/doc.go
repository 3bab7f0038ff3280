// Package central is the client of the protocol to central: a syncer.Target
// that pushes the ledger, obeys commands, and keeps a restored or copied
// ledger from overwriting what happened. docs/sync-protocol.md is the
// specification.
//
// It believes nothing that its own chain does not prove: a cursor moves only
// by an ack that names an entry of this ledger with its hash. It keeps nothing
// on disk, and when a copy of the ledger may have gone on elsewhere it stops
// and lets a person decide.
package central
