package metrc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

const pathAdjust = "/packages/v2/adjust"

// row is one adjustment. Quantity is the new total: PUT takes it for that,
// although METRC's example shows a difference.
type row struct {
	Label            string
	Quantity         store.Quantity
	UnitOfMeasure    string
	AdjustmentReason string
	AdjustmentDate   string
	ReasonNote       *string
}

// row makes the adjustment of a change, dated by the shop's calendar.
func (c *connector) row(ch *pos.Change, unit string) row {
	r := row{
		Label: ch.Lot, Quantity: ch.Quantity, UnitOfMeasure: unitName(unit), AdjustmentReason: ch.TheirReason,
		AdjustmentDate: ch.OccurredAt.Time().In(c.zone).Format(time.DateOnly),
	}
	if ch.Note != "" {
		r.ReasonNote = &ch.Note
	}
	return r
}

// writing is one batch under way.
type writing struct {
	changes  []pos.Change
	outcomes []syncer.Outcome
	rows     []row
	// before is what each package had before its change.
	before []store.Quantity
	// open are the indexes of the changes that have no outcome yet, in order.
	open []int
	// reread are the packages as METRC has them, or will once the changes
	// before are sent.
	reread map[string]*pack
	// sent: METRC took a part.
	sent bool
}

func newWriting(changes []pos.Change) *writing {
	w := &writing{
		changes: changes, outcomes: make([]syncer.Outcome, len(changes)),
		rows: make([]row, len(changes)), before: make([]store.Quantity, len(changes)),
		open: make([]int, len(changes)), reread: make(map[string]*pack),
	}
	for i := range w.open {
		w.open[i] = i
	}
	return w
}

// judge settles the open changes that a rule gives an outcome for.
func (w *writing) judge(rule func(ch *pos.Change) *syncer.Outcome) {
	w.open = slices.DeleteFunc(w.open, func(i int) bool {
		o := rule(&w.changes[i])
		if o != nil {
			w.outcomes[i] = *o
		}
		return o != nil
	})
}

// Write reports changes as the option write says, in groups that METRC takes.
// When one fails after another was taken, the Failure says Unknown: which
// were, METRC has to be asked.
func (c *connector) Write(ctx context.Context, b pos.Batch) ([]syncer.Outcome, error) {
	w := newWriting(b.Changes)
	if c.write == writeOff {
		w.judge(byHand)
		return w.outcomes, nil
	}
	w.judge(unreportable)
	if err := c.checkReasons(ctx, w); err != nil {
		return nil, err
	}
	if err := c.checkPackages(ctx, w); err != nil {
		return nil, err
	}
	for _, group := range w.groups() {
		if err := c.adjust(ctx, w, group); err != nil {
			return nil, w.lost(err)
		}
	}
	return w.outcomes, nil
}

// Preview gives the requests that Write would send to change anything, in
// METRC's names of our units; none when writing is off. What only METRC knows,
// such as whether a reason wants a note, is not asked.
func (c *connector) Preview(b pos.Batch) ([]pos.Call, error) {
	if c.write == writeOff {
		return nil, nil
	}
	w := newWriting(b.Changes)
	w.judge(unreportable)
	for _, i := range w.open {
		w.rows[i] = c.row(&w.changes[i], string(w.changes[i].Unit))
	}
	var calls []pos.Call
	for _, group := range w.groups() {
		call, err := c.call(w, group)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// groups parts what is open into requests. A package is named once in each,
// so that its changes keep their order.
func (w *writing) groups() (list [][]int) {
	for _, i := range w.open {
		last := len(list) - 1
		named := func(j int) bool { return w.changes[j].Lot == w.changes[i].Lot }
		if last < 0 || len(list[last]) == most || slices.ContainsFunc(list[last], named) {
			list = append(list, nil)
			last++
		}
		list[last] = append(list[last], i)
	}
	return list
}

func (c *connector) call(w *writing, group []int) (pos.Call, error) {
	rows := make([]row, len(group))
	for n, i := range group {
		rows[n] = w.rows[i]
	}
	body, err := json.Marshal(rows)
	return pos.Call{Method: http.MethodPut, Path: pathAdjust, Query: c.query(nil), Body: body, Changes: group}, err
}

// adjust sends a group, or logs it.
func (c *connector) adjust(ctx context.Context, w *writing, group []int) error {
	if c.write == writeDryRun {
		for _, i := range group {
			c.logRow(&w.rows[i])
			w.outcomes[i] = *manual(CodeDryRun, "This is a dry run. The package %s would be adjusted to %s.", w.rows[i].Label, amount(&w.changes[i]))
		}
		return nil
	}
	call, err := c.call(w, group)
	if err != nil {
		return err
	}
	// What may have been sent is remembered before it is.
	c.sent.put(c.clock.Mono(), w, group)
	if err = c.put(ctx, call); err == nil {
		// Confirmed is what an outcome is to begin with.
		w.sent = true
		c.sent.take(w, group)
		return nil
	}
	if f, ok := errors.AsType[*syncer.Failure](err); !ok || !f.Unknown {
		c.sent.drop(w, group)
	}
	return err
}

// put sends a request once. METRC answers with an object, or with nothing.
func (c *connector) put(ctx context.Context, call pos.Call) error {
	a, err := c.do(ctx, pos.Request{Call: call, Writes: true})
	if err != nil || len(bytes.TrimSpace(a.Body)) == 0 {
		return err
	}
	var anything json.RawMessage
	return a.Decode(&anything)
}

func (c *connector) logRow(r *row) {
	c.log.Info("this adjustment would be sent to METRC", "destination", c.name, "label", r.Label,
		"quantity", r.Quantity.String(), "unit", r.UnitOfMeasure, "reason", r.AdjustmentReason,
		"date", r.AdjustmentDate, "has_note", r.ReasonNote != nil)
}

// lost is what an error means once METRC took a part: which, it does not say.
func (w *writing) lost(err error) error {
	if !w.sent {
		return err
	}
	f := &syncer.Failure{Class: syncer.Retry, Code: pos.CodeUnreachable, Err: err}
	if was, ok := errors.AsType[*syncer.Failure](err); ok {
		*f = *was
	}
	if f.Class == syncer.Alarm {
		// Alone, what is at fault will be refused again.
		f.Class = syncer.Retry
	}
	f.Unknown, f.Detail = true, "METRC took a part of the changes, and then no more. "+f.Detail
	return f
}
