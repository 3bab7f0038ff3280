//go:build slow

package test

// crashKills is how often the server is killed under load.
const crashKills = 150
