//go:build slow

package test

const (
	// crashKills is how often the server is killed under load.
	crashKills = 150
	// fleetStores is how many stores a fleet has, fleetTrouble how often head
	// office is killed under it.
	fleetStores, fleetTrouble = 200, 30
	// chainKills is how often one of store, head office and PostgreSQL is
	// killed under load.
	chainKills = 210
	// monthEntries is what a store does in a month without network.
	monthEntries = 1_000_000
	// restoreKills is how often a restore is killed.
	restoreKills = 200
)
