package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestANewLedgerIsEmptyCleanAndNamed(t *testing.T) {
	d := opened(t)
	m, err := d.Meta(t.Context())
	want := store.Meta{Store: id(1), Epoch: 1, Head: store.Head{Epoch: 1}, Clean: true}
	if err != nil || m != want {
		t.Fatalf("meta %+v, %v; want %+v", m, err, want)
	}
}

func TestALedgerComesBackAfterClosing(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 10)
	shut(t, d)
	o.NewStore = func() store.ID { panic("a second name") }
	d = open(t, o)
	m, err := d.Meta(t.Context())
	if err != nil || m.Store != id(1) || m.Seq != 10 || m.Hash != c.hash || m.RecordedAt != start+10_000 || !m.Clean {
		t.Fatalf("meta %+v, %v", m, err)
	}
	c.sales(t, d, 1)
	shut(t, d)
	if err := d.Append(t.Context(), &store.Batch{}); err == nil {
		t.Fatal("a closed ledger took a batch")
	}
	if _, err := d.Meta(t.Context()); !errors.Is(err, errClosed) {
		t.Fatalf("reading a closed ledger: %v", err)
	}
}

func TestALedgerThatWasNotClosedSaysSo(t *testing.T) {
	from, to := options(t.TempDir()), options(t.TempDir())
	shut(t, open(t, from))
	d, c := open(t, from), &chain{}
	c.sales(t, d, 10)
	copyLedger(t, from.Dir, to.Dir)
	shut(t, d)
	d = open(t, to)
	if m, err := d.Meta(t.Context()); err != nil || m.Clean || m.Seq != 10 || m.Hash != c.hash {
		t.Fatalf("meta %+v, %v; want an unclean end at 10", m, err)
	}
	shut(t, d)
	d = open(t, to)
	if m, err := d.Meta(t.Context()); err != nil || !m.Clean {
		t.Fatalf("after closing, meta %+v, %v", m, err)
	}
	shut(t, d)
}

func TestEveryConnectionHasItsSettings(t *testing.T) {
	d := opened(t)
	every := map[string]int64{"busy_timeout": 5000, "foreign_keys": 1, "temp_store": 2}
	writing := map[string]int64{
		"synchronous": 2, "wal_autocheckpoint": 0, "query_only": 0, "secure_delete": 1, "recursive_triggers": 1, "fullfsync": 1,
	}
	check := func(c *conn, settings map[string]int64) {
		t.Helper()
		for name, want := range settings {
			if got, err := c.integer("PRAGMA " + name); err != nil || got != want {
				t.Errorf("%s is %d, %v; want %d", name, got, err, want)
			}
		}
		r, err := c.first("PRAGMA journal_mode")
		if err != nil || r.text(0) != "wal" {
			t.Errorf("journal mode %q, %v", r.text(0), err)
		}
	}
	check(d.writer.conn, every)
	check(d.writer.conn, writing)
	for range readers {
		c := <-d.pool.free
		check(c, every)
		check(c, map[string]int64{"query_only": 1})
		d.pool.free <- c
	}
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are inherited on Windows")
	}
	o := options(filepath.Join(t.TempDir(), "data"))
	d := open(t, o)
	defer shut(t, d)
	for name, want := range map[string]os.FileMode{
		"": 0o700, FileName: 0o600, FileName + "-wal": 0o600, FileName + "-shm": 0o600, lockFile: 0o600,
	} {
		info, err := os.Stat(filepath.Join(o.Dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestASecondOpenerIsToldWhoWasFirst(t *testing.T) {
	o := options(t.TempDir())
	d := open(t, o)
	_, err := Open(t.Context(), o)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Fatalf("the second opener got %v", err)
	}
	shut(t, d)
	shut(t, open(t, o))
}

// TestLockHolder is the other process of the next test.
func TestLockHolder(t *testing.T) {
	dir := os.Getenv("SHELFD_TEST_LOCK")
	if dir == "" {
		t.Skip("runs only as another process")
	}
	open(t, options(dir))
	os.Stdout.WriteString("held\n")
	os.Stdin.Read(make([]byte, 1))
}

func TestAKilledProcessLetsGoOfTheLock(t *testing.T) {
	dir := t.TempDir()
	holder := exec.Command(os.Args[0], "-test.run=^TestLockHolder$")
	holder.Env = append(os.Environ(), "SHELFD_TEST_LOCK="+dir)
	in, err1 := holder.StdinPipe()
	out, err2 := holder.StdoutPipe()
	if err := errors.Join(err1, err2, holder.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), options(dir))
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(holder.Process.Pid)) {
		t.Errorf("beside another process: %v", err)
	}
	holder.Process.Kill()
	holder.Wait()
	d := open(t, options(dir))
	if m, err := d.Meta(t.Context()); err != nil || m.Clean {
		t.Errorf("after a kill, meta %+v, %v", m, err)
	}
	shut(t, d)
}

