// Package central is head office: it takes the ledgers of many stores into one
// PostgreSQL, verifies each chain before it acknowledges anything, folds the
// entries into stock with the ledger's own rules, and hands commands down. Any
// number of copies may serve one database: they keep nothing but caches.
//
// It decides nothing about a store's stock: what happened there is never
// refused, only remarked on. It imports neither web nor syncer, and knows
// PostgreSQL alone.
package central
