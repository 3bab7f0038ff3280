package central

import (
	"net/http"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

func (c *Central) serveCursor(x exchange) error {
	var at store.Position
	if text := x.URL.Query().Get(wire.ParamAt); text != "" {
		var ok bool
		if at, ok = store.ParsePosition(text); !ok {
			return wire.NewProblem(wire.ProblemInvalidBatch, wire.ParamAt+" is no position.")
		}
	}
	return c.within(x, func() (any, error) { return c.cursor(x.Context(), x.who, at) })
}

func (c *Central) serveTail(x exchange) error {
	epoch, err1 := x.number(wire.ParamEpoch, 0)
	after, err2 := x.number(wire.ParamAfter, 0)
	limit, err3 := x.number(wire.ParamLimit, wire.MaxEntries)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return err
		}
	}
	leave, err := c.enter(x)
	if err != nil {
		return err
	}
	limit = min(max(limit, 1), wire.MaxEntries)
	batch, err := c.tail(x.Context(), x.who, epoch, after, int(limit))
	leave() // a slow link holds no slot
	if err == nil {
		wire.WriteBatch(x.w, batch)
	}
	return err
}

// serveCommands holds no slot: most of its time it waits.
func (c *Central) serveCommands(x exchange) error {
	after, err1 := x.number(wire.ParamAfter, 0)
	limit, err2 := x.number(wire.ParamLimit, wire.MaxCommands)
	wait, err3 := x.number(wire.ParamWait, 0)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return err
		}
	}
	limit = min(max(limit, 1), wire.MaxCommands)
	wait = min(wait, wire.MaxWait)
	answer, err := c.commands(x.Context(), x.who, after, int(limit), time.Duration(wait)*time.Second)
	if err == nil {
		wire.WriteAnswer(x.w, http.StatusOK, answer)
	}
	return err
}

// number reads a query parameter that counts something. Code: invalid_batch.
func (x *exchange) number(name string, otherwise int64) (int64, error) {
	text := x.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, wire.NewProblem(wire.ProblemInvalidBatch, name+" is no number from 0.")
	}
	return n, nil
}
