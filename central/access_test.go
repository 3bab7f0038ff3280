package central_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestKey_is_needed_for_everything_but_enrolling(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(5)
	good := o.key
	for _, key := range []string{"", "shelfd_", good + "x", good[:len(good)-1], "other"} {
		o.key = key
		_, err := o.cursorAt("")
		refusedWith(t, err, wire.ProblemUnauthorized)
		_, err = o.put(o.batch(o.at(0), 5))
		refusedWith(t, err, wire.ProblemUnauthorized)
		for _, path := range []string{wire.PathEntries + "?epoch=1", wire.PathCommands} {
			refusedWith(t, o.do(http.MethodGet, path, nil, http.Header{}, nil), wire.ProblemUnauthorized)
		}
		refusedWith(t, o.post(wire.PathCompare, wire.Compare{}, nil), wire.ProblemUnauthorized)
	}
	o.key = good
	o.push()
	d.equal(o)
}

func TestKey_ends_when_the_store_is_revoked(t *testing.T) {
	d := openDesk(t)
	o, s := d.traded(20)
	o.push()
	if err := d.Revoke(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	s.trade(5)
	_, err := o.cursorAt("")
	refusedWith(t, err, wire.ProblemRevoked)
	_, err = o.put(o.batch(o.at(0), 5))
	if p := refusedWith(t, err, wire.ProblemRevoked); p.Status != http.StatusForbidden {
		t.Fatalf("%+v", p)
	}
	refusedWith(t, o.do(http.MethodGet, wire.PathCommands, nil, http.Header{}, nil), wire.ProblemRevoked)
	if list, err := d.Stores(t.Context()); err != nil || list[0].Health != store.HealthRevoked {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := d.Revoke(t.Context(), storetest.NewID()); store.CodeOf(err) != store.CodeNotFound {
		t.Fatal(err)
	}
	// A new code lets it in again, where it was.
	again := d.enrol(o.Shop)
	again.push()
	d.equal(again)
	o.key = again.key
}

func TestEnrol_lets_one_store_in_with_a_code(t *testing.T) {
	d := openDesk(t)
	code, err := d.Enrol(t.Context(), "Harbour", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a, b := storetest.Open(t), storetest.Open(t)
	first := d.enrolWith(a, code)
	refused := func(code string) {
		t.Helper()
		o := &outlet{t: t, url: d.url}
		err := o.post(wire.PathEnroll, wire.Enrolment{Code: code, Store: storetest.NewID()}, nil)
		refusedWith(t, err, wire.ProblemUnauthorized)
	}
	refused(code)
	refused("")
	refused("AAAA-AAAA-AAAA-AAAA")
	// The first answer may have been lost: the same store may ask again, until
	// it has used its key.
	second := d.enrolWith(a, code)
	if _, err := first.cursorAt(""); err == nil {
		t.Fatal("two keys work")
	}
	second.cursor()
	err = second.post(wire.PathEnroll, wire.Enrolment{Code: code, Store: second.id}, nil)
	refusedWith(t, err, wire.ProblemUnauthorized)
	expired, err := d.Enrol(t.Context(), "Harbour", -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	refused(expired)
	if o := d.enrol(b); o.cursor().AckedSeq != 0 {
		t.Fatal("the second store is not new")
	}
}

func TestHealth_is_what_the_store_last_said(t *testing.T) {
	clock := storetest.NewClock(time.Now())
	d := openDesk(t, func(c *central.Config) { c.Clock = clock })
	o, s := d.traded(40)
	o.push()
	synced := o.cursor().SyncedAt
	s.trade(10)
	clock.Advance(2 * time.Second)
	o.cursor()
	list, err := d.Stores(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := list[0]
	if got.Name != "Main Street" || got.Lag != o.Head().Seq-got.AckedSeq || got.Health != store.HealthLate ||
		got.LowStock != 3 || got.Version != "1.0" || got.SyncedAt != store.Instant(synced) {
		t.Fatalf("%+v", got)
	}
	clock.Advance(24 * time.Hour)
	if list, err := d.Stores(t.Context()); err != nil || list[0].Health != store.HealthSilent {
		t.Fatalf("%+v, %v", list, err)
	}
	o.push()
	if list, err := d.Stores(t.Context()); err != nil || list[0].ClockSkewMillis > -23*3600_000 {
		t.Fatalf("the skew is %d, %v", list[0].ClockSkewMillis, err)
	}
	// Our own clock is set back a day: nobody becomes less synchronized.
	before := o.cursor().SyncedAt
	clock.Step(-24 * time.Hour)
	s.trade(5)
	o.push()
	if after := o.cursor().SyncedAt; after < before {
		t.Fatalf("synchronized at %s, then %s", before, after)
	}
	d.equal(o)
}

func TestGate_sends_away_what_is_too_much_and_nobody_is_lost(t *testing.T) {
	d := openDesk(t, func(c *central.Config) { c.InFlight, c.MaxConnections = 1, 3 })
	var outlets []*outlet
	for n := range 12 {
		o, _ := d.traded(20 + n)
		outlets = append(outlets, o)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	shed := map[int]bool{}
	for _, o := range outlets {
		for range 4 {
			all.Go(func() {
				b := o.batch(o.at(0), o.Head().Seq)
				for {
					_, err := o.put(b)
					if err == nil {
						return
					}
					p := refusedWith(t, err, wire.ProblemRateLimited)
					mu.Lock()
					shed[p.RetryAfter] = true
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	if len(shed) < 2 || shed[0] {
		t.Fatalf("sent away for %v seconds", shed)
	}
	for _, o := range outlets {
		d.equal(o)
	}
}
