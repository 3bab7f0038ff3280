// Package store is the ledger and its fold: the words of the field as types,
// the rules that decide whether a change may happen, the canonical bytes of
// every fact, and the single writer that makes facts durable.
//
// The ledger is an append-only, hash-chained sequence of entries. Everything
// else (stock, catalogue, reservations, low-stock state) is a fold of it, kept
// in memory. A command decides against that state, its entries are committed
// by a Journal together with those of everyone else who waits, and only then
// become visible to readers.
//
// The package refuses to know SQL, HTTP and the wall clock: a Journal keeps
// the bytes, a Clock tells the time, ids come from a function. It imports the
// standard library only.
package store
