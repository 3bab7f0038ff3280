package test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// patience is how long a fleet may take to converge after the faults stop.
const patience = 3 * time.Minute

// TestAFleetConvergesAfterEveryFault lets stores work behind bad networks,
// some offline, some with wrong clocks, while head office is killed and
// PostgreSQL restarted. After the faults stop, every store's ledger and stock
// are at head office, each fact once.
func TestAFleetConvergesAfterEveryFault(t *testing.T) {
	o := openOffice(t, centraltest.NewCluster(t))
	links := badLinks(t, o.address)
	shops := make([]*shop, fleetStores)
	for n, code := range o.codes(fleetStores) {
		skew := time.Duration(0)
		if n%10 == 9 {
			skew = []time.Duration{-24 * time.Hour, 90 * time.Minute}[n/10%2]
		}
		// Enrolling takes a good network; only then the link gets bad.
		shops[n] = openShop(t, n, "http://"+o.address, code, skew)
		shops[n].url = "http://" + links[n%len(links)].address
		shops[n].sync()
		t.Cleanup(shops[n].unplug)
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, s := range shops {
		group.Go(func() {
			for {
				s.work(1 + s.random.IntN(10))
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(s.random.IntN(100)) * time.Millisecond):
				}
			}
		})
	}
	o.trouble(links[len(links)-1])
	close(stop)
	group.Wait()
	for _, l := range links {
		l.heal()
	}
	converge(t, shops)
	for _, s := range shops {
		s.unplug()
		o.same(s.Shop)
	}
}

// badLinks opens the networks of a fleet: a good one, a slow one, one that
// resets, one that cuts answers short, and one that trouble cuts off.
func badLinks(t *testing.T, upstream string) []*link {
	t.Helper()
	links := make([]*link, 5)
	for n := range links {
		links[n] = newLink(t, upstream)
	}
	links[1].add("slow", "latency", "downstream", 1, `{"latency":200,"jitter":150}`)
	links[1].add("narrow", "bandwidth", "upstream", 1, `{"rate":20}`)
	links[2].add("reset", "reset_peer", "upstream", 0.3, `{"timeout":50}`)
	links[3].add("half", "limit_data", "downstream", 0.3, `{"bytes":300}`)
	return links
}

// trouble kills head office and restarts its database, while one link is cut
// off most of the time.
func (o *office) trouble(away *link) {
	o.t.Helper()
	for n := range fleetTrouble {
		away.cut()
		wait(300 * time.Millisecond)
		o.kill()
		if n%3 == 2 {
			if err := o.cluster.Stop(); err != nil {
				o.t.Fatal(err)
			}
			wait(100 * time.Millisecond)
			if err := o.cluster.Start(); err != nil {
				o.t.Fatal(err)
			}
		}
		o.start()
		away.mend()
		wait(time.Duration(200+rand.IntN(300)) * time.Millisecond)
	}
}

// wait lets the fleet work on.
func wait(d time.Duration) { <-time.NewTimer(d).C }

// converge waits until head office has confirmed everything.
func converge(t *testing.T, shops []*shop) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for _, s := range shops {
		for !s.caughtUp() {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not catch up with %+v: %+v", s.Meta().Store, s.Head(), s.state())
			}
			wait(20 * time.Millisecond)
		}
	}
}

// same holds head office's rows of a store against the store's own: every
// entry once and in place, the same chain, the same stock to the last
// ten-thousandth, every row with everything that is shown of it.
func (o *office) same(s *storetest.Shop) {
	o.t.Helper()
	id, head := [16]byte(s.Meta().Store), s.Head()
	var count, newest, acked, folded int64
	var hash []byte
	o.query("SELECT count(*), coalesce(max(seq), 0) FROM entry WHERE store = $1", []any{id}, &count, &newest)
	o.query("SELECT acked_seq, folded_seq, acked_hash FROM store WHERE id = $1", []any{id}, &acked, &folded, &hash)
	if count != head.Seq || newest != head.Seq || acked != head.Seq || folded != head.Seq || store.Hash(hash) != head.Hash {
		o.t.Fatalf("store %s has %d entries to %x; head office has %d, newest %d, acknowledged %d to %x, folded %d",
			s.Meta().Store, head.Seq, head.Hash, count, newest, acked, hash, folded)
	}
	items, total := s.Items(store.ItemFilter{}, 0, 1<<20)
	have := o.stock(id)
	if len(have) != total {
		o.t.Fatalf("store %s has %d rows of stock; head office has %d", s.Meta().Store, total, len(have))
	}
	for _, i := range items {
		if want := fmt.Sprint(i.Quantity, i.Reserved, i.Value, i.Seq, i.Low, i.UpdatedAt); have[i.ID] != want {
			o.t.Fatalf("item %s of store %s: at head office %s, at the store %s", i.ID, s.Meta().Store, have[i.ID], want)
		}
	}
}

// stock reads what head office holds of a store, by item.
func (o *office) stock(id [16]byte) map[store.ID]string {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.database)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = conn.Close(o.t.Context()) }()
	rows, err := conn.Query(o.t.Context(),
		"SELECT item, quantity, reserved, value, seq, low, updated_at FROM stock WHERE store = $1", id)
	if err != nil {
		o.t.Fatal(err)
	}
	have := map[store.ID]string{}
	var item [16]byte
	var quantity, reserved store.Quantity
	var value store.Money
	var seq int64
	var low bool
	var updated store.Instant
	_, err = pgx.ForEachRow(rows, []any{&item, &quantity, &reserved, &value, &seq, &low, &updated}, func() error {
		have[item] = fmt.Sprint(quantity, reserved, value, seq, low, updated)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return have
}
