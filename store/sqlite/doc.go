// Package sqlite keeps the ledger on disk: it is the store.Journal of the edge
// and the only place there that knows SQL.
//
// One connection writes, and a few others read. Both are used through the
// driver itself, without database/sql, which is worth a third of the write
// rate. Every connection gets its settings from its DSN, so that none can be
// without them.
//
// The package refuses to change or delete an entry, to open a file that is not
// a ledger of shelfd's or was written by a newer shelfd, to go on after a
// commit with an unknown outcome, and to mix made-up data with real data. It
// knows nothing of rules and balances beyond storing them. Nothing in the
// process may open the database files other than through SQLite: closing such
// a file would drop SQLite's locks.
package sqlite
