package metrc

import (
	"context"
	"strings"
	"time"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// unreportable settles what can be told from a change alone.
func unreportable(ch *pos.Change) *syncer.Outcome {
	switch {
	case ch.Quantity < 0:
		return rejected(CodeNegative, "The package %s would have %s in METRC, which cannot have less than nothing.", ch.Lot, ch.Quantity)
	case strings.TrimSpace(ch.TheirReason) == "" && ch.Reason == 0:
		return manual(CodeUnmappedReason, "Nothing is reported to METRC without a reason. Adjust the package %s there to %s with one.", ch.Lot, amount(ch))
	case strings.TrimSpace(ch.TheirReason) == "":
		return manual(CodeUnmappedReason, "No reason of METRC is linked to %s. Link one, or adjust the package %s there to %s.", ch.Reason, ch.Lot, amount(ch))
	case ch.Seen == nil:
		return rejected(CodeNotSeen, "What METRC has of the package %s was not read before.", ch.Lot)
	}
	return nil
}

// checkReasons settles the changes whose reason the state does not take as
// they are.
func (c *connector) checkReasons(ctx context.Context, w *writing) error {
	if len(w.open) == 0 {
		return nil
	}
	reasons, err := c.reasons(ctx)
	if err != nil {
		return err
	}
	w.judge(func(ch *pos.Change) *syncer.Outcome {
		r, ok := reasonCalled(reasons, ch.TheirReason)
		switch {
		case !ok:
			return manual(CodeUnmappedReason, "METRC has no reason %.80s here. Link another to %s, or adjust the package %s there to %s.", ch.TheirReason, ch.Reason, ch.Lot, amount(ch))
		case r.weighed():
			return manual(CodeWasteWeight, "METRC wants a weight of waste with the reason %s. Adjust the package %s there to %s.", r.Name, ch.Lot, amount(ch))
		case r.RequiresNote && strings.TrimSpace(ch.Note) == "":
			return manual(CodeNoteRequired, "METRC wants a note with the reason %s. Adjust the package %s there to %s.", r.Name, ch.Lot, amount(ch))
		}
		return nil
	})
	return nil
}

// checkPackages reads each package again, and settles the changes that no
// longer fit it.
func (c *connector) checkPackages(ctx context.Context, w *writing) (err error) {
	w.judge(func(ch *pos.Change) (o *syncer.Outcome) {
		if err == nil {
			o, err = c.compare(ctx, w, ch)
		}
		return o
	})
	if err != nil {
		return err
	}
	for _, i := range w.open {
		ch := &w.changes[i]
		p := w.reread[ch.Lot]
		w.rows[i], w.before[i] = c.row(ch, p.unit), *ch.Seen
	}
	return nil
}

// compare gives the outcome of a change that does not fit the package, or nil.
func (c *connector) compare(ctx context.Context, w *writing, ch *pos.Change) (*syncer.Outcome, error) {
	p, ok := w.reread[ch.Lot]
	if !ok {
		found, there, err := c.find(ctx, ch.Lot)
		if err != nil {
			return nil, err
		}
		if !there {
			return rejected(CodeMissingThere, "METRC has no package %s at this license.", ch.Lot), nil
		}
		p = &found
		w.reread[ch.Lot] = p
	}
	if p.problem != "" {
		return rejected(CodeBadPackage, "METRC's package %s cannot be used: %s", ch.Lot, p.problem), nil
	}
	if last, recent := c.sent.get(c.clock.Mono(), ch.Lot); recent {
		switch {
		case last.arrived(p, ch):
			return &syncer.Outcome{Status: syncer.Confirmed}, nil
		case last.behind(p, ch):
			return nil, &syncer.Failure{Class: syncer.Retry, Code: CodeBehind, Detail: "METRC may not show the change before yet.", RetryAfter: 5 * time.Second}
		}
	}
	o := unfit(p, ch)
	if o == nil {
		p.quantity = ch.Quantity
	}
	return o, nil
}

// unfit says why a package cannot be adjusted, nil when it can.
func unfit(p *pack, ch *pos.Change) *syncer.Outcome {
	switch {
	case p.gone:
		return rejected(CodeHeld, "The package %s was discontinued in METRC.", ch.Lot)
	case p.finished:
		return rejected(CodeHeld, "The package %s is finished in METRC.", ch.Lot)
	case p.held:
		return rejected(CodeHeld, "The package %s is on hold in METRC, and nothing of it may change.", ch.Lot)
	case ch.Unit != "" && !strings.EqualFold(p.unit, string(ch.Unit)):
		return rejected(CodeUnit, "METRC keeps the package %s in %.40s, and we in %s.", ch.Lot, p.unit, ch.Unit)
	case p.quantity != *ch.Seen:
		return rejected(CodeChangedThere, "The package %s has %s in METRC now, and had %s when the change was made up.", ch.Lot, p.quantity, ch.Seen)
	}
	return nil
}
