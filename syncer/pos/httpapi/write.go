package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	// CodeCannot is the code of a change that the description says the point
	// of sale cannot do.
	CodeCannot = "cannot"
	// CodeAbsolute is the code of a quantity for a point of sale that takes
	// changes only.
	CodeAbsolute = "set_quantity"
)

// parcel is the changes of one request.
type parcel struct {
	// indexes are those of the batch, values what expressions see of them.
	indexes []int
	values  []any
	with    vars
}

// Write sends the section write: one request for all changes, or one for each
// with each: true.
func (c *connector) Write(ctx context.Context, b pos.Batch) ([]syncer.Outcome, error) {
	if c.write == nil {
		return nil, c.notSupported("write")
	}
	outcomes, parcels, err := c.parcels(ctx, b)
	if err != nil {
		return nil, c.broken(err, false)
	}
	for n := range parcels {
		got, err := c.deliver(ctx, &parcels[n])
		if err != nil {
			return nil, partly(err, n, len(parcels))
		}
		for i, index := range parcels[n].indexes {
			outcomes[index] = got[i]
		}
	}
	return outcomes, nil
}

// partly is a failure behind requests that were answered: what they changed
// is changed, so it cannot be said that nothing was.
func partly(err error, done, all int) error {
	if done == 0 {
		return err
	}
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		return &syncer.Failure{
			Class: syncer.Retry, Code: pos.CodeUnreachable, Unknown: true, Err: err,
			Detail: fmt.Sprintf("It ended after %d of %d requests.", done, all),
		}
	}
	more := *f
	more.Unknown = true
	more.Detail = fmt.Sprintf("%s %d of %d requests were answered before.", f.Detail, done, all)
	return &more
}

// Preview makes up the requests of a batch and sends none.
func (c *connector) Preview(b pos.Batch) ([]pos.Call, error) {
	if c.write == nil {
		return nil, c.notSupported("write")
	}
	ctx := context.Background()
	_, parcels, err := c.parcels(ctx, b)
	if err != nil {
		return nil, c.broken(err, false)
	}
	calls := make([]pos.Call, len(parcels))
	for n := range parcels {
		req, err := c.write.request.build(ctx, parcels[n].with)
		if err != nil {
			return nil, c.broken(err, false)
		}
		calls[n] = req.Call
		calls[n].Changes = parcels[n].indexes
	}
	return calls, nil
}

// parcels shares out the changes of a batch. outcomes has those that are not
// sent.
func (c *connector) parcels(ctx context.Context, b pos.Batch) (outcomes []syncer.Outcome, list []parcel, err error) {
	outcomes = make([]syncer.Outcome, len(b.Changes))
	all := parcel{}
	for i := range b.Changes {
		value := c.changeValue(b.Key, i, &b.Changes[i])
		o, err := c.cannot(ctx, &b.Changes[i], value)
		if err != nil {
			return nil, nil, err
		}
		if o != nil {
			outcomes[i] = *o
			continue
		}
		all.indexes, all.values = append(all.indexes, i), append(all.values, value)
	}
	switch {
	case len(all.indexes) == 0:
	case !c.write.each:
		all.with = c.common.with("$changes", all.values).with("$batch", b.Key)
		list = []parcel{all}
	default:
		for n, i := range all.indexes {
			with := c.common.with("$changes", all.values[n:n+1]).with("$change", all.values[n]).with("$batch", b.Key)
			list = append(list, parcel{[]int{i}, all.values[n : n+1], with})
		}
	}
	return outcomes, list, nil
}

// cannot gives the outcome of a change that is left to a person, nil for one
// that is sent.
func (c *connector) cannot(ctx context.Context, change *pos.Change, value any) (*syncer.Outcome, error) {
	if change.Absolute && !c.write.absolute && !c.write.both {
		return &syncer.Outcome{
			Status: syncer.Manual, Code: CodeAbsolute,
			Detail: fmt.Sprintf("Set %s (%s) at %s to %s: it takes changes only.", change.Name, change.SKU, c.Title, change.Quantity),
		}, nil
	}
	if c.write.cannot == nil {
		return nil, nil
	}
	v, err := c.write.cannot.one(ctx, value, c.common, sizePerChange)
	if err != nil || nothing(v) {
		return nil, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, c.write.cannot.wrong("it must give a sentence for people, or null")
	}
	return &syncer.Outcome{Status: syncer.Manual, Code: CodeCannot, Detail: text}, nil
}

