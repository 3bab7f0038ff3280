package cmd

import (
	"bytes"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store/storetest"
)

func TestMeterShowsHowFarACommandIsAndGoesAway(t *testing.T) {
	var out bytes.Buffer
	clock := storetest.NewClock(time.Unix(0, 0))
	m := &meter{w: &out, clock: clock, what: "verify", total: 12840, text: counts}
	m.set(8420)
	m.set(8421) // too soon to be drawn
	clock.Advance(time.Second)
	m.set(1_2000)
	m.clear()
	m.clear()
	const want = "\r\x1b[Kverify 8,420 of 12,840\r\x1b[Kverify 12,000 of 12,840\r\x1b[K"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
	if got := percent(1, 3); got != "33 %" {
		t.Errorf("a third is %s", got)
	}
	var nobody *meter
	nobody.set(1)
	nobody.clear()
}
