package pos

import (
	"context"
	"errors"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// mostSkew is how far clocks may be apart before people are told.
const mostSkew = 5 * time.Minute

// Check asks the point of sale who it is, and remembers the answer. A failure
// to reach it is in the answer too.
func (t *Target) Check(ctx context.Context) store.POSCheck {
	c, _ := t.check(ctx)
	return c
}

// check is Check with the failure.
func (t *Target) check(ctx context.Context) (store.POSCheck, error) {
	who, err := t.to.Check(ctx)
	now, _ := t.ledger.Now()
	c := store.POSCheck{At: now, Identity: who.Name}
	if f, ok := errors.AsType[*syncer.Failure](err); ok {
		c.Code, c.Detail = f.Code, f.Detail
	} else if err != nil {
		c.Code, c.Detail = CodeUnreachable, t.cfg.Name+" was not asked to the end."
	}
	if who.Time != 0 {
		c.ClockKnown, c.Skew = true, who.Time.Sub(now).Truncate(time.Second)
		t.clocks.Store(&clocks{theirs: now.Add(c.Skew), mono: t.clock.Mono(), skew: c.Skew})
	}
	if err == nil {
		t.asked.Store(int64(t.clock.Mono()) + 1)
	}
	if err == nil && c.Skew.Abs() > mostSkew {
		t.log.Warn("the clocks of the store and of a point of sale are far apart", "ahead", c.Skew)
	}
	t.checked.Store(&c)
	return c, err
}

// checkEvery is how often a point of sale is asked for its time.
const checkEvery = time.Hour

// clocks are what the clock of a point of sale showed when ours that only runs
// forward showed mono.
type clocks struct {
	theirs store.Instant
	mono   time.Duration
	// skew is how far theirs was ahead of ours then.
	skew time.Duration
}

// mostDrift is how far our clock may leave the one that only runs forward, by
// being set or by a machine that slept, before theirs is asked for again.
const mostDrift = time.Minute

// know asks for the time there, unless that was done lately: what was sold is
// read by their clock. A point of sale that does not say goes by ours.
func (t *Target) know(ctx context.Context) error {
	asked, c := time.Duration(t.asked.Load()), t.clocks.Load()
	steady := c == nil || (t.skew()-c.skew).Abs() < mostDrift
	if asked != 0 && t.clock.Mono()-asked < checkEvery && steady {
		return nil
	}
	_, err := t.check(ctx)
	return err
}

// theirNow is what the clock of the point of sale shows, as far as is known.
func (t *Target) theirNow() store.Instant {
	if c := t.clocks.Load(); c != nil {
		return c.theirs.Add(t.clock.Mono() - c.mono)
	}
	now, _ := t.ledger.Now()
	return now
}

// skew is how far the point of sale's clock is ahead of ours, as far as is
// known, in whole seconds.
func (t *Target) skew() time.Duration {
	now, _ := t.ledger.Now()
	return t.theirNow().Sub(now).Round(time.Second)
}
