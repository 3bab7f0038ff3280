package test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/central/centraltest"
)

// enroll lets the store of a data directory, whose server runs, send its
// ledger to head office.
func enroll(t *testing.T, dir string, o *office) {
	t.Helper()
	command(t, "sync", "enroll", "http://"+o.address, o.codes(1)[0], "--data-dir", dir)
}

// command runs the program to its end and gives what it wrote.
func command(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("shelfd %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// destination is how a server says that central stands.
type destination struct {
	Name, State string
	Waiting     int64
	Error       struct{ Code string }
}

// status asks a server how central stands.
func (s *server) status(t *testing.T) destination {
	t.Helper()
	var answer struct{ Destinations []destination }
	s.must(t, http.MethodGet, "/api/v1/sync/status", nil, &answer)
	if len(answer.Destinations) != 1 {
		t.Fatalf("%d destinations", len(answer.Destinations))
	}
	return answer.Destinations[0]
}

// drained waits until central has everything.
func (s *server) drained(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for d := s.status(t); d.Waiting > 0 || d.State != "idle"; d = s.status(t) {
		if time.Now().After(deadline) {
			t.Fatalf("central did not catch up: %+v\n%s", d, s.log)
		}
		wait(50 * time.Millisecond)
	}
}

// TestKillingStoreHeadOfficeOrDatabaseLosesAndDoublesNothing adjusts without a
// pause while one of the three is killed at a random moment, again and again.
// Afterwards every acknowledged change is once at the store and once at head
// office.
func TestKillingStoreHeadOfficeOrDatabaseLosesAndDoublesNothing(t *testing.T) {
	// Commits of a database that was killed are kept only when they were durable.
	cluster := centraltest.NewCluster(t)
	o, dir := openOffice(t, cluster), t.TempDir()
	s := start(t, dir)
	enroll(t, dir, o)
	items := s.stocked(t, crashItems, crashUnits)
	var current atomic.Pointer[server]
	current.Store(s)
	var stop atomic.Bool
	var group sync.WaitGroup
	tills := make([]*till, 8)
	for n := range tills {
		tills[n] = &till{n: n, current: &current, items: items, booked: map[string]int{}}
		group.Go(func() { tills[n].work(&stop) })
	}
	for range chainKills {
		wait(time.Duration(20+rand.IntN(400)) * time.Millisecond)
		switch rand.IntN(5) {
		case 0, 1:
			s.kill()
			s = start(t, dir)
			current.Store(s)
		case 2, 3:
			o.kill()
			o.start()
		default:
			if err := cluster.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := cluster.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop.Store(true)
	group.Wait()
	s.drained(t)
	checkTills(t, s, tills)
	o.checkTills(tills)
	s.stop(t)
	verify(t, dir)
}

// checkTills holds head office against what the store acknowledged.
func (o *office) checkTills(tills []*till) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.database)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = conn.Close(o.t.Context()) }()
	rows, err := conn.Query(o.t.Context(), "SELECT body FROM entry WHERE kind = 1")
	if err != nil {
		o.t.Fatal(err)
	}
	booked := map[string]int{}
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&body}, func() error {
		var e struct{ Reference string }
		if err := json.Unmarshal(body, &e); err == nil && e.Reference != "" {
			booked[e.Reference]++
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	sum, acknowledged := int64(0), 0
	for _, c := range tills {
		for key, change := range c.booked {
			if booked[key] != 1 {
				o.t.Fatalf("%s was acknowledged and is at head office %d times", key, booked[key])
			}
			sum += int64(change)
			acknowledged++
		}
	}
	if len(booked) != acknowledged {
		o.t.Fatalf("%d changes at head office, %d acknowledged", len(booked), acknowledged)
	}
	var stock int64
	o.query("SELECT sum(quantity)::bigint FROM stock", nil, &stock)
	if want := (crashItems*crashUnits + sum) * 10_000; stock != want {
		o.t.Fatalf("head office has %d ten-thousandths in stock, want %d", stock, want)
	}
}

// TestARestoredBackupEndsWithEveryFactOnce puts a copy back that central is
// 400 changes ahead of. When the shop sold on before central was reached, the
// two pasts differ, and somebody has to say that this copy goes on.
func TestARestoredBackupEndsWithEveryFactOnce(t *testing.T) {
	for name, offline := range map[string]bool{"reaching central first": false, "selling on first": true} {
		t.Run(name, func(t *testing.T) {
			o, backup, items := restored(t)
			if offline {
				o.kill()
			}
			s := start(t, backup)
			if !offline {
				s.drained(t)
			}
			s.adjust(t, items, "restored", 20)
			if offline {
				o.start()
				s.paused(t, "fork")
				command(t, "adopt", "--data-dir", backup)
			}
			s.drained(t)
			booked := s.references(t)
			for prefix, n := range map[string]int{"before": 100, "after": 400, "restored": 20} {
				for i := range n {
					if key := reference(prefix, i); booked[key] != 1 {
						t.Fatalf("%s is in the ledger %d times", key, booked[key])
					}
				}
			}
			o.agrees(s, 5*10_000-520)
			// A terminal that never heard the answer asks again, with the same key.
			s.adjust(t, items, "after", 400)
			s.drained(t)
			o.agrees(s, 5*10_000-520)
			s.stop(t)
			verify(t, backup)
		})
	}
}

// restored gives a copy of a data directory from before 400 changes that
// central has.
func restored(t *testing.T) (o *office, backup string, items []string) {
	t.Helper()
	o = openOffice(t, centraltest.NewCluster(t))
	dir := t.TempDir()
	s := start(t, dir)
	enroll(t, dir, o)
	items = s.stocked(t, 5, 10_000)
	s.adjust(t, items, "before", 100)
	s.stop(t)
	backup = filepath.Join(t.TempDir(), "backup")
	copyDir(t, dir, backup)
	s = start(t, dir)
	s.adjust(t, items, "after", 400)
	s.drained(t)
	s.stop(t)
	return o, backup, items
}

// TestACopyOnAnotherMachinePausesUntilItIsAdopted starts a copied data
// directory under another machine's id.
func TestACopyOnAnotherMachinePausesUntilItIsAdopted(t *testing.T) {
	o, dir := openOffice(t, centraltest.NewCluster(t)), t.TempDir()
	t.Setenv("SHELFD_MACHINE_ID", "the first machine")
	s := start(t, dir)
	enroll(t, dir, o)
	items := s.stocked(t, 3, 1000)
	s.drained(t)
	s.stop(t)
	copied := filepath.Join(t.TempDir(), "copied")
	copyDir(t, dir, copied)
	t.Setenv("SHELFD_MACHINE_ID", "the second machine")
	second := start(t, copied)
	second.adjust(t, items, "second", 10)
	second.paused(t, "moved")
	command(t, "adopt", "--data-dir", copied)
	second.drained(t)
	o.agrees(second, 3*1000-10)

	t.Setenv("SHELFD_MACHINE_ID", "the first machine")
	first := start(t, dir)
	first.adjust(t, items, "first", 1)
	first.paused(t, "superseded")
	o.agrees(second, 3*1000-10)
}
