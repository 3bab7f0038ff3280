package syncer

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// schedule is when something is due by the clock on the wall of a place. It
// uses cron to read expressions and to find the next time that matches, and
// settles itself what cron does not: times that a place's clock skips are due
// when it goes on, times that it shows twice are due once.
type schedule struct {
	next func(time.Time) time.Time
	// hourly: something is due in every hour, so that one that comes twice is
	// not to be left out.
	hourly bool
	// interval is the longest time between two.
	interval time.Duration
}

// everyHour are the bits of all hours in an expression.
const everyHour = 1<<24 - 1

// CheckSchedule tells what is wrong with a cron expression; "" is none and
// right.
func CheckSchedule(expression string) error {
	if expression == "" {
		return nil
	}
	_, err := parseSchedule(expression)
	return err
}

// Due gives what finds the first moment after another that a cron expression
// is due by the clock of a place; nil for "", which is never due.
func Due(expression string, zone *time.Location) (func(after time.Time) time.Time, error) {
	if expression == "" {
		return nil, nil
	}
	s, err := parseSchedule(expression)
	if err != nil {
		return nil, err
	}
	return func(after time.Time) time.Time { return s.after(after, zone) }, nil
}

func parseSchedule(expression string) (*schedule, error) {
	if strings.Contains(expression, "TZ=") {
		return nil, fmt.Errorf("schedule %q: the time zone is that of the location and cannot be given", expression)
	}
	parsed, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", expression, err)
	}
	s := &schedule{next: parsed.Next}
	if spec, ok := parsed.(*cron.SpecSchedule); !ok || spec.Hour&everyHour == everyHour {
		s.hourly = true
	}
	if s.interval = s.longest(); s.interval == 0 {
		return nil, fmt.Errorf("schedule %q: it is never due", expression)
	}
	return s, nil
}

// longest looks for the longest time between two, over at least eight and
// more than a week of them; 0 when it is never due.
func (s *schedule) longest() (gap time.Duration) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	t := s.next(start)
	for n := 0; !t.IsZero() && (n < 8 || t.Sub(start) < 8*24*time.Hour); n++ {
		later := s.next(t)
		if later.IsZero() {
			return 0
		}
		gap, t = max(gap, later.Sub(t)), later
	}
	return gap
}

// after gives the first time after t that is due in a place.
func (s *schedule) after(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	if s.hourly {
		return s.next(t)
	}
	// What the clock shows, as if it never jumped.
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	for {
		if shown = s.next(shown); shown.IsZero() {
			return shown
		}
		if due := firstShown(shown, zone); due.After(t) {
			return due
		}
	}
}

// firstShown gives when a clock first shows what shown says in UTC or, when it
// skips that, the moment it goes on after the gap.
func firstShown(shown time.Time, zone *time.Location) time.Time {
	y, mo, d := shown.Date()
	h, mi, sec := shown.Clock()
	t := time.Date(y, mo, d, h, mi, sec, 0, zone)
	start, end := t.ZoneBounds()
	if !sameShown(t, shown) {
		// t lies before or after the gap, by the rules of the other side.
		if wall(t).After(shown) {
			return start
		}
		return end
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-time.Second).Zone()
	if earlier := shown.Add(-time.Duration(before) * time.Second).In(zone); earlier.Before(start) && sameShown(earlier, shown) {
		return earlier
	}
	return t
}

// wall gives what a clock shows at t, as a time in UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func sameShown(t, shown time.Time) bool { return wall(t).Equal(shown) }
