package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shelfd/shelfd/store"
)

// FileName is the name of the database file in the data directory.
const FileName = "shelfd.db"

// Options say what to open and how.
type Options struct {
	// Dir is the data directory; it is made, for its owner only, when it is
	// not there.
	Dir string
	// NewStore names a new ledger. It is not called for one that exists.
	NewStore func() store.ID
	// Existing refuses to make a ledger where there is none, as on a disk that
	// is not mounted.
	Existing bool
	// ReadOnly opens beside a running server, takes no lock and makes nothing.
	ReadOnly bool
	// Demo tells that the data are made up. It must agree with what is there
	// unless ReadOnly is set.
	Demo bool
	// Version is that of the program, for whoever cannot read its files.
	Version string
	// Now is the time to write beside what was made new.
	Now store.Instant
	// Machine is an id of the machine that stays the same: a ledger that was
	// bound to another one is Moved. Empty asks and says nothing.
	Machine string

	// maxPages bounds the database, to try a full disk; 0 for no bound.
	maxPages int64
	// steps replaces the migrations of this program.
	steps []migration
}

// DB is the ledger in a file. It is a store.Journal.
type DB struct {
	dir, path string
	lock      *os.File
	writer    *writer
	pool      *pool
	witness   *witnessWriter
	// clean is how the last program left the ledger, bare that it came without
	// its log.
	clean, bare bool
	// lost is what the witness says about a ledger that is only read.
	lost error
	// moved tells that the ledger is bound to another machine.
	moved atomic.Bool
	// upgraded is what this opening changed of the tables.
	upgraded Upgrade
	// closing makes a second Close do nothing.
	closing sync.Once
}

var _ store.Journal = (*DB)(nil)

// Open opens the ledger in a directory, or makes one. The errors wrap
// ErrLocked, ErrForeign, ErrNewerSchema, ErrNoAccess, ErrDamaged, ErrLost and
// ErrDemo, or have a code: not_found for a database that should be there and is
// not, storage_full, outcome_unknown for a disk that fails. What is refused is
// left as it is.
func Open(ctx context.Context, o Options) (*DB, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, failed("open", err)
	}
	if o.steps == nil {
		if o.steps, err = migrations(migrationFiles); err != nil {
			return nil, failed("open", err)
		}
	}
	d := &DB{dir: dir, path: filepath.Join(dir, FileName)}
	start := d.openWriting
	if o.ReadOnly {
		start = d.openReading
	}
	if err := start(ctx, o); err != nil {
		return nil, d.explain(errors.Join(err, d.abandon()))
	}
	return d, nil
}

// Lost is what a reader knows of acknowledged changes that the database does
// not have; it wraps ErrLost, and is nil when all is well.
func (d *DB) Lost() error { return d.lost }

// Bare tells of a ledger that was not closed and came without its log: if it
// was copied while a server ran, it lacks that server's newest changes.
func (d *DB) Bare() bool { return d.bare }

func (o Options) newest() int64 { return o.steps[len(o.steps)-1].version }

func (d *DB) openWriting(ctx context.Context, o Options) (err error) {
	if err := d.makeDir(o); err != nil {
		return err
	}
	if err := d.checkAccess(); err != nil {
		return err
	}
	if d.lock, err = takeLock(d.dir); err != nil {
		return err
	}
	if err := finishSwap(d.dir); err != nil {
		return err
	}
	w, err := readWitness(d.dir)
	if err != nil {
		return err
	}
	l, err := d.inspect(ctx, w, o)
	if err != nil {
		return err
	}
	if err := l.checkDemo(d.dir, o.Demo); err != nil {
		return err
	}
	c, err := connect(ctx, dsnOf(d.path, writePragma))
	if err != nil {
		return err
	}
	d.writer = &writer{conn: c}
	if err := d.prepare(c, l, o); err != nil {
		return err
	}
	d.pool, err = openPool(ctx, dsnOf(d.path, readPragma))
	return err
}

// makeDir makes the data directory, unless there must be one.
func (d *DB) makeDir(o Options) error {
	if !o.Existing {
		return os.MkdirAll(d.dir, 0o700)
	}
	// Why the directory cannot be looked at is found later.
	if exists, err := Exists(d.dir); err == nil && !exists {
		return d.noLedger()
	}
	return nil
}

