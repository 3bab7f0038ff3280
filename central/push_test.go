package central_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestPush_gives_central_exactly_what_the_store_has(t *testing.T) {
	d := openDesk(t)
	rapid.Check(t, func(r *rapid.T) {
		shop := storetest.Open(t)
		o := d.enrol(shop)
		s := newTrader(t, shop, rapid.Uint64().Draw(r, "seed"))
		for range rapid.IntRange(1, 4).Draw(r, "pushes") {
			s.trade(rapid.IntRange(0, 200).Draw(r, "steps"))
			o.limits.Entries = rapid.IntRange(1, 300).Draw(r, "batch")
			o.push()
			d.equal(o)
		}
	})
}

// traded is a shop with a random past, enrolled at the desk.
func (d *desk) traded(steps int) (*outlet, *trader) {
	d.t.Helper()
	shop := storetest.Open(d.t)
	s := newTrader(d.t, shop, uint64(steps))
	s.trade(steps)
	return d.enrol(shop), s
}

func TestPush_folds_little_memory_as_well(t *testing.T) {
	d := openDesk(t, func(c *central.Config) { c.CachedItems = 8 })
	a, s := d.traded(200)
	b, _ := d.traded(150)
	a.limits.Entries, b.limits.Entries = 17, 23
	for range 3 {
		a.push()
		b.push()
		s.trade(50)
	}
	a.push()
	d.equal(a)
	d.equal(b)
}

func TestPush_wants_what_is_missing(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(50)
	first, second := o.batch(o.at(0), 10), o.batch(o.at(10), 20)
	_, err := o.put(second)
	if p := refusedWith(t, err, wire.ProblemGap); p.Wanted != 1 || p.Status != http.StatusConflict {
		t.Fatalf("%+v", p)
	}
	for _, b := range []*wire.Batch{first, second} {
		if _, err := o.put(b); err != nil {
			t.Fatal(err)
		}
	}
	_, err = o.put(o.batch(o.at(25), 30))
	if p := refusedWith(t, err, wire.ProblemGap); p.Wanted != 21 {
		t.Fatalf("%+v", p)
	}
	o.push()
	d.equal(o)
}

func TestPush_takes_a_batch_once_however_often_it_comes(t *testing.T) {
	d := openDesk(t)
	other := openDeskOver(t, d.database)
	o, _ := d.traded(200)
	b := o.batch(o.at(0), o.Head().Seq)
	twin := *o
	twin.url = other.url
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			at := o
			if n%2 == 0 {
				at = &twin
			}
			ack, err := at.put(b)
			if err != nil || ack.AckedSeq != b.Last || ack.AckedHash != b.Hash {
				t.Errorf("%+v, %v", ack, err)
			}
		})
	}
	all.Wait()
	// Half of it is known, then all.
	for _, from := range []int64{0, b.Last / 2} {
		if ack, err := o.put(o.batch(o.at(from), o.Head().Seq)); err != nil || ack.AckedSeq != b.Last {
			t.Fatalf("%+v, %v", ack, err)
		}
	}
	if ack, err := o.put(o.batch(o.at(b.Last), b.Last)); err != nil || ack.AckedSeq != b.Last {
		t.Fatalf("an empty batch: %+v, %v", ack, err)
	}
	d.equal(o)
}

func TestPush_lets_two_copies_take_batches_of_one_store_at_once(t *testing.T) {
	d := openDesk(t)
	other := openDeskOver(t, d.database)
	o, s := d.traded(400)
	twin := *o
	twin.url = other.url
	var all sync.WaitGroup
	for _, side := range []*outlet{o, &twin} {
		all.Go(func() {
			for at := int64(0); at < o.Head().Seq; {
				ack, err := side.put(side.batch(side.at(at), min(at+13, o.Head().Seq)))
				if err != nil {
					t.Error(err)
					return
				}
				at = ack.AckedSeq
			}
		})
	}
	all.Wait()
	d.equal(o)
	// The copy whose cache is behind notices.
	s.trade(20)
	o.push()
	s.trade(20)
	twin.push()
	s.trade(20)
	o.push()
	d.equal(o)
}

func TestPush_alarms_when_a_store_has_another_past(t *testing.T) {
	d := openDesk(t)
	o, s := d.traded(30)
	clone := d.clone(o)
	s.trade(20)
	o.push()
	newTrader(t, clone.Shop, 9).trade(40)
	seq := o.Head().Seq
	_, err := clone.put(clone.batch(clone.at(0), clone.Head().Seq))
	p := refusedWith(t, err, wire.ProblemFork)
	if p.Seq != seq || p.Hash == nil || *p.Hash != o.Head().Hash {
		t.Fatalf("%+v", p)
	}
	if list, err := d.Stores(t.Context()); err != nil || list[0].Health != store.HealthFork || list[0].AckedSeq != seq {
		t.Fatalf("%+v, %v", list, err)
	}
	_, err = clone.put(clone.batch(clone.at(seq), clone.Head().Seq))
	refusedWith(t, err, wire.ProblemFork)
	// The store that central knows goes on.
	s.trade(10)
	o.push()
	d.equal(o)
}

// clone is a copy of the store's data directory that somebody starts.
func (d *desk) clone(o *outlet) *outlet {
	d.t.Helper()
	shop, c := *o.Shop, *o
	shop.Dir = o.Crash(d.t)
	if err := shop.TryOpen(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = shop.Ledger.Close() })
	c.Shop = &shop
	return &c
}

