package cmd

import (
	"testing"
	"time"
)

func TestConfigDurationsHaveDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"45d": 45 * day, "1d12h": 36 * time.Hour, "0d": 0, "0s": 0, "90m": 90 * time.Minute, "1m30s": 90 * time.Second, "500ms": 500 * time.Millisecond,
	} {
		var d, again Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %s, %v", text, time.Duration(d), err)
		}
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s is written as %s, which reads as %s, %v", text, d, again, err)
		}
	}
	for text, want := range map[string]string{"48h": "2d", "60m": "1h", "3600s": "1h", "90m": "1h30m", "60s": "1m", "36h": "36h"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != want {
			t.Errorf("%s is written as %s, %v, want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "45", "d", "1d-1h", "-1h", "1.5d", "1d1d", "1e9h", "99999d", "65535d9999999h", "1h ", "one day"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

func TestConfigSizesHaveUnits(t *testing.T) {
	for text, want := range map[string]Size{
		"1048576": 1 << 20, "1MiB": 1 << 20, "1 MiB": 1 << 20, "64Mi": 64 << 20, "1KB": 1000, "2G": 2e9, "0": 0, "1500B": 1500,
	} {
		var s, again Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s is %d, %v", text, int64(s), err)
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%s is written as %s, which reads as %d, %v", text, s, int64(again), err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "1TB", "1e3", "999999999999GiB", "1 mib", "1iB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, s)
		}
	}
}

func TestConfigQuantitiesAreExact(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "5": true, "0.0001": true, "999999999.9999": true, "1000000000": true, "1000000000.0000": true,
		"1000000000.0001": false, "1000000001": false, "1.00001": false, "-1": false, "1e3": false, "": false, ".5": false, "NaN": false, "1 0": false,
	} {
		var d Decimal
		if err := d.UnmarshalText([]byte(text)); (err == nil) != ok || ok && string(d) != text {
			t.Errorf("%q: %q, %v", text, d, err)
		}
	}
}

func TestConfigPercentages(t *testing.T) {
	for text, want := range map[string]Percent{"10%": 10, "10": 10, "0%": 0} {
		var p Percent
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%s is %s, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "0.1", "10 %", "99999999"} {
		var p Percent
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, p)
		}
	}
}
