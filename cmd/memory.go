package cmd

import (
	"os"
	"runtime/debug"
)

// collectAt is how much the heap may grow over what is alive before it is
// collected, in percent. Less than half of what Go does: a store box has little memory,
// and nearly all of the heap is the fold, which stays.
const collectAt = 40

// stayLean gives back what starting needed and serving does not, and keeps
// the heap near what is alive. GOGC in the environment decides otherwise.
func stayLean() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	debug.FreeOSMemory()
}
