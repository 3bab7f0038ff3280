package central_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestStrangers_that_are_slow_keep_no_store_out(t *testing.T) {
	d := openDesk(t, func(c *central.Config) { c.InFlight, c.MaxConnections = 1, 4 })
	o, _ := d.traded(5)
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	for range 4 {
		body, slow := io.Pipe()
		t.Cleanup(func() { _ = slow.Close() })
		all.Go(func() {
			if resp, err := (&outlet{t: t, url: d.url}).send(http.MethodPost, wire.PathEnroll, body, http.Header{}); err == nil {
				resp.Body.Close()
			}
		})
		if _, err := io.WriteString(slow, "{"); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "another one is sent away", func() bool {
		err := (&outlet{t: t, url: d.url}).post(wire.PathEnroll, wire.Enrolment{Code: "A", Store: o.id}, nil)
		return err != nil && strings.Contains(err.Error(), string(wire.ProblemRateLimited))
	})
	o.push()
	d.equal(o)
}

func TestStrangers_may_not_say_much(t *testing.T) {
	d := openDesk(t)
	long := wire.Enrolment{Code: strings.Repeat("A", wire.MaxQuestion), Store: storetest.NewID()}
	refusedWith(t, (&outlet{t: t, url: d.url}).post(wire.PathEnroll, long, nil), wire.ProblemTooLarge)
}

func TestStrangers_hold_one_connection_however_many_they_are(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(5)
	table := d.lock("LOCK TABLE store IN ACCESS EXCLUSIVE MODE")
	var all sync.WaitGroup
	for n := range 30 {
		all.Go(func() {
			stranger := &outlet{t: t, url: d.url, key: fmt.Sprint("shelfd_", n)}
			_, err := stranger.cursorAt("")
			refusedWith(t, err, wire.ProblemUnauthorized)
		})
	}
	all.Go(o.push)
	until(t, "somebody waits", func() bool { return d.waiting("%key_hash%") > 0 })
	for range 200 {
		if n := d.waiting("%key_hash%"); n > 1 {
			t.Fatalf("%d connections wait", n)
		}
	}
	if err := table.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	d.equal(o)
}

func TestKey_that_was_replaced_or_revoked_says_nothing_of_the_store(t *testing.T) {
	clock := storetest.NewClock(time.Now())
	d := openDesk(t, func(c *central.Config) { c.Clock = clock })
	old, _ := d.traded(5)
	old.cursor()
	contact := func() int64 { return ask[int64](d, "SELECT last_contact FROM store") }
	d.enrol(old.Shop)
	before := contact()
	clock.Advance(5 * time.Second)
	_, err := old.cursorAt("")
	refusedWith(t, err, wire.ProblemUnauthorized)
	if contact() != before {
		t.Error("the old key was heard")
	}
	last := d.enrol(old.Shop)
	if err := d.Revoke(t.Context(), last.id); err != nil {
		t.Fatal(err)
	}
	clock.Advance(5 * time.Second)
	_, err = last.cursorAt("")
	refusedWith(t, err, wire.ProblemRevoked)
	if contact() != before {
		t.Error("the revoked key was heard")
	}
}

func TestKey_is_not_known_to_a_database_from_before_it(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(5)
	o.push()
	if _, err := d.db.Exec(t.Context(), "DELETE FROM store"); err != nil {
		t.Fatal(err)
	}
	_, err := o.put(o.batch(o.at(0), 5))
	refusedWith(t, err, wire.ProblemUnauthorized)
	_, err = o.cursorAt("")
	refusedWith(t, err, wire.ProblemUnauthorized)
	if err := d.Refold(t.Context(), o.id); store.CodeOf(err) != store.CodeNotFound {
		t.Fatal(err)
	}
}

func TestCommand_is_asked_for_by_few_at_once(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	other, _ := d.traded(1)
	answers := make(chan error, 9)
	for range cap(answers) {
		go func() {
			answers <- o.do(http.MethodGet, wire.PathCommands+"?wait=50", nil, http.Header{}, new(wire.Commands))
		}()
	}
	if p := refusedWith(t, <-answers, wire.ProblemRateLimited); p.RetryAfter == 0 {
		t.Fatalf("%+v", p)
	}
	o.commands(0, 0) // who does not wait is not counted
	other.commands(0, 1)
	d.Drain()
	for range cap(answers) - 1 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	o.commands(0, 1)
}

func TestMessage_may_have_several_digests(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	body := []byte(`{"epoch":1,"seq":9,"hash":"` + strings.Repeat("0", 64) + `","digest":"` + strings.Repeat("0", 64) + `"}`)
	for _, digest := range [][]string{{"sha-512=:AA==:, " + wire.Digest(body)}, {"sha-512=:AA==:", wire.Digest(body)}} {
		err := o.do(http.MethodPost, wire.PathCompare, body, http.Header{wire.HeaderDigest: digest}, nil)
		refusedWith(t, err, wire.ProblemGap)
	}
	err := o.do(http.MethodPost, wire.PathCompare, body, http.Header{wire.HeaderDigest: {wire.Digest(nil)}}, nil)
	refusedWith(t, err, wire.ProblemDigest)
}
