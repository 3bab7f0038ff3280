// Package metrc speaks to METRC, the register of packages that many states
// have the trade keep. It reads the packages, receipts, locations and reasons
// of one license, and reports adjustments of packages.
//
// A package is one label with one quantity at one location, so a place is a
// label alone: Place.Lot. Place.Product is METRC's id of the item, for people
// and because one is wanted; the same product of ours has another item for
// each supplier. It is therefore never looked at when a place is named to the
// connector, and given back as it was.
//
// It refuses to report twice or blindly: writing is off until the
// configuration turns it on; what has no reason linked, or no note where one
// is wanted, is left to a person; every package is read again first and left
// alone when it is not as it was; a quantity goes out as a total by PUT, never
// as a difference by POST; and an answer that got lost is said to be unknown.
//
// The contract is METRC's Postman collections and rows of version 2. What they
// do not say comes from integrators: that windows end after 24 hours, that PUT
// takes totals, and that lists are wrapped in pages.
package metrc
