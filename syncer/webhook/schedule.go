package webhook

import "time"

// schedule is how long after each failure in a row the next try is; after the
// last step it is a day. It is that of the Standard Webhooks specification.
var schedule = [...]time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

const (
	// daily is the wait after the schedule.
	daily = 24 * time.Hour
	// jitter is how much longer, at most, a wait is by chance: a tenth, so that
	// endpoints that failed together do not return together.
	jitter = 0.1
	// giveUp is how long an endpoint may fail before it is disabled.
	giveUp = 30 * 24 * time.Hour
)

// waitAfter gives how long to wait after so many failures in a row.
func waitAfter(failures int64, random float64) time.Duration {
	wait := daily
	if n := failures - 1; n >= 0 && n < int64(len(schedule)) {
		wait = schedule[n]
	}
	return wait + time.Duration(float64(wait)*jitter*random)
}
