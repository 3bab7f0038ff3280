package cmd

import (
	"context"
	"time"

	"github.com/shelfd/shelfd/store"
)

// oldestClock is before this program was made: a clock that shows less was
// never set.
var oldestClock = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// closeClock is how far a clock may be behind the newest entry unremarked.
const closeClock = time.Minute

// checkClock compares the clock with what is in the ledger, and looks for the
// zones of the locations.
func (d *doctor) checkClock(ctx context.Context) []finding {
	now := d.clock.Wall()
	if now.Before(oldestClock) {
		return []finding{bad("clock", "clock.unset", "set the clock, best by the network's time", "it shows %s", now.UTC().Format(time.RFC3339))}
	}
	if _, err := time.LoadLocation("America/Chicago"); err != nil {
		return []finding{bad("clock", "clock.zones", "install the package tzdata, or set ZONEINFO", "there are no data of time zones: %s", err)}
	}
	if d.ledger != nil {
		m, err := d.ledger.Meta(ctx)
		if behind := m.RecordedAt.Sub(store.InstantOf(now)); err == nil && behind > closeClock {
			return []finding{bad("clock", "clock.behind", "set the clock; if the ledger is wrong instead, confirm the clock when the server says so",
				"it shows %s, and the newest entry is %s later", now.UTC().Format(time.RFC3339), behind.Round(time.Second))}
		}
	}
	return []finding{good("clock", "clock", "%s", now.UTC().Format(time.RFC3339))}
}
