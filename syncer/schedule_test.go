package syncer

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, expression string) *schedule {
	t.Helper()
	s, err := parseSchedule(expression)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestASchedulePassesOverClockChanges(t *testing.T) {
	for name, c := range map[string]struct {
		expression, zone, from string
		want                   []string
	}{
		"a nightly run in the gap is due when the clock goes on": {
			"30 2 * * *", "America/New_York", "2026-03-07T12:00:00-05:00",
			[]string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"},
		},
		"several times in the gap are due once": {
			"*/20 2 * * *", "America/New_York", "2026-03-08T01:00:00-05:00",
			[]string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00"},
		},
		"a nightly run in the hour that comes twice is due the first time": {
			"30 1 * * *", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"},
		},
		"it is not due again for one who looks within the second": {
			"30 1 * * *", "America/New_York", "2026-11-01T01:10:00-05:00",
			[]string{"2026-11-02T01:30:00-05:00"},
		},
		"every quarter of an hour goes through both hours": {
			"*/15 * * * *", "America/New_York", "2026-11-01T01:30:00-04:00",
			[]string{"2026-11-01T01:45:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T01:15:00-05:00"},
		},
		"every quarter of an hour steps over the gap": {
			"*/15 * * * *", "America/New_York", "2026-03-08T01:40:00-05:00",
			[]string{"2026-03-08T01:45:00-05:00", "2026-03-08T03:00:00-04:00"},
		},
		"a midnight that does not exist is due at one": {
			"@daily", "Africa/Cairo", "2026-04-23T12:00:00+02:00",
			[]string{"2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"},
		},
		"a gap of half an hour": {
			"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"},
		},
		"a zone without changes": {
			"0 3 * * 1-5", "America/Phoenix", "2026-01-30T03:00:00-07:00",
			[]string{"2026-02-02T03:00:00-07:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.from)
			if err != nil {
				t.Fatal(err)
			}
			s, zone := mustParse(t, c.expression), zoneOf(t, c.zone)
			for _, want := range c.want {
				if at = s.after(at, zone); at.Format(time.RFC3339) != want {
					t.Fatalf("due at %s, want %s", at.Format(time.RFC3339), want)
				}
			}
		})
	}
}

func TestADailyRunIsDueOnceADayEverywhere(t *testing.T) {
	zones := []string{"America/New_York", "America/Sao_Paulo", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu", "UTC"}
	rapid.Check(t, func(r *rapid.T) {
		zone := zoneOf(t, rapid.SampledFrom(zones).Draw(r, "zone"))
		hour, minute := rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute")
		s := mustParse(t, time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC).Format("4 15 * * *"))
		at := time.Date(rapid.IntRange(2010, 2030).Draw(r, "year"), 1, 1, 12, 0, 0, 0, zone)
		last, first := at, true
		for range 366 {
			at = s.after(at, zone)
			if days := wall(at).Truncate(24 * time.Hour).Sub(wall(last).Truncate(24 * time.Hour)); days != 24*time.Hour && !first {
				r.Fatalf("after %s comes %s", last, at)
			}
			last, first = at, false
		}
	})
}

func TestScheduleSaysWhatIsWrong(t *testing.T) {
	for _, wrong := range []string{"* *", "61 * * * *", "TZ=UTC 0 2 * * *", "CRON_TZ=Asia/Tokyo 0 2 * * *", "0 0 31 2 *", "@often", "@every 0s "} {
		if CheckSchedule(wrong) == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
	for _, right := range []string{"", "*/15 * * * *", "30 2 * * *", "@daily", "@every 90m", "0 0 1 * *", "0 3 29 2 *"} {
		if err := CheckSchedule(right); err != nil {
			t.Error(err)
		}
	}
}

func TestTheIntervalIsTheLongestGap(t *testing.T) {
	for expression, want := range map[string]time.Duration{
		"*/15 * * * *":    15 * time.Minute,
		"30 2 * * *":      24 * time.Hour,
		"0 3 * * 1-5":     72 * time.Hour,
		"*/15 8-20 * * *": 11*time.Hour + 15*time.Minute,
		"@every 90m":      90 * time.Minute,
		"0 0 1 * *":       31 * 24 * time.Hour,
	} {
		if got := mustParse(t, expression).interval; got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}
