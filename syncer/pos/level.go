package pos

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

func seen(c *Change) store.Quantity {
	if c.Seen == nil {
		return 0
	}
	return *c.Seen
}

// level is what is known of a place once a change is confirmed.
func (c *Change) level(now store.Instant) store.Level {
	return store.Level{Place: c.Place, Seq: c.Seq, Seen: c.Quantity, SeenAt: now, Known: c.Absolute || c.Seen != nil}
}

// levels gathers what becomes known of places, each once.
type levels struct {
	before, now map[store.Place]store.Level
	// holes are places where something was refused.
	holes map[store.Place]bool
}

func newLevels(before map[store.Place]store.Level) *levels {
	return &levels{before: before, now: map[store.Place]store.Level{}, holes: map[store.Place]bool{}}
}

// raise takes a level in; what a place has of the ledger never becomes less.
func (k *levels) raise(l store.Level) {
	l.Seq = max(l.Seq, k.before[l.Place].Seq)
	if k.holes[l.Place] {
		l.Seq = 0
	}
	k.now[l.Place] = l
}

// unsettle has a place told the whole number the next time.
func (k *levels) unsettle(c *Change) {
	l, ok := k.now[c.Place]
	if !ok {
		l = k.before[c.Place]
	}
	l.Place, l.Seq = c.Place, 0
	k.holes[c.Place], k.now[c.Place] = true, l
}

// list gives them, and takes them for known.
func (k *levels) list() []store.Level {
	list := make([]store.Level, 0, len(k.now))
	for at, l := range k.now {
		list = append(list, l)
		k.before[at] = l
	}
	return list
}

// putLevels writes down what places have.
func (t *Target) putLevels(ctx context.Context, list []store.Level) error {
	if len(list) == 0 {
		return nil
	}
	return t.records.PutLevels(ctx, t.cfg.Name, list)
}
