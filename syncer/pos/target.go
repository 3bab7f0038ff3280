package pos

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// CodeNoLocation is the code of a destination whose location is not there.
const CodeNoLocation = "no_location"

// Whose word counts for the catalogue and for quantities.
const (
	OwnerPOS   = "pos"
	OwnerStore = "store"
)

// Config says what is brought up to date at one point of sale, and how.
type Config struct {
	// Name is that of the destination.
	Name string
	Kind *Kind
	// Location is the one it serves, the zero ID while there is none.
	Location store.ID
	// Books: the location's sales are booked from here; else they are only
	// matched with what the API booked.
	Books bool
	// Catalogue is whose names and prices count, Quantity whose number a full
	// run believes: OwnerPOS or OwnerStore.
	Catalogue, Quantity string
	// Rooms and Reasons are links that the configuration sets, to what they
	// are there; empty for what is left out there.
	Rooms   map[store.Room]string
	Reasons map[store.Reason]string
	// Reports are the reasons that the store reports to a state's register.
	Reports []store.Reason
	// SellRoom is where a sale is taken from that names no room.
	SellRoom store.Room
	// PullEvery is the time between two looks at what was sold there.
	PullEvery time.Duration
	// Overlap is how far a look reaches back over the one before: what is
	// listed late is not missed.
	Overlap time.Duration
	// Grace is how long a difference may take to explain itself.
	Grace time.Duration
}

func (c *Config) defaults() {
	if c.Catalogue == "" {
		c.Catalogue = OwnerPOS
	}
	if c.Quantity == "" {
		c.Quantity = OwnerStore
	}
	if c.SellRoom == 0 {
		c.SellRoom = store.SalesFloor
	}
	if c.PullEvery == 0 {
		c.PullEvery = time.Minute
	}
	if c.Overlap == 0 {
		c.Overlap = 15 * time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 15 * time.Minute
	}
	if c.Reports == nil {
		c.Reports = []store.Reason{store.Adjustment, store.Damage, store.Theft, store.Audit}
	}
}

// TargetDeps are what a target works with.
type TargetDeps struct {
	Ledger    Ledger
	Records   Records
	Connector Connector
	Clock     store.Clock
	NewID     func() store.ID
	Log       *slog.Logger
}

// Target makes a destination of the sync engine of a connector. Its methods
// are safe for concurrent use as far as the engine and a Desk use them.
type Target struct {
	cfg     Config
	caps    Capabilities
	ledger  Ledger
	records Records
	to      Connector
	clock   store.Clock
	newID   func() store.ID
	log     *slog.Logger
	feed    *syncer.Feed
	links   links

	// reading lets one look at what was sold, or at the stock, go on at a time.
	reading sync.Mutex
	// writing lets one change what is known of levels at a time; who holds
	// reading may take it, and not the other way around.
	writing sync.Mutex
	// answered is up to which entry everything that was sent was answered for,
	// 0 when that is not known. writing guards it.
	answered int64
	// pushed is the newest entry that the destination is known to have.
	pushed atomic.Int64
	// both are sales that were rung up there and booked here.
	both atomic.Pointer[map[store.Position]bool]
	// clocks are how theirs stands beside ours, nil while that is not known;
	// asked is when it was, a nanosecond late, and 0 for never.
	clocks atomic.Pointer[clocks]
	asked  atomic.Int64
	// matched is up to when sales there were matched with what was booked here.
	matched store.Instant
	// forgotten is up to when matched sales were dropped.
	forgotten store.Instant
	// checked is the newest check, nil for none.
	checked atomic.Pointer[store.POSCheck]
}

// New makes a target. Errors are those of the records.
func New(ctx context.Context, cfg Config, d TargetDeps) (*Target, error) {
	cfg.defaults()
	t := &Target{
		cfg: cfg, caps: d.Connector.Capabilities(), ledger: d.Ledger, records: d.Records, to: d.Connector,
		clock: d.Clock, newID: d.NewID, log: d.Log.With("destination", cfg.Name),
	}
	t.feed = syncer.NewFeed(cfg.Name, cfg.Location, t.feedSender(), d.Records, d.NewID)
	if err := t.links.load(ctx, d.Records, cfg.Name); err != nil {
		return nil, err
	}
	return t, t.configured(ctx)
}

// source is that of entries which came from here.
func (t *Target) source() string { return "pos:" + t.cfg.Name }

// writes tells whether the point of sale takes changes at all.
func (t *Target) writes() bool { return t.caps.WriteAbsolute || t.caps.WriteDelta }

// coalesces tells whether one number goes for all changes of a place. A
// state's register gets each change by itself, with its own reason.
func (t *Target) coalesces() bool { return !t.caps.WriteDelta && !t.caps.State }

