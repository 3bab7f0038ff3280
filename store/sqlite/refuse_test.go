package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// contents reads every file of a directory that nobody has open, but for what
// any opening makes: the lock, and SQLite's index of the log.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range files(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if name == lockFile || name == FileName+"-shm" || len(b) == 0 && name == FileName+"-wal" {
			continue
		}
		if err != nil {
			all[name] = "a directory"
			continue
		}
		all[name] = string(b)
	}
	return all
}

// left is a directory as a power cut leaves it: entries in the database and
// more in its log.
func left(t *testing.T) (dir string, c *chain) {
	t.Helper()
	from := options(t.TempDir())
	c, dir = &chain{}, t.TempDir()
	d := open(t, from)
	c.sales(t, d, 3000)
	shut(t, d)
	d = open(t, from)
	c.sales(t, d, 100)
	copyLedger(t, from.Dir, dir)
	copyFile(t, filepath.Join(from.Dir, WitnessFile), filepath.Join(dir, WitnessFile))
	shut(t, d)
	return dir, c
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// change rewrites the database file.
func change(fn func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		path := filepath.Join(dir, FileName)
		if err := os.WriteFile(path, fn(read(t, dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(names ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for _, name := range names {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

func both(first, then func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		first(t, dir)
		then(t, dir)
	}
}

var wal = FileName + "-wal"

// spoiled is each way in which a data directory can be spoiled so that it shows
// at the opening.
var spoiled = map[string]struct {
	spoil func(*testing.T, string)
	kind  error
	code  store.Code
	say   string
}{
	"zeroed":                  {change(func(b []byte) []byte { return make([]byte, len(b)) }), ErrDamaged, "", "damaged"},
	"zeroed, nothing besides": {both(change(func(b []byte) []byte { return make([]byte, len(b)) }), remove(WitnessFile, wal)), ErrDamaged, "", "first bytes"},
	"zeroed header":           {both(change(func(b []byte) []byte { return slices.Concat(make([]byte, 100), b[100:]) }), remove(wal)), ErrDamaged, "", "first bytes"},
	"zeroed header, no witness": {both(change(func(b []byte) []byte { return slices.Concat(make([]byte, 100), b[100:]) }),
		remove(WitnessFile, wal)), ErrDamaged, "", "first bytes"},
	"cut in the header":              {both(change(func(b []byte) []byte { return b[:50] }), remove(wal)), ErrDamaged, "", "damaged"},
	"cut after the header":           {both(change(func(b []byte) []byte { return b[:100] }), remove(wal)), ErrDamaged, "", "damaged"},
	"cut after a page":               {both(change(func(b []byte) []byte { return b[:4096] }), remove(wal)), ErrDamaged, "", "damaged"},
	"cut in a page":                  {both(change(func(b []byte) []byte { return b[:len(b)/2+77] }), remove(wal)), ErrDamaged, "", "damaged"},
	"cut before the last page":       {both(change(func(b []byte) []byte { return b[:len(b)-4096] }), remove(wal)), ErrDamaged, "", "damaged"},
	"a text":                         {both(change(func([]byte) []byte { return []byte(strings.Repeat("hello ", 999)) }), remove(WitnessFile, wal)), ErrForeign, "", "not a ledger"},
	"a text where a ledger was":      {both(change(func([]byte) []byte { return []byte(strings.Repeat("hello ", 999)) }), remove(wal)), ErrDamaged, "", "first bytes"},
	"a text before the log":          {change(func([]byte) []byte { return []byte(strings.Repeat("hello ", 999)) }), ErrDamaged, "", "damaged"},
	"emptied":                        {both(change(func([]byte) []byte { return nil }), remove(wal)), nil, store.CodeNotFound, "were saved"},
	"emptied, log left, no witness":  {both(change(func([]byte) []byte { return nil }), remove(WitnessFile)), nil, store.CodeNotFound, "its log"},
	"deleted":                        {remove(FileName, wal), nil, store.CodeNotFound, "were saved"},
	"deleted, log left, no witness":  {remove(FileName, WitnessFile), nil, store.CodeNotFound, "its log"},
	"log deleted":                    {remove(wal), ErrLost, "", "newest changes are missing"},
	"log emptied":                    {func(t *testing.T, dir string) { copyFile(t, os.DevNull, filepath.Join(dir, wal)) }, ErrLost, "", "newest changes are missing"},
	"an older copy in its place":     {olderCopy, ErrLost, "", "newest changes are missing"},
	"another ledger in its place":    {anotherLedger, ErrLost, "", "was here before"},
	"another history in its place":   {anotherHistory, ErrLost, "", "another entry"},
	"the log of another ledger":      {anotherLog, nil, "", ""},
	"the log of another history":     {otherHistoryLog, ErrLost, "", ""},
	"a directory where the file was": {both(remove(FileName, wal), directory), ErrNoAccess, "", "is a directory"},
}

func directory(t *testing.T, dir string) {
	if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
		t.Fatal(err)
	}
}

// ledgerOf gives the directory of a ledger with its entries in the database.
func ledgerOf(t *testing.T, name int64, c *chain, n int) string {
	t.Helper()
	o := options(t.TempDir())
	o.NewStore = func() store.ID { return id(name) }
	d := open(t, o)
	c.sales(t, d, n)
	shut(t, d)
	return o.Dir
}

func olderCopy(t *testing.T, dir string) {
	remove(wal)(t, dir)
	copyFile(t, filepath.Join(ledgerOf(t, 1, &chain{}, 50), FileName), filepath.Join(dir, FileName))
}

func anotherLedger(t *testing.T, dir string) {
	remove(wal)(t, dir)
	copyFile(t, filepath.Join(ledgerOf(t, 2, &chain{}, 5000), FileName), filepath.Join(dir, FileName))
}

func anotherHistory(t *testing.T, dir string) {
	remove(wal)(t, dir)
	other := &chain{hash: store.Hash{1}}
	copyFile(t, filepath.Join(ledgerOf(t, 1, other, 5000), FileName), filepath.Join(dir, FileName))
}

// logOf gives the log that a ledger of that name and chain has while it is open.
func logOf(t *testing.T, dir string, name int64, c *chain) {
	o := options(ledgerOf(t, name, c, 2900))
	d := open(t, o)
	c.sales(t, d, 300)
	copyFile(t, filepath.Join(o.Dir, wal), filepath.Join(dir, wal))
	shut(t, d)
}

func anotherLog(t *testing.T, dir string) { logOf(t, dir, 2, &chain{hash: store.Hash{2}}) }

func otherHistoryLog(t *testing.T, dir string) { logOf(t, dir, 1, &chain{hash: store.Hash{1}}) }

func TestASpoiledDirectoryIsRefusedInASentenceAndLeftAsItIs(t *testing.T) {
	for name, x := range spoiled {
		t.Run(name, func(t *testing.T) {
			dir, _ := left(t)
			x.spoil(t, dir)
			before := contents(t, dir)
			d, err := Open(t.Context(), options(dir))
			if err == nil {
				shut(t, d)
				t.Fatal("it was opened")
			}
			checkSaid(t, err, x.kind, x.code, x.say)
			if !maps.Equal(before, contents(t, dir)) {
				t.Error("what was refused was changed")
			}
			o := options(dir)
			o.ReadOnly = true
			if d, err := Open(t.Context(), o); err == nil {
				if !errors.Is(d.Lost(), ErrLost) {
					t.Errorf("a reader is told %v", d.Lost())
				}
				shut(t, d)
			}
			if !maps.Equal(before, contents(t, dir)) {
				t.Error("what was looked at was changed")
			}
		})
	}
}

// checkSaid holds an error to what it must wrap, its code and a sentence that
// says what to do and nothing of SQLite's.
func checkSaid(t *testing.T, err, kind error, code store.Code, say string) {
	t.Helper()
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("it is %v; want %v", err, kind)
	}
	var e *store.Error
	if !errors.As(err, &e) {
		if _, damaged := errors.AsType[*store.DamageError](err); !damaged {
			t.Fatalf("no sentence: %v", err)
		}
		return
	}
	if e.Code != code || !strings.Contains(e.Message, say) {
		t.Errorf("code %q, %q; want %q and %q", e.Code, e.Message, code, say)
	}
	if len(e.Message) < 40 || strings.Contains(strings.ToLower(e.Message), "sqlite") {
		t.Errorf("that helps nobody: %q", e.Message)
	}
}

// Damage that the opening does not touch is found by verify; damage that it
// touches is refused. Neither panics, and what is refused is left alone.
func TestRandomDamageIsRefusedOrOpenedButNeverMadeWorse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	closed := ledgerOf(t, 1, &chain{}, 3000)
	whole := read(t, closed)
	for n := range 60 {
		dir := t.TempDir()
		spoilt := bytes.Clone(whole)
		from := []int{0, random.IntN(len(whole)), len(whole) - 4096}[n%3]
		for i := from; i < min(len(whole), from+1+random.IntN(4096)); i++ {
			spoilt[i] = byte(random.Uint32())
		}
		if err := os.WriteFile(filepath.Join(dir, FileName), spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		copyFile(t, filepath.Join(closed, WitnessFile), filepath.Join(dir, WitnessFile))
		d, err := Open(t.Context(), options(dir))
		if err == nil {
			d.Close()
			continue
		}
		if kinds := []error{ErrDamaged, ErrLost, ErrNewerSchema}; !slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) }) {
			if _, damaged := errors.AsType[*store.DamageError](err); !damaged {
				t.Errorf("bytes from %d on: %v", from, err)
			}
		}
		if !bytes.Equal(spoilt, read(t, dir)) {
			t.Errorf("bytes from %d on: the damaged file was changed, then refused with %v", from, err)
		}
	}
}

func TestWhatIsLostMayBeGivenUpOnPurpose(t *testing.T) {
	dir, c := left(t)
	remove(wal)(t, dir)
	if _, err := Open(t.Context(), options(dir)); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "1-"+itoa(c.seq)) {
		t.Fatalf("the newest changes are gone: %v", err)
	}
	remove(WitnessFile)(t, dir)
	d := open(t, options(dir))
	if !d.Bare() {
		t.Error("nobody is told that the log was missing")
	}
	shut(t, d)
	d = open(t, options(dir))
	if d.Bare() {
		t.Error("it is told again after an orderly stop")
	}
	shut(t, d)
}

