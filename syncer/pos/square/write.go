package square

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// The kinds of changes at Square.
const (
	typeAdjustment = "ADJUSTMENT"
	typeCount      = "PHYSICAL_COUNT"
)

// prefix is what the references of our changes begin with.
const prefix = "shelfd:"

// maxKey is how long the key of a batch may be.
const maxKey = 128

// CodeBelowZero is the code of a work item: Square takes no count below zero,
// so a person has to find out what is there.
const CodeBelowZero = "below_zero"

// order is the body for pathCreate.
type order struct {
	Key     string `json:"idempotency_key"`
	Changes []line `json:"changes"`
	// A count that equals the last one is not to be passed over: it takes in
	// sales dated before it that come later.
	IgnoreUnchanged bool `json:"ignore_unchanged_counts"`
}

// line is one change to be made.
type line struct {
	Type       string  `json:"type"`
	Count      *detail `json:"physical_count,omitempty"`
	Adjustment *detail `json:"adjustment,omitempty"`
}

// detail is what a line says.
type detail struct {
	Reference  string `json:"reference_id"`
	State      string `json:"state,omitempty"`
	From       string `json:"from_state,omitempty"`
	To         string `json:"to_state,omitempty"`
	Location   string `json:"location_id"`
	Product    string `json:"catalog_object_id"`
	Quantity   string `json:"quantity"`
	OccurredAt string `json:"occurred_at"`
}

// plan is what a batch comes to.
type plan struct {
	call     pos.Call
	lines    []line
	outcomes []syncer.Outcome
}

// Counts tells whether a change with this reason is sent as the quantity that
// there is then: Square has no adjustment for it. Of transfers it has one for
// what came, but none for what went.
func (c *Connector) Counts(r store.Reason) bool {
	return r == store.Adjustment || r == store.Audit || r == store.Transfer
}

// Write sends a batch, which Square does as a whole or not at all. Sent again
// with the same key it is done once.
func (c *Connector) Write(ctx context.Context, b pos.Batch) ([]syncer.Outcome, error) {
	p, err := c.plan(b, c.moment(b.Key, true))
	if err != nil {
		return nil, err
	}
	if len(p.lines) == 0 {
		return p.outcomes, nil
	}
	var answer changed
	err = c.ask(ctx, pos.Request{Call: p.call, Writes: true}, &answer)
	switch {
	case err == nil:
		err = c.confirmed(p.lines, &answer)
	case isReused(err):
		err = c.settle(ctx, b, p.lines, err)
	case answer.results():
		err = unknown(err)
	}
	if err != nil {
		return nil, err
	}
	return p.outcomes, nil
}

// Preview gives the request that Write would send now, none when nothing of
// the batch can be.
func (c *Connector) Preview(b pos.Batch) ([]pos.Call, error) {
	p, err := c.plan(b, c.moment(b.Key, false))
	if err != nil || len(p.lines) == 0 {
		return nil, err
	}
	return []pos.Call{p.call}, nil
}

// plan makes up the request for a batch, with at as the time of what cannot
// have its own.
func (c *Connector) plan(b pos.Batch, at store.Instant) (*plan, error) {
	if b.Key == "" || len(b.Key) > maxKey || len(b.Changes) > most {
		return nil, &syncer.Failure{
			Class: syncer.Alarm, Code: pos.CodeRefused,
			Detail: fmt.Sprintf("Square takes at most %d changes, under a key of at most %d characters.", most, maxKey),
		}
	}
	p := &plan{outcomes: make([]syncer.Outcome, len(b.Changes)), call: pos.Call{Method: http.MethodPost, Path: pathCreate}}
	for i := range b.Changes {
		l := c.line(&b.Changes[i], at)
		if l.Count != nil && l.Count.Quantity[0] == '-' {
			p.outcomes[i] = syncer.Outcome{
				Status: syncer.Manual, Code: CodeBelowZero,
				Detail: fmt.Sprintf("The store has %s of it, and Square takes no count below zero. Count it.", l.Count.Quantity),
			}
			continue
		}
		p.lines, p.call.Changes = append(p.lines, l), append(p.call.Changes, i)
	}
	var err error
	p.call.Body, err = json.Marshal(order{Key: b.Key, Changes: p.lines})
	return p, err
}

// line says one change in Square's terms.
func (c *Connector) line(g *pos.Change, at store.Instant) line {
	d := &detail{
		Reference: prefix + g.Reference, Location: c.location, Product: g.Product,
		OccurredAt: min(g.OccurredAt, at).String(),
	}
	d.From, d.To = states(g)
	if d.From != "" {
		d.Quantity = max(g.Delta, -g.Delta).String()
		return line{Type: typeAdjustment, Adjustment: d}
	}
	if at.Sub(g.OccurredAt) > oldest-time.Minute {
		d.OccurredAt = at.String()
	}
	d.State, d.Quantity = stateInStock, g.Quantity.String()
	return line{Type: typeCount, Count: d}
}

// states are those that goods of a change go from and to, empty for a change
// that has to be a count. A movement that reverses another has its reason and
// the other sign: what was reversed is then as if it had not been.
func states(g *pos.Change) (from, to string) {
	if g.Absolute || g.Delta == 0 {
		return "", ""
	}
	moves := whenMore
	if g.Delta < 0 {
		moves = whenLess
	}
	move := moves[g.Reason]
	return move[0], move[1]
}

// The states that goods go from and to, by reason, when there is less of them
// afterwards and when there is more.
var (
	whenLess = map[store.Reason][2]string{
		store.Sale:   {stateInStock, stateSold},
		store.Return: {stateInStock, stateSold},
		store.Damage: {stateInStock, stateWaste},
		store.Theft:  {stateInStock, stateWaste},
	}
	whenMore = map[store.Reason][2]string{
		store.Sale:     {stateUnlinked, stateInStock},
		store.Return:   {stateUnlinked, stateInStock},
		store.Damage:   {stateNone, stateInStock},
		store.Theft:    {stateNone, stateInStock},
		store.Transfer: {stateNone, stateInStock},
	}
)

// moment is the time for changes of a batch that cannot have their own: now.
// The same batch gets it again, so that it is the same when it is sent again,
// for as long as Square takes it.
func (c *Connector) moment(batch string, keep bool) store.Instant {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	age := now.Sub(c.dated.at)
	if c.dated.batch == batch && age >= 0 && age < oldest/2 {
		return c.dated.at
	}
	if keep {
		c.dated.batch, c.dated.at = batch, now
	}
	return now
}
