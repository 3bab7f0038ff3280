package store

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

const (
	// maxBatch bounds how many commands share one commit.
	maxBatch = 1024
	// maxRows bounds how many entries share one commit, so that a large
	// import does not make the others wait.
	maxRows = 4096
	// lookEvery is how often the writer looks at the clock, the holds and
	// what there is to save while nobody writes.
	lookEvery = time.Second
)

// write is the writer goroutine: it takes all that waits, commits it as one,
// and answers. It alone changes the state.
func (l *Ledger) write() {
	defer close(l.stopped)
	batch := make([]*call, 0, maxBatch)
	tick := l.cfg.Clock.After(lookEvery)
	for l.failure.get() == nil {
		batch = batch[:0]
		select {
		case c := <-l.queue:
			batch = append(batch, c)
		case <-tick:
			tick = l.cfg.Clock.After(lookEvery)
			l.look()
			continue
		case <-l.closing:
			if len(l.queue) == 0 {
				return
			}
		}
		// Let those who are just about to ask do so: a larger batch for one
		// pass through the scheduler.
		runtime.Gosched()
		l.process(l.drain(batch))
		l.save(l.s.head.RecordedAt)
	}
}

// drain takes what waits, without waiting.
func (l *Ledger) drain(batch []*call) []*call {
	for len(batch) < maxBatch {
		select {
		case c := <-l.queue:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// look does what time asks for.
func (l *Ledger) look() {
	now, step := l.keeper.now()
	due := false
	for _, r := range l.s.reservations.base {
		due = due || r.ExpiresAt <= now
	}
	if step != nil {
		l.record(*step)
	}
	if due && l.keeper.ok {
		l.process([]*call{newCall(SystemRequest(), expireHolds{})})
	}
	l.tellExpiring(now)
	l.forgetFacts()
	l.save(now)
}

// stepCommand records that the wall clock left the monotonic time, or came
// back to it.
type stepCommand struct{ step clockStep }

func (c stepCommand) decide(t *tx) error { return t.event(EventClock, c.step) }

func (l *Ledger) record(step clockStep) {
	l.cfg.Log.Warn("the wall clock stepped", "expected", step.Expected, "wall", step.Wall, "trusted", step.OK)
	if l.s.head.Seq > 0 {
		l.process([]*call{newCall(SystemRequest(), stepCommand{step})})
	}
}

// process decides a batch, commits it and answers everyone.
func (l *Ledger) process(calls []*call) {
	now, step := l.keeper.now()
	if step != nil {
		l.record(*step)
		now = max(now, l.s.head.RecordedAt)
	}
	rest, b := calls, &l.batch
	for len(rest) > 0 && l.failure.get() == nil {
		b.Rows, b.Keys, b.Tokens, b.Erased = b.Rows[:0], b.Keys[:0], nil, nil
		accepted := map[[16]byte]int64{}
		n := 0
		for ; n < len(rest) && len(b.Rows) < maxRows; n++ {
			if _, ok := rest[n].cmd.(reviewer); ok && len(b.Rows) > 0 {
				break
			}
			l.decide(rest[n], now, b, accepted)
		}
		l.commit(rest[:n], b)
		clear(b.Rows)
		rest = rest[n:]
	}
}

// decide lets one command decide, and queues its entries when it accepts.
func (l *Ledger) decide(c *call, now Instant, b *Batch, accepted map[[16]byte]int64) {
	if l.known(c, accepted) {
		return
	}
	t := &l.tx
	*t = tx{
		s: l.s, rules: &l.cfg.Rules, store: l.meta.Store, req: c.req, now: now, clockOK: l.keeper.ok, keeper: l.keeper,
		newID: l.cfg.NewID, newSalt: l.cfg.NewSalt,
		rows: t.rows[:0], touched: t.touched[:0], keys: t.keys[:0], scratch: t.scratch,
	}
	c.err = l.run(t, c.cmd)
	if c.err != nil || c.req.DryRun {
		l.s.reject()
		if c.err == nil {
			c.receipt = t.receipt
		}
		return
	}
	l.s.accept()
	c.receipt = t.receipt
	b.Rows = append(b.Rows, t.rows...)
	b.Tokens = append(b.Tokens, t.tokens...)
	b.Erased = append(b.Erased, t.erased...)
	if c.req.Key != nil && len(t.rows) > 0 {
		t.keys = append(t.keys, Key{
			Seq: t.rows[0].Entry.Seq, Count: int64(len(t.rows)), Hash: c.req.Key.Hash, Print: c.req.Key.Print,
			At: now, Outcome: encodeOutcome(t.receipt.Lines),
		})
	}
	for i := range t.keys {
		accepted[t.keys[i].Hash] = t.keys[i].Seq
	}
	b.Keys = append(b.Keys, t.keys...)
}

// known tells whether the command's key has been used before.
func (l *Ledger) known(c *call, accepted map[[16]byte]int64) bool {
	if c.req.Key == nil || c.req.DryRun {
		return false
	}
	if seq, ok := accepted[c.req.Key.Hash]; ok {
		c.replay = seq
		return true
	}
	seq := l.keys.find(c.req.Key.Hash)
	if seq == 0 {
		return false
	}
	key, err := l.j.FindKey(context.Background(), seq)
	switch {
	case CodeOf(err) == CodeNotFound:
		return false
	case err != nil:
		c.err = err
		return true
	case key.Hash != c.req.Key.Hash:
		return false
	}
	c.replay = seq
	return true
}

// run looks up the facts that a command names and lets it decide. A command
// that panics is refused like any other; it must not take the store down.
func (l *Ledger) run(t *tx, cmd Command) (err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := make([]byte, 8<<10)
			err = fmt.Errorf("deciding %T: %v\n%s", cmd, v, stack[:runtime.Stack(stack, false)])
		}
	}()
	if r, ok := cmd.(recaller); ok {
		if err := r.recall(context.Background(), t.req, l.j); err != nil {
			return err
		}
	}
	if r, ok := cmd.(reviewer); ok {
		if err := r.review(context.Background(), l); err != nil {
			return err
		}
	}
	if err := cmd.decide(t); err != nil {
		return err
	}
	return t.finish()
}

// commit makes a batch durable, publishes it and answers its calls.
func (l *Ledger) commit(calls []*call, b *Batch) {
	err := error(nil)
	if len(b.Rows) > 0 {
		err = l.j.Append(context.Background(), b)
	}
	if err != nil {
		l.s.discard()
		if CodeOf(err) != CodeStorageFull {
			l.failure.set(err)
		}
	} else {
		l.publish(b)
	}
	for _, c := range calls {
		if err != nil && c.err == nil && !c.req.DryRun {
			c.receipt, c.replay, c.err = Receipt{}, 0, l.commitError(err)
		}
		c.done <- struct{}{}
	}
}

func (l *Ledger) commitError(err error) error {
	if CodeOf(err) == CodeStorageFull {
		return &Error{Code: CodeStorageFull, Message: "The disk is full; nothing was changed. Free some space and try again.", Err: err}
	}
	return l.stoppedError()
}

// publish shows readers what has become durable.
func (l *Ledger) publish(b *Batch) {
	l.mu.Lock()
	l.s.publish()
	for _, k := range b.Keys {
		l.keys.put(k)
	}
	l.mu.Unlock()
	l.watchers.wake(b.Rows)
	for i := range b.Rows {
		r := &b.Rows[i]
		var item *Item
		if r.Item != 0 {
			l.saves.dirty.add(r.Item)
			item = l.s.byNo[r.Item-1]
		}
		if l.expiry.touch(r.Entry, item); r.Item != 0 {
			continue
		}
		if e := r.Entry.Event; e != nil && e.Type == EventClockConfirmed {
			l.keeper.confirm()
		}
	}
}
