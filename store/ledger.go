package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a ledger needs from outside.
type Config struct {
	Journal Journal
	Clock   Clock
	// NewID makes ids, version 7; NewSalt makes 16 random bytes.
	NewID   func() ID
	NewSalt func() [16]byte
	Rules   Rules
	// Sign makes the signed checkpoint text of a head; nil leaves heads
	// unsigned.
	Sign func(Head) (string, error)
	Log  *slog.Logger
}

// Ledger is the one writer and the readers' view of its state. Its methods
// are safe for concurrent use.
type Ledger struct {
	cfg Config
	// h reads the past; it is j, which a mirror has not.
	h History
	j Journal
	// mu guards the base layers of s; the writer takes it to publish only.
	mu     sync.RWMutex
	s      *state
	keeper *timekeeper
	meta   Meta
	keys   keyring
	saves  saves
	// products are those of the newest list by name.
	products atomic.Pointer[catalogue]
	watchers watchers

	// tx and batch are the writer's, used again for every command and commit;
	// facts those of the newest Reappend, nil for none lately.
	tx    tx
	batch Batch
	facts *ownFacts
	// expiry is what the writer looks at for lots that expire soon.
	expiry expiryWatch

	queue   chan *call
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once
	failure failure
}

// failure is why the writer stopped by itself.
type failure struct {
	mu  sync.Mutex
	err error
}

func (f *failure) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// DamageError says that the ledger on disk is not what was written.
type DamageError struct {
	Seq    int64
	Reason string
}

// Error names the first bad entry.
func (d *DamageError) Error() string {
	return fmt.Sprintf("the ledger is damaged at entry %d: %s", d.Seq, d.Reason)
}

// queueLength bounds how many commands wait; more callers than that block.
const queueLength = 4096

// Open folds the journal and starts the writer. The ledger owns the journal
// from then on. A *DamageError error means the ledger must not be written.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	l := &Ledger{
		cfg: cfg, h: cfg.Journal, j: cfg.Journal,
		queue: make(chan *call, queueLength), closing: make(chan struct{}), stopped: make(chan struct{}),
		expiry: expiryWatch{all: true, lots: map[ID]bool{}},
	}
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	l.keeper = newTimekeeper(cfg.Clock, l.s.head.RecordedAt)
	now, step := l.keeper.now()
	if err := l.keys.load(ctx, l.j, now.Add(-cfg.Rules.KeepKeys)); err != nil {
		return nil, err
	}
	l.saves.head, l.saves.prune = now, now
	if step != nil {
		l.record(*step)
	}
	if !l.meta.Clean && l.s.head.Seq > 0 {
		cfg.Log.Warn("the last stop was not orderly; the ledger is whole", "seq", l.s.head.Seq)
		l.process([]*call{newCall(SystemRequest(), &recovered{at: l.s.head})})
	}
	if err := l.failure.get(); err != nil {
		return nil, err
	}
	go l.write()
	return l, nil
}

// recovered records that the last stop was not orderly.
type recovered struct{ at Head }

func (c *recovered) decide(t *tx) error {
	return t.event(EventRecovered, map[string]int64{"seq": c.at.Seq})
}

// SystemRequest is what commands carry that nobody asked for.
func SystemRequest() Request { return Request{Actor: "system", Source: "system", Manager: true} }

// Do decides a command, makes its entries durable and answers. Codes: those
// of the command; idempotency_mismatch; storage_full and outcome_unknown from
// the journal; read_only after the ledger stopped. Once a command is queued
// ctx no longer ends it: what is being committed has an outcome.
func (l *Ledger) Do(ctx context.Context, r Request, cmd Command) (Receipt, error) {
	if l.mirrors() {
		return Receipt{}, refuse(CodeReadOnly, "This is a copy for reading; only the store itself can be changed.")
	}
	c := newCall(r, cmd)
	select {
	case l.queue <- c:
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	case <-l.stopped:
		return Receipt{}, l.stoppedError()
	}
	select {
	case <-c.done:
	case <-l.stopped:
		select {
		case <-c.done:
		default:
			return Receipt{}, l.stoppedError()
		}
	}
	receipt, replay, err := c.receipt, c.replay, c.err
	*c = call{done: c.done}
	answered.Put(c)
	if err == nil && replay != 0 {
		return l.replay(ctx, r, replay)
	}
	return receipt, err
}

