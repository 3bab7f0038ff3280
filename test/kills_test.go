//go:build !slow

package test

const (
	// crashKills is how often the server is killed under load.
	crashKills = 50
	// fleetStores is how many stores a fleet has, fleetTrouble how often head
	// office is killed under it.
	fleetStores, fleetTrouble = 20, 6
	// chainKills is how often one of store, head office and PostgreSQL is
	// killed under load.
	chainKills = 15
	// monthEntries is what a store does in a month without network.
	monthEntries = 20_000
	// restoreKills is how often a restore is killed.
	restoreKills = 10
)
