//go:build slow

package test

// How much is done to a shop with a point of sale.
const posOperations, posKills = 1000, 20
