package store

import (
	"context"
	"log/slog"
	"maps"
	"slices"
)

// MirrorConfig is what a mirror is made of.
type MirrorConfig struct {
	// History reads the other store's entries.
	History History
	Clock   Clock
	// Head is the newest entry that the records stand for, Store whose they
	// are.
	Head  Head
	Store ID
	// Rules are those of the store, as far as they are known.
	Rules Rules
	// Items and Docs are the records of the whole store: every item, and the
	// newest version of every document.
	Items []ItemRecord
	Docs  []DocumentRecord
	Log   *slog.Logger
}

// OpenMirror makes a ledger for reading from the records of another store's:
// it answers everything about stock and history as that store would at Head.
// Do answers read_only, and Journal nil. It has no reservations, runs and
// tokens. Close does nothing.
func OpenMirror(_ context.Context, cfg MirrorConfig) (*Ledger, error) {
	s := newState(cfg.Head.Epoch, cfg.Rules.HysteresisPercent)
	saved, err := cfg.saved(s)
	if err != nil {
		return nil, err
	}
	saved.install(s)
	s.head, s.batch, s.draft = cfg.Head, cfg.Head, cfg.Head
	return &Ledger{
		cfg: Config{Clock: cfg.Clock, Rules: cfg.Rules, Log: cfg.Log}, h: cfg.History, s: s,
		keeper:  newTimekeeper(cfg.Clock, cfg.Head.RecordedAt),
		meta:    Meta{Store: cfg.Store, Epoch: cfg.Head.Epoch, Head: cfg.Head, Clean: true},
		stopped: make(chan struct{}),
	}, nil
}

// saved makes of the records what a saved full state would hold.
func (c *MirrorConfig) saved(s *state) (*savedState, error) {
	v := &savedState{saves: new(saves)}
	for n := range c.Docs {
		of, err := c.Docs[n].decode()
		if err != nil {
			return nil, err
		}
		s.keep(of)
		if t, ok := of.(*TransferDocument); ok {
			v.transfers = append(v.transfers, t)
		}
	}
	for n := range c.Items {
		i, err := c.Items[n].item(s)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, i)
	}
	v.products = slices.Collect(maps.Values(s.products.base))
	v.lots = slices.Collect(maps.Values(s.lots.base))
	slices.SortFunc(v.transfers, func(a, b *TransferDocument) int { return compareIDs(a.ID, b.ID) })
	return v, v.check()
}

// mirrors tells whether the ledger is for reading only.
func (l *Ledger) mirrors() bool { return l.queue == nil }