func TestPush_keeps_and_folds_later_what_an_older_program_cannot_read(t *testing.T) {
	d := openDesk(t)
	d.Older(func(b []byte) bool { return bytes.Contains(b, []byte(`"document":"lot"`)) })
	o, s := d.traded(300)
	lots := 0
	o.limits.Entries = 100
	for at := int64(0); at < o.Head().Seq; {
		b := o.batch(o.at(at), o.Head().Seq)
		ack, err := o.put(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := o.put(b)
		if err != nil || fmt.Sprint(again.Verdicts) != fmt.Sprint(ack.Verdicts) {
			t.Fatalf("%v, then %v: %v", ack.Verdicts, again.Verdicts, err)
		}
		for _, v := range ack.Verdicts {
			if v.Code != wire.VerdictUnparsed {
				t.Fatalf("%+v", v)
			}
			lots++
		}
		at = ack.AckedSeq
	}
	list, err := d.Stores(t.Context())
	if err != nil || list[0].Health != store.HealthUnfolded || list[0].Verdicts != int64(lots) || lots == 0 {
		t.Fatalf("%+v, %v after %d lots", list, err, lots)
	}
	upgraded := openDeskOver(t, d.database)
	for deadline := time.Now().Add(time.Minute); ask[int](d, "SELECT count(*) FROM store WHERE folded_seq < acked_seq") > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the upgraded program does not fold on")
		}
	}
	o.url = upgraded.url
	s.trade(30)
	o.push()
	upgraded.equal(o)
	if list, err := upgraded.Stores(t.Context()); err != nil || list[0].Verdicts != 0 || list[0].Health != store.HealthOK {
		t.Fatalf("%+v, %v", list, err)
	}
}

func TestPush_keeps_lines_that_no_program_can_read(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	o.push()
	at := o.Head()
	for _, line := range []string{
		`{"v":2,"new":"shape"}`, "{\"v\":1,\"broken\":\"\xff\xfe\"}", `{"v":1,"nul":"\u0000"}`, "{\"v\":\x00", `{"v":`,
		`{"v":1,` + strings.Repeat("x", wire.MaxEntryLine-7),
	} {
		b := batchOf(t, at, line)
		ack, err := o.put(b)
		if err != nil || len(ack.Verdicts) != 1 || ack.Verdicts[0].Code != wire.VerdictUnparsed {
			t.Fatalf("%.40q: %+v, %v", line, ack, err)
		}
		if kept := ask[[]byte](d, "SELECT body FROM entry WHERE seq = $1", b.Last); string(kept) != line {
			t.Fatalf("%.40q became %.40q", line, kept)
		}
		at = store.Head{Epoch: 1, Seq: b.Last, Hash: b.Hash}
	}
}

// batchOf is a batch of lines as they are.
func batchOf(t testing.TB, after store.Head, lines ...string) *wire.Batch {
	e := wire.NewEncoder()
	e.Start(1, store.Position{}, after)
	for _, line := range lines {
		after.Seq, after.Hash = after.Seq+1, after.Hash.Next([]byte(line))
		e.Add(&store.Stored{Seq: after.Seq, Bytes: []byte(line), Hash: after.Hash}, nil)
	}
	b, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPush_keeps_what_does_not_continue_the_balance(t *testing.T) {
	d := openDesk(t)
	shop := storetest.Open(t)
	item := shop.Stocked("A", 10)
	shop.Adjust(item, -1, store.Sale)
	wrong := shop.Adjust(item, -1, store.Sale).Facts[0].Entry.Seq
	shop.Adjust(item, -1, store.Sale)
	o := d.enrol(shop)
	stored, err := o.Journal().FindEntry(t.Context(), wrong)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Replace(string(stored.Bytes), `"quantity_after":8`, `"quantity_after":9`, 1)
	if _, err := o.put(o.batch(o.at(0), wrong-1)); err != nil {
		t.Fatal(err)
	}
	b := batchOf(t, o.at(wrong-1), line)
	ack, err := o.put(b)
	if err != nil || len(ack.Verdicts) != 1 || ack.Verdicts[0].Code != wire.VerdictInconsistent || ack.AckedSeq != wrong {
		t.Fatalf("%+v, %v", ack, err)
	}
	if q := ask[int64](d, "SELECT quantity FROM stock"); q != 9_0000 {
		t.Fatalf("stock is %d", q)
	}
	if err := d.Refold(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	if n := ask[int](d, "SELECT count(*) FROM verdict WHERE resolved_at IS NULL"); n != 1 {
		t.Fatalf("%d verdicts", n)
	}
}

func TestPush_refuses_what_is_too_large(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	bomb := batchOf(t, store.Head{}, `{"v":1}`)
	bomb.Body = compress(t, bytes.Repeat([]byte{'\n'}, 64<<20))
	bomb.Digest = wire.Digest(bomb.Body)
	_, err := o.put(bomb)
	refusedWith(t, err, wire.ProblemTooLarge)
	_, err = o.put(batchOf(t, store.Head{}, `{"v":1,`+strings.Repeat("x", 10<<20)))
	refusedWith(t, err, wire.ProblemTooLarge)
	huge := batchOf(t, store.Head{}, `{"v":1}`)
	huge.Body = make([]byte, wire.MaxBody+1)
	huge.Digest = wire.Digest(huge.Body)
	_, err = o.put(huge)
	refusedWith(t, err, wire.ProblemTooLarge)
	cut := batchOf(t, store.Head{}, `{"v":1}`)
	cut.Body = cut.Body[:len(cut.Body)-1]
	_, err = o.put(cut)
	refusedWith(t, err, wire.ProblemDigest)
	if c := o.cursor(); c.AckedSeq != 0 {
		t.Fatalf("%+v", c)
	}
}
