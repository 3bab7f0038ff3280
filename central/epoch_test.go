package central_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// branchOff opens an epoch in a shop that shares the current stream up to seq.
func (o *outlet) branchOff(epoch, seq int64, reason string) {
	o.t.Helper()
	o.branch = store.Position{Epoch: epoch, Seq: seq}
	o.Must(&store.OpenEpoch{Branch: o.branch, Hash: o.at(seq).Hash, Reason: reason})
	o.epoch = o.Head().Epoch
}

// pushFrom sends everything after a seq, in the outlet's epoch.
func (o *outlet) pushFrom(seq int64) {
	o.t.Helper()
	for at := seq; at < o.Head().Seq; {
		ack, err := o.put(o.batch(o.at(at), o.Head().Seq))
		if err != nil {
			o.t.Fatal(err)
		}
		at = ack.AckedSeq
	}
}

// read reads a stream back from after a seq.
func (o *outlet) read(epoch, after int64, limit int) *wire.Incoming {
	o.t.Helper()
	path := fmt.Sprintf("%s?epoch=%d&after=%d&limit=%d", wire.PathEntries, epoch, after, limit)
	resp, err := o.send(http.MethodGet, path, nil, http.Header{})
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	in, err := wire.ReadBatchAnswer(resp)
	if err != nil {
		o.t.Fatalf("stream %d after %d: %v", epoch, after, err)
	}
	return in
}

// restored is a store that lost what it did after a branch, where central has
// more, and what is left of it. That has an entry of its own: that it was not
// closed orderly.
func (d *desk) restored() (lost, back *outlet, branch int64) {
	d.t.Helper()
	lost, s := d.traded(150)
	lost.limits.Entries = 40
	lost.push()
	branch = lost.Head().Seq
	back = d.clone(lost)
	s.moved = nil // notes from before the branch, once erased here, would stay erased
	s.trade(100)
	lost.push()
	return lost, back, branch
}

func TestEpoch_takes_over_from_the_branch_on(t *testing.T) {
	d := openDesk(t)
	lost, back, branch := d.restored()
	back.branchOff(1, branch, store.EpochRestored)
	newTrader(t, back.Shop, 77).trade(60)
	back.pushFrom(branch)
	d.equal(back)
	if c := back.cursor(); c.Epoch != 2 || c.Branch != (store.Position{Epoch: 1, Seq: branch}).String() || c.AckedHash != back.Head().Hash {
		t.Fatalf("%+v", c)
	}
	_, err := lost.put(lost.batch(lost.at(0), lost.Head().Seq))
	if p := refusedWith(t, err, wire.ProblemEpochClosed); p.Epoch != 2 {
		t.Fatalf("%+v", p)
	}
	if list, err := d.Stores(t.Context()); err != nil || list[0].Epoch != 2 || list[0].Lag != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
}

func TestEpoch_gives_the_lost_tail_back_before_and_after_it_opened(t *testing.T) {
	d := openDesk(t)
	lost, back, branch := d.restored()
	check := func(epoch, after int64, limit int, want *outlet) {
		t.Helper()
		in := back.read(epoch, after, limit)
		if in.Previous != want.at(after).Hash || in.First != after+1 {
			t.Fatalf("stream %d after %d begins at %d", epoch, after, in.First)
		}
		if wanted := min(int64(limit), want.Head().Seq-after, 1000); int64(len(in.Lines)) != wanted {
			t.Fatalf("stream %d after %d has %d lines, not %d", epoch, after, len(in.Lines), wanted)
		}
		for n, k := range want.kept()[after:][:len(in.Lines)] {
			l := in.Lines[n]
			if string(l.Bytes) != k.Body || l.Hash != store.Hash([]byte(k.Hash)) {
				t.Fatalf("stream %d has %s at %d", epoch, l.Bytes, l.Seq)
			}
			if (l.Notes != nil) != (k.Salt != "") || (l.Key != nil) != (k.Key != "") {
				t.Fatalf("%d lost what is beside it", l.Seq)
			}
		}
	}
	check(1, branch, 1000, lost)
	back.branchOff(1, branch, store.EpochRestored)
	newTrader(t, back.Shop, 5).trade(30)
	back.pushFrom(branch)
	check(1, branch, 1000, lost)
	check(1, branch-20, 50, lost) // across the branch
	check(1, 0, 10, lost)
	check(2, 0, 1000, back)
	check(2, branch-5, 10, back)
	check(2, back.Head().Seq, 10, back)
	for _, of := range []*outlet{lost, back} {
		for _, seq := range []int64{1, branch, branch + 1, of.Head().Seq} {
			c, err := back.cursorAt(store.Position{Epoch: of.epoch, Seq: seq}.String())
			if err != nil || c.At == nil || c.At.Hash != of.at(seq).Hash {
				t.Fatalf("hash at %d-%d: %+v, %v", of.epoch, seq, c.At, err)
			}
		}
		if c, err := back.cursorAt(store.Position{Epoch: of.epoch, Seq: of.Head().Seq + 1}.String()); err != nil || c.At != nil {
			t.Fatalf("%+v, %v", c.At, err)
		}
	}
	if c, err := back.cursorAt("3-1"); err != nil || c.At != nil {
		t.Fatalf("%+v, %v", c.At, err)
	}
}