// changeValue is a change as expressions see it.
func (c *connector) changeValue(key string, index int, change *pos.Change) map[string]any {
	v := map[string]any{
		"product": change.Product, "lot": orNull(change.Lot), "room": orNull(change.Room),
		"sku": orNull(change.SKU), "name": orNull(change.Name), "tag": orNull(change.Tag), "unit": orNull(string(change.Unit)),
		"quantity": json.Number(change.Quantity.String()), "delta": json.Number(change.Delta.String()),
		"absolute": change.Absolute, "seen": nil,
		"reason": nil, "their_reason": orNull(change.TheirReason), "note": orNull(change.Note),
		"reference": change.Reference, "occurred_at": instantText(change.OccurredAt),
		"key": key + "/" + strconv.Itoa(index),
	}
	if change.Absolute {
		v["delta"] = nil
	}
	if change.Seen != nil {
		v["seen"] = json.Number(change.Seen.String())
	}
	if change.Reason != store.Reason(0) {
		v["reason"] = change.Reason.String()
	}
	return v
}

// deliver sends one request and gives the outcomes of its changes, in order.
func (c *connector) deliver(ctx context.Context, p *parcel) ([]syncer.Outcome, error) {
	w := c.write
	req, err := w.request.build(ctx, p.with)
	if err != nil {
		return nil, c.broken(err, false)
	}
	if w.header != "" {
		req.Header.Set(w.header, c.keyOf(p))
	}
	a, err := c.send(ctx, req, &w.request, w.fail, p.with, true)
	if f, refused := errors.AsType[*syncer.Failure](err); refused && w.each && f.Class == syncer.Alarm && !f.Unknown && f.Code != CodeDescription {
		return []syncer.Outcome{{Status: syncer.Rejected, Code: f.Code, Detail: f.Detail}}, nil
	}
	if err != nil {
		return nil, err
	}
	with := p.with.with("$headers", a.headers)
	if w.rereads() {
		with = with.with("$answer", a.value)
		if a, err = c.ask(ctx, &w.reread, w.failReread, p.with, false); err != nil {
			return nil, partly(err, 1, 2)
		}
	}
	return c.outcomes(ctx, a, with, len(p.indexes))
}

// keyOf is the idempotency key of a request.
func (c *connector) keyOf(p *parcel) string {
	if c.write.each {
		return p.values[0].(map[string]any)["key"].(string)
	}
	return p.with["$batch"].(string)
}

var outcomeFields = []string{"status", "code", "detail"}

// outcomes works out what became of each change. Without an expression a good
// answer confirms all.
func (c *connector) outcomes(ctx context.Context, a *answer, with vars, changes int) ([]syncer.Outcome, error) {
	list := make([]syncer.Outcome, 0, changes)
	e := c.write.outcome
	if e == nil {
		return list[:changes], nil
	}
	err := e.each(ctx, a.value, with, len(a.body)+changes*sizePerChange, func(v any) error {
		r, err := e.row(v, outcomeFields)
		if err != nil {
			return err
		}
		o, err := c.outcome(e, r)
		list = append(list, o)
		return err
	})
	if err == nil && len(list) != changes {
		err = e.wrong("it gives %d outcomes for %d changes", len(list), changes)
	}
	if err != nil {
		return nil, c.broken(err, true)
	}
	return list, nil
}

// statuses are the outcomes by the word for each.
var statuses = map[string]syncer.Outcome{
	"confirmed": {Status: syncer.Confirmed},
	"rejected":  {Status: syncer.Rejected, Code: pos.CodeRefused, Detail: "The point of sale refuses it."},
	"manual":    {Status: syncer.Manual, Code: CodeCannot, Detail: "The point of sale cannot do it."},
}

func (c *connector) outcome(e *expr, r *row) (syncer.Outcome, error) {
	word := r.text("status")
	o, known := statuses[word]
	if !known {
		return o, e.wrong("the status is %q; there are confirmed, rejected and manual", word)
	}
	if o.Status == syncer.Confirmed {
		return o, nil
	}
	if code := r.text("code"); code != "" {
		o.Code = c.session.clean(code)
	}
	if detail := r.text("detail"); detail != "" {
		o.Detail = c.session.clean(clipped(detail))
	}
	if r.problem != "" {
		return o, e.wrong("%s", r.problem)
	}
	return o, nil
}
