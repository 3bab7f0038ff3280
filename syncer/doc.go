// Package syncer pushes the ledger to its destinations: head office, points of
// sale and webhook endpoints. It keeps where each of them stands, when to try
// again, what runs somebody asked for and what a person has to do. The outbox
// is the ledger itself: a destination is a cursor into it, so nothing is copied
// and a month offline costs nothing.
//
// It knows neither HTTP nor SQL, nor any destination by name: those are
// Targets, each in a package of its own. It refuses to give up on an entry in
// silence: what cannot be sent is retried, set aside where people see it, or
// made a work item.
package syncer
