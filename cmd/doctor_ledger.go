package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// checkLedger opens the database for reading, as verify does, beside a server or
// without one.
func (d *doctor) checkLedger(ctx context.Context) []finding {
	const check = "database"
	ledger, err := sqlite.Open(ctx, sqlite.Options{Dir: d.dir, ReadOnly: true, Version: d.version})
	err = openingError(err)
	switch code := exitCode(err); {
	case err == nil:
	case errors.Is(err, sqlite.ErrOlderSchema):
		return []finding{look(check, "database.older", "", "%s", sentencesOf(err)[0])}
	case code == exitNotFound:
		return []finding{look(check, "database.missing", "to begin a new one there: shelfd serve, or shelfd service install", "%s", sentencesOf(err)[0])}
	default:
		return []finding{bad(check, fmt.Sprintf("database.exit_%d", code), "shelfd help exit-codes, and docs/troubleshooting.md", "%s", sentencesOf(err)[0])}
	}
	d.ledger = ledger
	meta, err := ledger.Meta(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	list := []finding{d.describe(meta), d.checkTail(ctx, meta)}
	list = append(list, d.checkWhole(meta)...)
	if _, err := readSigner(d.dir, meta.Store); err != nil && !errors.Is(err, errNoKey) {
		list = append(list, bad("keys", "keys.ledger", "put back ledger.key from the copy that is kept apart from the backups", "%s", err))
	}
	if _, err := readSeal(d.dir); err != nil && !errors.Is(err, errNoSeal) {
		list = append(list, bad("keys", "keys.seal", "put back seal.key from the copy that is kept apart from the backups", "%s", err))
	}
	return list
}

func (d *doctor) describe(m store.Meta) finding {
	kind := ""
	if m.Demo {
		kind = "made-up data, "
	}
	if m.Seq == 0 {
		return good("database", "database", "%sno entries", kind)
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
	if !m.Clean && d.server == nil && len(list) == 0 {
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

// states are the destinations in the database, by name.
func (d *doctor) states(ctx context.Context) (map[string]store.Destination, error) {
	list, err := d.ledger.ListDestinations(ctx)
	states := make(map[string]store.Destination, len(list))
	for _, s := range list {
		states[s.Name] = s
	}
	return states, err
}