func TestACrashIsNeitherLostNorBare(t *testing.T) {
	dir, c := left(t)
	d := open(t, options(dir))
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != c.seq || m.Clean || d.Bare() {
		t.Errorf("after a crash: %+v, bare %v, %v", m, d.Bare(), err)
	}
	shut(t, d)
}

func TestALaterEpochAnswersTheWitnessOfAnEarlierOne(t *testing.T) {
	w := &witness{store: id(1).String(), at: store.Position{Epoch: 0, Seq: 9999}}
	d := opened(t)
	new(chain).sales(t, d, 10)
	if err := w.compare(d.writer.conn, d.path, id(1).String()); err != nil {
		t.Errorf("entries of an older epoch: %v", err)
	}
}

func TestAWitnessThatAPowerCutLeftHalfWrittenProvesNothing(t *testing.T) {
	for _, text := range []string{"", "\x00\x00\x00", "019", strings.Repeat("9", 300)} {
		dir := ledgerOf(t, 1, &chain{}, 10)
		if err := os.WriteFile(filepath.Join(dir, WitnessFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		shut(t, open(t, options(dir)))
	}
}

func TestALedgerThatMustExistIsNotMade(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "gone")} {
		o := options(dir)
		o.Existing = true
		_, err := Open(t.Context(), o)
		checkSaid(t, err, nil, store.CodeNotFound, "is its disk mounted")
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("it is said in two ways: %v", err)
		}
		if names, err := os.ReadDir(dir); len(names) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v was made, %v", names, err)
		}
	}
	o := options(ledgerOf(t, 1, &chain{}, 1))
	o.Existing = true
	shut(t, open(t, o))
}

func TestAFileIsNoDataDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		for _, reading := range []bool{true, false} {
			o := options(dir)
			o.ReadOnly = reading
			_, err := Open(t.Context(), o)
			checkSaid(t, err, ErrNoAccess, "", file+" is not a directory")
		}
	}
}
