package sqlite

import (
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shelfd/shelfd/store"
)

// failWrites lets no file of this process grow until the test ends or undo is
// called: SQLite sees an I/O error.
func failWrites(t *testing.T, size uint64) (undo func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(unix.SIGXFSZ)
	undo = func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
			t.Error(err)
		}
		signal.Reset(unix.SIGXFSZ)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
	return undo
}

func TestAfterAFailingDiskNothingIsPromisedAgain(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 10)
	s, err := d.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := *c
	undo := failWrites(t, uint64(s.WAL))
	next := func() *store.Batch { return &store.Batch{Rows: []store.Row{c.row(movement(1, 1, 1), 1, 0)}} }
	err = d.Append(t.Context(), next())
	undo()
	if store.CodeOf(err) != store.CodeOutcomeUnknown {
		t.Fatalf("a failed write in COMMIT: %v", err)
	}
	*c = good
	if err := d.Append(t.Context(), next()); store.CodeOf(err) != store.CodeOutcomeUnknown {
		t.Fatalf("the next batch: %v", err)
	}
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != 10 {
		t.Fatalf("reading goes on: %+v, %v", m, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	copied := options(t.TempDir())
	copyLedger(t, o.Dir, copied.Dir)
	d = open(t, copied)
	if m, err := d.Meta(t.Context()); err != nil || m.Clean || m.Seq != 10 || m.Hash != good.hash {
		t.Fatalf("restarted: %+v, %v; want an unclean end at 10", m, err)
	}
	shut(t, d)
}

// smallDisk gives a directory on a disk of its own, of 5 MB.
func smallDisk(t *testing.T) (dir, ballast string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=5m"); err != nil {
		t.Skip("needs the right to mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, filepath.Join(dir, "ballast")
}

func TestAFullDiskIsSeenInCommitAndOutlived(t *testing.T) {
	dir, ballast := smallDisk(t)
	leave(t, ballast, 2<<20)
	d := open(t, options(dir))
	good := fill(t, d, &chain{})
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != good.seq || m.Hash != good.hash {
		t.Fatalf("after a full disk the head is %d, %v; want %d", m.Seq, err, good.seq)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	good.sales(t, d, 100)
	shut(t, d)
	d = open(t, options(dir))
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != good.seq || m.Hash != good.hash || !m.Clean {
		t.Fatalf("with room again: %+v, %v; want %d", m, err, good.seq)
	}
	shut(t, d)
}

func TestALedgerOnAFullDiskCanStillBeRead(t *testing.T) {
	dir, ballast := smallDisk(t)
	d, c := open(t, options(dir)), &chain{}
	c.sales(t, d, 100)
	shut(t, d)
	leave(t, ballast, 32<<10)
	d = open(t, options(dir))
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != 100 || m.Hash != c.hash {
		t.Fatalf("opened on a full disk: %+v, %v", m, err)
	}
	next := *c
	err := d.Append(t.Context(), &store.Batch{Rows: []store.Row{next.row(movement(1, 1, 1), 1, 0)}})
	if store.CodeOf(err) != store.CodeStorageFull {
		t.Fatalf("appending to a full disk: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.sales(t, d, 1)
	values := map[string]string{}
	err = d.read(t.Context(), "test", func(c *conn) (err error) { values, err = readMeta(c); return err })
	if err != nil || values["clean"] != "0" {
		t.Errorf("the first commit that went well left clean = %q, %v", values["clean"], err)
	}
	shut(t, d)
}

// leave writes a file so large that little room is left beside it: enough for
// SQLite to open a database, too little to write to it.
func leave(t *testing.T, path string, bytes int64) {
	t.Helper()
	free, err := freeBytes(filepath.Dir(path))
	if err == nil {
		err = os.WriteFile(path, make([]byte, max(0, free-bytes)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSizeDoesNotDropTheLocksOfSQLite(t *testing.T) {
	d := opened(t)
	// Closing a file drops the process's locks on it, so these stay open. A
	// lock of an open file description meets those of its own process too.
	var fds [2]int
	for i, suffix := range []string{"", "-shm"} {
		fd, err := unix.Open(d.path+suffix, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds[i] = fd
	}
	locked := func(i int) bool {
		wanted := unix.Flock_t{Type: unix.F_WRLCK}
		if err := unix.FcntlFlock(uintptr(fds[i]), unix.F_OFD_GETLK, &wanted); err != nil {
			t.Fatal(err)
		}
		return wanted.Type != unix.F_UNLCK
	}
	err := d.writer.tx("test", func(*conn) error {
		for _, when := range []string{"before", "after"} {
			if !locked(0) || !locked(1) {
				t.Errorf("%s asking for the size: database locked %t, index of the log locked %t", when, locked(0), locked(1))
			}
			if _, err := d.Size(t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
