package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// checkLedger opens the database for reading, as verify does, beside a server or
// without one.
func (d *doctor) checkLedger(ctx context.Context) []finding {
	const check = "database"
	ledger, err := sqlite.Open(ctx, sqlite.Options{Dir: d.dir, ReadOnly: true, Version: d.version})
	err = openingError(err)
	switch exitCode(err) {
	case exitOK:
	case exitNotFound:
		return []finding{look(check, "database.missing", "", "%s", sentencesOf(err)[0])}
	default:
		return []finding{bad(check, fmt.Sprintf("database.exit_%d", exitCode(err)), "shelfd help exit-codes, and docs/troubleshooting.md", "%s", sentencesOf(err)[0])}
	}
	d.ledger = ledger
	meta, err := ledger.Meta(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	list := []finding{d.describe(meta), d.checkTail(ctx, meta)}
	list = append(list, d.checkWhole(meta)...)
	if _, err := readSigner(d.dir, meta.Store); err != nil && !errors.Is(err, errNoKey) {
		list = append(list, bad("keys", "keys.ledger", "put back ledger.key from the copy that is kept with the backups", "%s", err))
	}
	if _, err := readSeal(d.dir); err != nil && !errors.Is(err, errNoSeal) {
		list = append(list, bad("keys", "keys.seal", "put back seal.key from the copy that is kept with the backups", "%s", err))
	}
	return list
}

func (d *doctor) describe(m store.Meta) finding {
	kind := ""
	if m.Demo {
		kind = "made-up data, "
	}
	return good("database", "database", "%s%s, the newest of %s", kind, counted(int(m.Seq), "entry", "entries"), m.RecordedAt)
}

// largeLog is a log that is never moved into the database, in bytes: four times
// what a server lets it grow to.
const largeLog = 64 << 20

// checkWhole tells of what is missing or left over.
func (d *doctor) checkWhole(m store.Meta) (list []finding) {
	if err := d.ledger.Lost(); err != nil {
		list = append(list, bad("database", "database.lost", "", "%s", sentencesOf(err)[0]))
	}
	if d.ledger.Bare() && d.server == nil {
		list = append(list, look("database", "database.bare", "if it was copied while a server ran, copy it again with its -wal, or take a backup",
			"it was not closed and came without its log %s-wal", sqlite.FileName))
	}
	if !m.Clean && d.server == nil {
		list = append(list, look("last stop", "stop.unclean", "nothing: the next start recovers by itself",
			"the server was not stopped in order, or is starting; what it acknowledged is saved"))
	}
	if size, err := d.ledger.Size(context.Background()); err == nil && size.WAL > largeLog {
		list = append(list, look("database", "database.log", "end other programs that have the database open",
			"its log has %s and is not moved into the database", bytesText(size.WAL)))
	}
	if m.Moved {
		list = append(list, look("database", "database.moved", "if this machine goes on with them: shelfd adopt", "the data come from another machine"))
	}
	return list
}

// tailEntries is how many of the newest entries are checked: an instant's work.
const tailEntries = 1000

// checkTail tests that the newest entries continue the chain.
func (d *doctor) checkTail(ctx context.Context, m store.Meta) finding {
	from := max(0, m.Seq-tailEntries)
	at, hash := from, store.Hash{}
	err := d.ledger.Scan(ctx, from, m.Seq, func(s *store.Stored) error {
		// Of the first one only the rest of the ledger could tell, unless it is
		// the first of all.
		known := at > from || from == 0
		if s.Seq != at+1 || known && hash.Next(s.Bytes) != s.Hash {
			return &store.DamageError{Seq: s.Seq, Reason: "it does not continue the chain"}
		}
		at, hash = s.Seq, s.Hash
		return nil
	})
	if err == nil && (at != m.Seq || hash != m.Hash) {
		err = &store.DamageError{Seq: m.Seq, Reason: "entries before it are missing"}
	}
	if err != nil {
		return d.damaged(err)
	}
	return good("newest entries", "tail", "the chain of the newest %d is whole; shelfd verify proves the rest", m.Seq-from)
}

func (d *doctor) damaged(err error) finding {
	return bad("database", "database.damaged", "keep the whole directory as it is, and restore a backup", "%s", sentencesOf(err)[0])
}

// oldestClock is before this program was made: a clock that shows less was
// never set.
var oldestClock = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// closeClock is how far a clock may be behind the newest entry unremarked.
const closeClock = time.Minute

// checkClock compares the clock with what is in the ledger, and looks for the
// zones of the locations.
func (d *doctor) checkClock(ctx context.Context) []finding {
	now := d.clock.Wall()
	if now.Before(oldestClock) {
		return []finding{bad("clock", "clock.unset", "set the clock, best by the network's time", "it shows %s", now.UTC().Format(time.RFC3339))}
	}
	if _, err := time.LoadLocation("America/Chicago"); err != nil {
		return []finding{bad("clock", "clock.zones", "install the package tzdata, or set ZONEINFO", "there are no data of time zones: %s", err)}
	}
	if d.ledger != nil {
		m, err := d.ledger.Meta(ctx)
		if behind := m.RecordedAt.Sub(store.InstantOf(now)); err == nil && behind > closeClock {
			return []finding{bad("clock", "clock.behind", "set the clock; if the ledger is wrong instead, confirm the clock when the server says so",
				"it shows %s, and the newest entry is %s later", now.UTC().Format(time.RFC3339), behind.Round(time.Second))}
		}
	}
	return []finding{good("clock", "clock", "%s", now.UTC().Format(time.RFC3339))}
}

// checkWebhooks tells of endpoints that do not take what they are told.
func (d *doctor) checkWebhooks(ctx context.Context) []finding {
	if d.ledger == nil {
		return nil
	}
	hooks, err := d.ledger.ListWebhooks(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	states, err := d.states(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	counts, named := map[string]int{}, ""
	for i := range hooks {
		h := &hooks[i]
		at := states[h.DestinationName()]
		switch {
		case !h.Active:
			continue
		case h.DisabledAt != 0:
			counts[cmp.Or(h.DisabledWhy, "disabled")]++
		case at.Failures > 0:
			counts[cmp.Or(at.Code, "failing")]++
		default:
			continue
		}
		named = h.ID.String()
	}
	if len(counts) == 0 {
		return []finding{good("webhooks", "webhooks", "%s", counted(len(hooks), "endpoint", "endpoints"))}
	}
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[code], code))
	}
	return []finding{look("webhooks", "webhooks.failing", "shelfd webhook deliveries "+named+" shows what was answered",
		"of %s some do not take what they are told: %s", counted(len(hooks), "endpoint", "endpoints"), strings.Join(parts, ", "))}
}

// states are the destinations in the database, by name.
func (d *doctor) states(ctx context.Context) (map[string]store.Destination, error) {
	list, err := d.ledger.ListDestinations(ctx)
	states := make(map[string]store.Destination, len(list))
	for _, s := range list {
		states[s.Name] = s
	}
	return states, err
}