// reports tells whether the destination is to have a movement from us.
func (t *Target) reports(e *store.Entry) bool {
	return e.Movement != nil && (!t.caps.State || slices.Contains(t.cfg.Reports, e.Movement.Reason))
}

// Cursor gives syncer.ErrNoCursor.
func (t *Target) Cursor(ctx context.Context) (store.Head, store.Instant, error) {
	return t.feed.Cursor(ctx)
}

// Push sends what changed since from. The first time, and when the ledger went
// on from a backup, everything is compared instead: what was sent before is
// not known then.
func (t *Target) Push(ctx context.Context, l syncer.Ledger, from store.Head, upTo int64, step func(syncer.Step) error) error {
	if err := t.located(); err != nil {
		return err
	}
	head := l.Head()
	if from.Seq == 0 || from.Epoch != head.Epoch {
		if err := t.compare(ctx, comparison{sends: true, first: true}, step); err != nil {
			return err
		}
		return t.note(step)(syncer.Step{Cursor: head})
	}
	t.pushed.Store(from.Seq)
	return t.feed.Push(ctx, l, from, upTo, t.note(step))
}

// note remembers how far the destination is.
func (t *Target) note(step func(syncer.Step) error) func(syncer.Step) error {
	return func(s syncer.Step) error {
		if s.Cursor.Seq > 0 {
			t.pushed.Store(s.Cursor.Seq)
		}
		return step(s)
	}
}

// located refuses to do anything without a location.
func (t *Target) located() error {
	if _, ok := t.ledger.Location(t.cfg.Location); ok {
		return nil
	}
	return &syncer.Failure{
		Class: syncer.Pause, Code: CodeNoLocation,
		Detail: "The location that the configuration names for " + t.cfg.Name + " is not there. Create it, then start shelfd again.",
	}
}

// Compare reads what the point of sale has, lists the differences, and sends
// what is to be set right. One that cannot be read gets what is not known to
// be there.
func (t *Target) Compare(ctx context.Context, l syncer.Ledger, force bool, step func(syncer.Step) error) error {
	if err := t.located(); err != nil {
		return err
	}
	if _, reads := t.stockReader(); !reads {
		return t.feed.Compare(ctx, l, force, step)
	}
	return t.compare(ctx, comparison{sends: true, force: force}, step)
}

// Resend sends an entry that was set aside once more.
func (t *Target) Resend(ctx context.Context, l syncer.Ledger, q store.Quarantined) (bool, error) {
	return t.feed.Resend(ctx, l, q)
}

// Listen looks at what was sold there, and at what is new in the catalogue,
// once, and then lets some time pass.
func (t *Target) Listen(ctx context.Context, _ syncer.Ledger) error {
	if err := t.located(); err != nil {
		return err
	}
	if err := t.Pull(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-t.clock.After(t.cfg.PullEvery):
	}
	return nil
}

// Pull takes what is new there: names and prices, and what was sold.
func (t *Target) Pull(ctx context.Context) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	if err := t.know(ctx); err != nil {
		return err
	}
	if err := t.pullCatalogue(ctx, false); err != nil {
		return err
	}
	return t.pullSales(ctx)
}

func (t *Target) stockReader() (StockReader, bool) {
	r, ok := t.to.(StockReader)
	return r, ok && t.caps.ReadStock
}

// readStock gives what it has at places, or of all with nil.
func (t *Target) readStock(ctx context.Context, only []store.Place) (map[store.Place]Stock, error) {
	r, ok := t.stockReader()
	if !ok {
		return nil, nil
	}
	found := make(map[store.Place]Stock, len(only))
	err := r.ReadStock(ctx, only, func(page []Stock) error {
		for _, s := range page {
			if s.Place = t.normal(s.Place); s.Product == "" && s.Lot == "" {
				continue
			}
			if old, twice := found[s.Place]; twice && s.Problem == "" {
				s.Problem = cmp.Or(old.Problem, twiceProblem(old, s))
			}
			found[s.Place] = s
		}
		return ctx.Err()
	})
	return found, err
}

// twiceProblem says what is wrong with two rows of one place; two that say the
// same are one.
func twiceProblem(a, b Stock) string {
	if a.Quantity == b.Quantity {
		return ""
	}
	return "It is listed twice, with " + a.Quantity.String() + " and with " + b.Quantity.String() + "."
}

// normal leaves out of a place what does not tell it from others: a package
// has its own name everywhere.
func (t *Target) normal(p store.Place) store.Place {
	if t.caps.Lots && t.caps.State {
		p.Product = ""
	}
	if !t.caps.Lots {
		p.Lot = ""
	}
	if !t.caps.Rooms {
		p.Room = ""
	}
	return p
}
