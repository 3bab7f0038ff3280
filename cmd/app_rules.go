package cmd

import (
	"time"

	"github.com/shelfd/shelfd/store"
)

// rules are the ledger's, as configured.
func (c Config) rules() (store.Rules, error) {
	r := store.DefaultRules()
	r.BackdateLimit = time.Duration(c.Rules.BackdateLimit)
	r.ExpiringWithin = time.Duration(c.Rules.ExpiringWithin)
	r.HysteresisPercent = int(c.Rules.LowStockHysteresis)
	r.CatalogueOwner, r.ThresholdOwner = c.Rules.CatalogueOwner, c.Rules.ThresholdOwner
	r.SaleSources = c.saleSources()
	r.HeadEvery = time.Duration(c.Checkpoints.HeadInterval)
	theft, err := store.ParseQuantity(string(c.Rules.NotesRequiredAbove.Theft))
	if err != nil {
		return r, err
	}
	adjustment, err := store.ParseQuantity(string(c.Rules.NotesRequiredAbove.Adjustment))
	if err != nil {
		return r, err
	}
	r.NotesAbove = map[store.Reason]store.Quantity{store.Theft: theft, store.Adjustment: adjustment}
	r.SubReasons = nil
	for _, s := range c.Rules.SubReasons {
		sub := store.SubReason{Code: s.Code, Description: s.Description, Reasons: make([]store.Reason, len(s.Reasons))}
		for i, name := range s.Reasons {
			if err := sub.Reasons[i].UnmarshalText([]byte(name)); err != nil {
				return r, err
			}
		}
		r.SubReasons = append(r.SubReasons, sub)
	}
	return r, nil
}
