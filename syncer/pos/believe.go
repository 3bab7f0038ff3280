package pos

import (
	"context"
	"errors"

	"github.com/shelfd/shelfd/store"
)

// believe sets the ledger to what the point of sale has, where its word counts
// for quantities: only what nothing known explains, and never at the first
// comparison, when the two have not agreed on anything yet. It is booked as an
// adjustment that came from there, so that it is not sent back.
func (t *Target) believe(ctx context.Context, c *compared, how comparison) error {
	if t.cfg.Quantity != OwnerPOS || t.caps.State || !how.sends || how.first {
		return nil
	}
	for _, at := range c.differs {
		s, stock := c.here[at], c.there[at]
		if s == nil || t.classify(c, at) != store.CaseQuantity {
			continue
		}
		i := s.fullest()
		_, err := t.ledger.Do(ctx, t.request(), &store.Adjust{
			Item: i.ID, Change: stock.Quantity - s.quantity, Reason: store.Adjustment, Offline: true,
			Notes: "Set to what " + t.cfg.Name + " has.",
		})
		if refusal, ok := errors.AsType[*store.Error](err); ok && refusal.Code == store.CodeRange {
			t.log.Warn("stock cannot be set to what a point of sale has", "sku", i.Product.SKU, "theirs", stock.Quantity.String(), "err", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fullest is the row with the most stock.
func (s *shelf) fullest() *store.Item {
	best := s.items[0]
	for _, i := range s.items {
		if i.Quantity > best.Quantity {
			best = i
		}
	}
	return best
}