// prepare makes a connected database ready for its first batch.
func (d *DB) prepare(c *conn, l look, o Options) (err error) {
	if err := d.restrict(); err != nil {
		return err
	}
	if d.upgraded, err = upgrade(c, d.path, o); err != nil {
		return err
	}
	if o.maxPages > 0 {
		if _, err := c.integer("PRAGMA max_page_count = " + itoa(o.maxPages)); err != nil {
			return err
		}
	}
	m, err := readMeta(c)
	if err != nil {
		return err
	}
	d.clean, d.bare = !l.exists || m["clean"] == "1", l.bare
	d.moved.Store(isElsewhere(m, o.Machine))
	if err := d.writer.start(); err != nil {
		return err
	}
	d.writer.mark = func(c *conn) error {
		return errors.Join(found(c, o), bindFirst(c, o.Machine), putMeta(c, "clean", "0"))
	}
	name := m["store"]
	err = d.writer.tx("open", func(c *conn) error {
		m, err := readMeta(c)
		name = m["store"]
		return err
	})
	if err != nil && (!l.exists || store.CodeOf(err) != store.CodeStorageFull) {
		return err
	}
	// On a full disk, what is there can be read and sent all the same.
	d.witness = openWitness(d.dir, name)
	// That it is in use goes into the file itself, so that a copy without its
	// log does not look like one that was closed. Readers are not waited for.
	_, err = c.first("PRAGMA wal_checkpoint(PASSIVE)")
	if faultOf(err) == faultFull {
		return nil
	}
	return err
}

// restrict keeps the files to their owner, also those that came from a copy. On
// Windows a mode says nothing about that; the directory's access list does.
func (d *DB) restrict() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(d.path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d *DB) openReading(ctx context.Context, o Options) error {
	// Why the directory cannot be looked at is found below.
	if swapping, err := isSwapping(d.dir); err == nil && swapping {
		return interrupted(d.dir)
	}
	l, err := d.inspectBeside(ctx, o)
	if err != nil {
		return err
	}
	if !l.exists {
		return d.noLedger()
	}
	d.bare = l.bare
	if l.schema < o.newest() {
		return &store.Error{Op: "open", Err: ErrOlderSchema, Message: d.path + " was written by shelfd " + l.wrote + "; start this one once to bring it up to date"}
	}
	if d.pool, err = openPool(ctx, dsnOf(d.path, lookPragma)); err != nil {
		return err
	}
	return d.pool.with(ctx, func(c *conn) error {
		m, err := readMeta(c)
		d.clean = m["clean"] == "1"
		return err
	})
}

// read runs fn on a reading connection.
func (d *DB) read(ctx context.Context, op string, fn func(*conn) error) error {
	return failed(op, d.pool.with(ctx, fn))
}

// readEach runs fn for every key, in transactions one after another of at most
// pageRows keys. A statement outside of one takes SQLite's lock by itself,
// which is a third of the price of a small one.
func readEach[K any](ctx context.Context, d *DB, op string, keys []K, fn func(*conn, K) error) error {
	for page := range slices.Chunk(keys, pageRows) {
		err := d.read(ctx, op, func(c *conn) (err error) {
			if err := c.run("BEGIN"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, c.run("ROLLBACK")) }()
			for _, k := range page {
				if err := fn(c, k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Close ends orderly: readers, then a checked checkpoint, then the writer,
// then the lock. After an unknown outcome it touches the disk no more and
// keeps the lock until the process ends: the next start recovers. Closing
// again does nothing.
func (d *DB) Close() (err error) {
	d.closing.Do(func() { err = failed("close", d.close()) })
	return err
}

func (d *DB) close() error {
	err := d.pool.close()
	if d.writer == nil || d.writer.broken() != nil {
		return err
	}
	return errors.Join(err, d.writer.close(), d.witness.close(), d.lock.Close())
}

// abandon lets go of what a failed opening holds.
func (d *DB) abandon() error {
	var errs []error
	if d.pool != nil {
		errs = append(errs, d.pool.close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.conn.close())
	}
	errs = append(errs, d.witness.close())
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}
