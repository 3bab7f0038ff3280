// Package pos brings points of sale, and the state's registers of packages, up
// to date. A Connector speaks to one of them and says what it can do; a Target
// makes a destination of the sync engine of it: it ties our products, packages
// and rooms to theirs, sends what changed here, books what was sold there, and
// lists every difference with its class until a later check no longer finds it.
//
// It refuses to pretend: what a point of sale cannot do becomes a work item
// for a person, a write whose answer got lost is read back before anything is
// sent again, and what came from a point of sale is never sent back to it.
package pos
