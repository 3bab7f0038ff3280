package cmd

// syncBar shows on a terminal how far a run is, out of the most that it had to
// do so far. Where nobody watches it does nothing.
type syncBar struct {
	o     *rootOptions
	meter *meter
	most  int64
}

func newSyncBar(o *rootOptions) *syncBar { return &syncBar{o: o} }

// step shows how much is left, nil when that is not known.
func (b *syncBar) step(left *int64) {
	if left == nil {
		return
	}
	if b.most == 0 || *left > b.most {
		b.clear()
		b.most = *left
		b.meter = b.o.progress(b.most, "sync")
	}
	b.meter.set(b.most - *left)
}

// clear takes the bar away.
func (b *syncBar) clear() { b.meter.clear() }
