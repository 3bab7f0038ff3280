// Package square keeps the stock of one location of Square up to date, and
// reads what was sold there.
//
// Square has no rooms and keeps no packages: a place is an item variation. Its
// stock is the last physical count and the adjustments after it, ordered by
// when they occurred and not by when they arrived. A sale, a return, a loss,
// goods that came and what reverses one of those are sent as adjustments.
// Everything else is a count; Counts tells of which reasons. A count swallows
// what is dated before it, so Change.OccurredAt of a count has to be the moment
// at which the place had Change.Quantity, and an adjustment that is not in
// that quantity has to be dated after it.
//
// What is sent has a reference that begins with shelfd:, and what is read with
// such a reference is not given as a sale. Square does a batch once for each
// key. When it says that a key was used for something else, what it has is
// read back before anybody is told.
//
// The catalogue is not read: the part of Square's description that this is
// tested against, version 2025-08-20, has none. Variations are linked by hand
// or by a list. Nor does the package set prices, make items or move stock from
// one location of Square to another, which needs a plan of theirs.
package square