func TestEpoch_forgets_erased_notes_in_what_was_cut_off_too(t *testing.T) {
	d := openDesk(t)
	shop := storetest.Open(t)
	item := shop.Stocked("A", 10)
	lost := d.enrol(shop)
	lost.push()
	back, branch := d.clone(lost), lost.Head().Seq
	shop.Adjust(item, -1, store.Sale)
	lost.push()
	back.branchOff(1, branch, store.EpochRestored)
	var rows []store.Copied
	for _, l := range back.read(1, branch, 10).Lines {
		rows = append(rows, store.Copied{Bytes: l.Bytes, Notes: l.Notes, Key: l.Key})
	}
	back.Must(&store.Reappend{Rows: rows})
	back.pushFrom(branch)
	d.equal(back)
	const noted = "SELECT (SELECT count(*) FROM abandoned WHERE notes IS NOT NULL) + (SELECT count(*) FROM entry WHERE notes = 'test')"
	if n := ask[int](d, noted); n != 2 {
		t.Fatalf("%d notes are kept", n)
	}
	for seq := back.Head().Seq; ; seq-- {
		if s, err := back.Journal().FindEntry(t.Context(), seq); err == nil && s.Notes != nil {
			back.Must(&store.EraseNotes{Entry: store.Position{Epoch: 2, Seq: seq}})
			break
		}
	}
	back.push()
	if n := ask[int](d, noted); n != 0 {
		t.Fatalf("%d notes are kept", n)
	}
}

func TestEpoch_may_open_at_the_very_end_and_again_and_again(t *testing.T) {
	d := openDesk(t)
	o, s := d.traded(80)
	o.push()
	first := o.Head().Seq
	for epoch := int64(1); epoch < 4; epoch++ {
		branch := o.Head()
		o.branchOff(epoch, branch.Seq, store.EpochAdopted)
		s.trade(30)
		o.pushFrom(branch.Seq)
		d.equal(o)
	}
	if in := o.read(1, 0, 1000); in.Head().Seq != first || in.Head().Hash != o.at(first).Hash {
		t.Fatalf("stream 1 ends at %d, not %d", in.Head().Seq, first)
	}
	_, err := o.put(&wire.Batch{Place: wire.Place{Epoch: 9, First: 2, Branch: store.Position{Epoch: 7, Seq: 1}}, Digest: wire.Digest(nil)})
	refusedWith(t, err, wire.ProblemUnknownBranch)
}

func TestEpoch_needs_a_branch_that_central_has(t *testing.T) {
	d := openDesk(t)
	_, back, branch := d.restored()
	clone := d.clone(back)
	back.branchOff(1, branch, store.EpochRestored)
	good := back.batch(back.at(branch), back.Head().Seq)
	put := func(change func(*wire.Place)) error {
		b := *good
		change(&b.Place)
		_, err := back.put(&b)
		return err
	}
	refusedWith(t, put(func(p *wire.Place) { p.Previous[0]++ }), wire.ProblemUnknownBranch)
	refusedWith(t, put(func(p *wire.Place) { p.Branch.Seq = 1_000_000; p.First = 1_000_001 }), wire.ProblemUnknownBranch)
	if p := refusedWith(t, put(func(p *wire.Place) { p.First++ }), wire.ProblemGap); p.Wanted != branch+1 {
		t.Fatalf("%+v", p)
	}
	back.pushFrom(branch)
	// Another copy opens the same epoch elsewhere.
	clone.branchOff(1, branch-3, store.EpochRestored)
	_, err := clone.put(clone.batch(clone.at(branch-3), clone.Head().Seq))
	refusedWith(t, err, wire.ProblemFork)
	d.equal(back)
}

// raw sends lines as the first batch of an epoch after a head.
func (o *outlet) raw(epoch int64, branch store.Position, after store.Head, line string) (store.Head, error) {
	b := batchOf(o.t, after, line)
	b.Epoch, b.Branch = epoch, branch
	ack, err := o.put(b)
	return store.Head{Epoch: ack.Epoch, Seq: ack.AckedSeq, Hash: ack.AckedHash}, err
}

func TestEpoch_of_a_store_from_another_central_needs_no_branch(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(40)
	o.Must(&store.OpenEpoch{Branch: store.Position{Epoch: 1, Seq: o.Head().Seq}, Hash: o.Head().Hash, Reason: store.EpochAdopted})
	o.epoch = 2
	_, err := o.put(o.batch(o.at(5), 10))
	if p := refusedWith(t, err, wire.ProblemGap); p.Wanted != 1 {
		t.Fatalf("%+v", p)
	}
	o.pushFrom(0)
	d.equal(o)
	if c := o.cursor(); c.Epoch != 2 || c.Branch != "" {
		t.Fatalf("%+v", c)
	}
	// Now there is a past to leave.
	_, err = o.raw(3, store.Position{}, store.Head{}, `{"v":1}`)
	refusedWith(t, err, wire.ProblemUnknownBranch)
}

func TestEpoch_may_have_a_large_number(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	const large = 3_000_000_000
	at, err := o.raw(1, store.Position{}, store.Head{}, `{"v":9}`)
	for epoch := int64(large); err == nil && epoch < large+3; epoch++ {
		at, err = o.raw(epoch, store.Position{Epoch: at.Epoch, Seq: at.Seq}, at, `{"v":9}`)
	}
	if c := o.cursor(); err != nil || c.Epoch != large+2 || c.AckedSeq != 4 {
		t.Fatalf("%+v, %v", c, err)
	}
}
