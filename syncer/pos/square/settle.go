package square

import (
	"context"
	"errors"
	"slices"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// changed is the answer of pathCreate.
type changed struct {
	envelope

	Counts  []count  `json:"counts"`
	Changes []change `json:"changes"`
}

// results tells whether something was done, be there errors beside it or not.
func (r *changed) results() bool { return len(r.Counts)+len(r.Changes) > 0 }

// confirmed makes sure that an answer is about everything that was sent.
func (c *Connector) confirmed(lines []line, r *changed) error {
	about := map[string]bool{}
	for _, n := range r.Counts {
		about[n.Product] = about[n.Product] || n.Location == c.location
	}
	for _, l := range lines {
		if !about[l.detail().Product] && !slices.ContainsFunc(r.Changes, l.isMade) {
			return notSquare(true, "It does not say what became of all that was sent.")
		}
	}
	return nil
}

func (l *line) detail() *detail {
	if l.Count != nil {
		return l.Count
	}
	return l.Adjustment
}

// isMade tells whether a change at Square is the one of this line, at
// whatever time it occurred.
func (l *line) isMade(g change) bool {
	made, ours := g.Adjustment, l.detail()
	if l.Count != nil {
		made = g.Count
	}
	if g.Type != l.Type || made == nil {
		return false
	}
	quantity, problem := made.Quantity.Quantity()
	return problem == "" && detail{made.Reference, made.State, made.From, made.To, made.Location, made.Product, quantity.String(), ours.OccurredAt} == *ours
}

func isReused(err error) bool {
	f, ok := errors.AsType[*syncer.Failure](err)
	return ok && f.Code == CodeKeyReused
}

// settle finds out what it means that a key was used before. When Square has
// every change of the batch it was used for this one, and only the time is
// another: that of a change which was in the future, or too old, is when it
// was sent first, and that is forgotten when the program ends. Else it gives
// the refusal.
func (c *Connector) settle(ctx context.Context, b pos.Batch, lines []line, refusal error) error {
	var products []string
	var missing []line
	since := c.now()
	for _, l := range lines {
		products, missing = append(products, l.detail().Product), append(missing, l)
	}
	for _, g := range b.Changes {
		since = min(since, g.OccurredAt)
	}
	slices.Sort(products)
	question := changesQuestion{
		Products: slices.Compact(products), Types: []string{typeCount, typeAdjustment},
		// It was sent after it occurred, by whichever clock.
		After: since.Add(-oldest).String(),
	}
	err := c.readChanges(ctx, question, func(list []change) error {
		missing = slices.DeleteFunc(missing, func(l line) bool { return slices.ContainsFunc(list, l.isMade) })
		return nil
	})
	switch {
	case err != nil:
		return unknown(err)
	case len(missing) > 0:
		return refusal
	}
	return nil
}

// unknown makes of an error one that leaves open whether the batch was done.
func unknown(err error) error {
	f := syncer.Failure{Class: syncer.Retry, Code: pos.CodeTimeout, Detail: "Square was not asked to the end what it has.", Err: err}
	if known, ok := errors.AsType[*syncer.Failure](err); ok {
		f = *known
	}
	f.Unknown = true
	return &f
}
