package syncer

import "time"

const (
	// firstBackoff and mostBackoff bound the wait after a failure: the n-th in
	// a row waits a random time up to firstBackoff × 2ⁿ⁻¹, at most mostBackoff.
	// Full jitter keeps stores that failed together from returning together.
	firstBackoff = time.Second
	mostBackoff  = 5 * time.Minute
	// mostRetryAfter bounds what a destination may ask for.
	mostRetryAfter = time.Hour
	// alarmEvery is how long after an alarm the next try is.
	alarmEvery = time.Hour
)

// backoff gives how long to wait after so many failures in a row.
func backoff(failures int64, random float64) time.Duration {
	most := mostBackoff
	if n := failures - 1; n >= 0 && n < 9 {
		most = min(most, firstBackoff<<n)
	}
	return time.Duration(float64(most) * random)
}

// wait gives how long to wait after a failure, and how much of it even a run
// that somebody asked for waits.
func (f *Failure) wait(failures int64, random float64) (wait, asked time.Duration) {
	if f.Class == Alarm {
		return alarmEvery, 0
	}
	asked = min(max(f.RetryAfter, 0), mostRetryAfter)
	if f.After > 0 {
		return max(asked, f.After), asked
	}
	return max(asked, backoff(failures, random)), asked
}