func (l *Ledger) stoppedError() error {
	if err := l.failure.get(); err != nil {
		return &Error{Code: CodeOutcomeUnknown, Message: "Storage failed; it is not known whether this was saved. Send it again with the same Idempotency-Key.", Err: err}
	}
	return refuse(CodeReadOnly, "The store is stopping; nothing was changed.")
}

// Failed is closed when the writer stopped, orderly or not; Err tells why.
func (l *Ledger) Failed() <-chan struct{} { return l.stopped }

// Err is why the writer stopped by itself, nil while it runs or after Close.
func (l *Ledger) Err() error { return l.failure.get() }

// Close takes no more commands, finishes those that wait, saves the newest
// head and the full state, and closes the journal. After the writer stopped
// by itself it touches nothing and gives what Err gives.
func (l *Ledger) Close() error {
	if l.mirrors() {
		return nil
	}
	l.once.Do(func() { close(l.closing) })
	<-l.stopped
	if err := l.failure.get(); err != nil {
		return err
	}
	if err := l.saveNewHead(context.Background()); err != nil {
		l.cfg.Log.Warn("the head of the ledger was not saved", "err", err)
	}
	if err := l.saveState(context.Background()); err != nil {
		l.cfg.Log.Warn("the full state was not saved; the next start takes longer", "err", err)
	}
	return l.j.Close()
}

// load folds the newest full state and everything after it.
func (l *Ledger) load(ctx context.Context) (err error) {
	if l.meta, err = l.j.Meta(ctx); err != nil {
		return err
	}
	started := l.cfg.Clock.Mono()
	if l.s, err = l.loadState(ctx); err != nil {
		return err
	}
	from := l.s.head.Seq
	if err = l.foldTail(ctx); err != nil {
		return err
	}
	tokens, err := l.j.ListTokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		l.s.tokens.base[t.Hash] = t
	}
	l.cfg.Log.Debug("ledger folded", "seq", l.s.head.Seq, "tail", l.s.head.Seq-from, "items", len(l.s.byNo),
		"took", (l.cfg.Clock.Mono() - started).Round(time.Millisecond))
	return nil
}

// foldTail replays the entries after the full state, checking the chain.
func (l *Ledger) foldTail(ctx context.Context) error {
	s := l.s
	err := l.j.Scan(ctx, s.head.Seq, l.meta.Seq, func(row *Stored) error {
		e, err := ParseEntry(row.Bytes)
		if err != nil {
			return &DamageError{row.Seq, err.Error()}
		}
		if !e.follows(s.draft.Epoch) {
			return &DamageError{row.Seq, "it is of another epoch"}
		}
		if row.Seq != s.draft.Seq+1 || e.Seq != row.Seq {
			return &DamageError{row.Seq, "it is out of sequence"}
		}
		if s.draft.Hash.next(row.Bytes, &l.saves.scratch) != row.Hash {
			return &DamageError{row.Seq, "its hash does not continue the chain"}
		}
		if _, err := s.apply(e); err != nil {
			return &DamageError{row.Seq, err.Error()}
		}
		s.draft = Head{Epoch: e.Epoch, Seq: e.Seq, Hash: row.Hash, RecordedAt: e.RecordedAt}
		s.accept()
		if row.Seq%8192 == 0 {
			s.publish()
		}
		if row.Item != 0 {
			l.saves.dirty.add(row.Item)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.publish()
	if s.head.Seq != l.meta.Seq || s.head.Hash != l.meta.Hash {
		return &DamageError{s.head.Seq + 1, "entries are missing"}
	}
	return nil
}
