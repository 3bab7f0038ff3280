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
	}
	if err == nil && c.Skew.Abs() > mostSkew {
		t.log.Warn("the clocks of the store and of a point of sale are far apart", "ahead", c.Skew)
	}
	t.checked.Store(&c)
	return c, err
}