func TestWhatIsNotOursIsRefusedAndLeftAlone(t *testing.T) {
	database := func(sql string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			c, err := connect(t.Context(), dsnOf(path, "&mode=rwc"))
			if err == nil {
				err = errors.Join(c.script(sql), c.close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(s string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, x := range map[string]struct {
		make func(*testing.T, string)
		want error
		say  string
	}{
		"a short text":                {text("hello"), ErrForeign, "not a ledger"},
		"a long text":                 {text(strings.Repeat("hello ", 5000)), ErrForeign, "not a ledger"},
		"a database without a name":   {database("CREATE TABLE a (b)"), ErrForeign, "not a ledger"},
		"another program's database":  {database("PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE a (b)"), ErrForeign, "not a ledger"},
		"another program's empty one": {database("PRAGMA application_id = 7"), ErrForeign, "not a ledger"},
		"a newer ledger": {database(`PRAGMA application_id = 1936223334; PRAGMA user_version = 9999;
			CREATE TABLE meta (key, value); INSERT INTO meta VALUES ('version', '7.8.9')`), ErrNewerSchema, "7.8.9"},
	} {
		for _, mode := range []string{"write", "read"} {
			t.Run(name+" to "+mode, func(t *testing.T) {
				o := options(t.TempDir())
				o.ReadOnly = mode == "read"
				x.make(t, filepath.Join(o.Dir, FileName))
				before := read(t, o.Dir)
				_, err := Open(t.Context(), o)
				if !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.say) {
					t.Errorf("got %v; want %v saying %q", err, x.want, x.say)
				}
				if !bytes.Equal(read(t, o.Dir), before) {
					t.Error("the file was changed")
				}
			})
		}
	}
}

func TestAnEmptyFileBecomesALedger(t *testing.T) {
	o := options(t.TempDir())
	if err := os.WriteFile(filepath.Join(o.Dir, FileName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d := open(t, o)
	new(chain).sales(t, d, 1)
	shut(t, d)
}

func TestDemoAndRealDataDoNotMix(t *testing.T) {
	for _, demo := range []bool{true, false} {
		o := options(t.TempDir())
		o.Demo = demo
		shut(t, open(t, o))
		before := read(t, o.Dir)
		o.Demo = !demo
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrDemo) {
			t.Errorf("demo %v over demo %v: %v", !demo, demo, err)
		}
		if !bytes.Equal(read(t, o.Dir), before) {
			t.Error("the refused ledger was changed")
		}
		o.ReadOnly = true
		d := open(t, o)
		if m, err := d.Meta(t.Context()); err != nil || m.Demo != demo {
			t.Errorf("meta %+v, %v; want demo %v", m, err, demo)
		}
		shut(t, d)
	}
}

func TestAnOldSQLiteIsRefused(t *testing.T) {
	if err := checkSQLite(3_051_002); err == nil {
		t.Error("SQLite 3.51.2 was let in")
	}
	if err := checkSQLite(3_051_003); err != nil {
		t.Error(err)
	}
}

func TestOddDirectoryNames(t *testing.T) {
	for _, name := range []string{"a b", "50%", "what?", "no#1", "ü&x=y"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?") {
			continue
		}
		o := options(filepath.Join(t.TempDir(), name))
		d := open(t, o)
		if _, err := os.Stat(filepath.Join(o.Dir, FileName)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		shut(t, d)
	}
}

func TestAnEndedContextEndsCalls(t *testing.T) {
	d, c := opened(t), &chain{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Append(ctx, &store.Batch{Rows: []store.Row{c.row(movement(1, 1, 1), 1, 0)}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if err := d.ScanChanges(ctx, 0, 5, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("scan: %v", err)
	}
}
