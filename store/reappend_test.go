package store_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// copies gives the entries of a shop after a seq as central has them.
func copies(t testing.TB, s *storetest.Shop, after int64) (rows []store.Copied) {
	t.Helper()
	upTo := s.Head().Seq
	err := s.Journal().Scan(t.Context(), after, upTo, func(row *store.Stored) error {
		rows = append(rows, store.Copied{Bytes: bytes.Clone(row.Bytes), Notes: row.Notes})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.Journal().ListKeys(t.Context(), after, upTo)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		first := k.Seq - after - 1
		k.Seq = 0
		rows[first].Key = &k
	}
	return rows
}

// page is what central answers when it is asked for entries after a seq: so
// many, or a whole command when that is more.
func page(rows []store.Copied, from, after int64, limit int) []store.Copied {
	rest := rows[min(int64(len(rows)), max(0, after-from)):]
	if len(rest) > 0 && rest[0].Key != nil {
		limit = max(limit, int(rest[0].Key.Count))
	}
	return rest[:min(limit, len(rest))]
}

// reappend appends what a shop lacks of another, a page at a time, until
// nothing is left. The shops are the same up to the branch, which is opened.
func reappend(t testing.TB, s, lost *storetest.Shop, branch int64, limit int) {
	t.Helper()
	s.Must(branchAt(t, s, lost.Head().Epoch, branch))
	goOn(t, s, lost, limit)
}

// goOn appends the rest of another shop.
func goOn(t testing.TB, s, lost *storetest.Shop, limit int) {
	t.Helper()
	from := s.Again().Seq
	rows := copies(t, lost, from)
	for s.Again().Seq < lost.Head().Seq {
		before := s.Again().Seq
		s.Must(&store.Reappend{Rows: page(rows, from, before, limit)})
		if s.Again().Seq <= before {
			t.Fatalf("nothing was appended again after %s", s.Again())
		}
	}
}

// stock lists what a shop has, without the seqs and times that differ between
// ledgers.
func stock(s *storetest.Shop) string {
	var b strings.Builder
	for _, p := range s.Products() {
		fmt.Fprintf(&b, "product %s %s %s %s %v %v %d\n", p.ID, p.SKU, p.Name, p.UnitPrice, p.ThresholdAt(s.Location), p.Barcodes, p.ArchivedAt)
	}
	for _, l := range s.Lots() {
		fmt.Fprintf(&b, "lot %s %s %s %s\n", l.ID, l.ProductID, l.PackageTag, l.Status)
	}
	for _, l := range s.Locations() {
		fmt.Fprintf(&b, "location %s %s\n", l.ID, l.Name)
	}
	for _, r := range s.Reservations() {
		fmt.Fprintf(&b, "reservation %s %s %s %s %s\n", r.ID, r.ItemID, r.Quantity, r.Requested, r.ExpiresAt)
	}
	for _, i := range s.AllItems() {
		r, threshold := i.Record(), ""
		if r.Threshold != nil {
			threshold = r.Threshold.String()
		}
		fmt.Fprintf(&b, "item %s %d %s %s %s %s %s %s low %v, counted %s, archived %v, from %s\n",
			r.ID, r.No, r.Product, r.Location, r.Room, r.Quantity, r.Reserved, r.Value, r.Low, r.CountedAt, r.ArchivedAt, threshold)
	}
	return b.String()
}

// isFact tells entries that come again from those that follow from others.
func isFact(e *store.Entry) bool {
	if e.Event == nil {
		return true
	}
	switch e.Event.Type {
	case store.EventLowStock, store.EventDiscrepancy, store.EventRecovered, store.EventClock, store.EventEpoch, store.EventReappended:
		return false
	}
	return true
}

// sameFacts checks that every fact of another shop after a seq is here once,
// as it was but for balances.
func sameFacts(t testing.TB, s, lost *storetest.Shop, branch int64) {
	t.Helper()
	here := map[store.Position][]*store.Entry{}
	for _, e := range entries(t, s, branch) {
		if !e.Again.IsZero() {
			here[e.Again] = append(here[e.Again], e)
		}
	}
	for _, was := range entries(t, lost, branch) {
		again := here[was.Position]
		if !isFact(was) {
			if len(again) > 0 {
				t.Fatalf("entry %s follows from others and came again", was.Position)
			}
			continue
		}
		if len(again) != 1 {
			t.Fatalf("entry %s is here %d times: %s", was.Position, len(again), store.AppendEntry(nil, was))
		}
		is := again[0]
		same := is.OccurredAt == was.OccurredAt && is.Actor == was.Actor && is.Terminal == was.Terminal && is.Source == was.Source &&
			is.ExternalID == was.ExternalID && is.Line == was.Line && bytes.Equal(is.NotesDigest, was.NotesDigest) &&
			(is.Notes == nil) == (was.Notes == nil) && (is.Notes == nil || *is.Notes == *was.Notes)
		if is.Movement != nil {
			same = same && is.Movement.Change == was.Movement.Change && is.Movement.Reason == was.Movement.Reason && is.Movement.SubReason == was.Movement.SubReason &&
				is.Movement.Reference == was.Movement.Reference && is.Movement.Transfer == was.Movement.Transfer && is.Movement.Reservation == was.Movement.Reservation &&
				is.Movement.ValueChange == was.Movement.ValueChange && is.Movement.Reverses.IsZero() == was.Movement.Reverses.IsZero()
		}
		if !same {
			t.Fatalf("entry %s came again changed\n was %s\n is  %s", was.Position, store.AppendEntry(nil, was), store.AppendEntry(nil, is))
		}
	}
}

// busy does some of everything that a day brings.
func busy(t testing.TB, s *storetest.Shop) {
	t.Helper()
	s.Clock.Advance(time.Hour)
	low := units(30)
	item := s.Stocked("DAY", 40)
	s.Must(&store.Adjust{Item: item, Change: units(-1), Reason: store.Sale, ExternalID: "order-7", Line: 2, Notes: "gift"})
	p, _ := s.Item(item)
	s.Must(&store.EditProduct{ID: p.Product.ID, Edit: func(p *store.Product) { p.Threshold, p.UnitPrice = &low, 50_0000 }})
	r := s.Must(&store.Reserve{Item: item, Quantity: units(4), Reference: "web", Seconds: 7200})
	hold := r.Facts[0].Of.(*store.Reservation).ID
	s.Must(&store.Adjust{Item: item, Change: units(-1), Reason: store.Sale, Reservation: hold})
	s.Must(&store.ExtendReservation{ID: hold, Seconds: 9000})
	s.Adjust(item, -20, store.Damage)
	s.Must(&store.Adjust{Item: item, Change: units(-3), Reason: store.Transfer, ToRoom: store.Vault, ExternalID: "move-1"})
	sale := s.Adjust(item, -2, store.Sale).Facts[0].Entry.Position
	s.Must(&store.Reverse{Movement: sale, Notes: "wrong line"})
	s.Must(&store.Adjust{Item: item, Change: units(-9), Reason: store.Sale, Offline: true})
	s.Must(&store.Adjust{Item: item, Change: units(-9), Reason: store.Sale, Offline: true})
	s.Must(&store.IssueToken{Name: "till", Role: store.RoleTerminal, Hash: [32]byte{1}})
	s.Adjust(item, 10, store.Return)
	noted := s.Must(&store.Adjust{Item: item, Change: units(-1), Reason: store.Theft, Notes: "seen"}).Facts[0].Entry.Position
	s.Must(&store.EraseNotes{Entry: noted})
	s.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: store.RunSucceeded}})
	obey(t, s, s.Command()+1, "product", `{"sku":"CENTRAL","name":"From central"}`)
}

func TestReappend_brings_back_a_lost_day_in_pages_of_any_size(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 7, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			s := furnished(t)
			backup := restored(t, s)
			branch := s.Head().Seq // the backup has noted the crash since
			busy(t, s)
			reappend(t, backup, s, branch, limit)
			sameDump(t, "the stock", stock(backup), stock(s))
			sameFacts(t, backup, s, branch)
			if backup.Command() != s.Command() || len(backup.Runs()) != len(s.Runs()) {
				t.Fatalf("command %d and %d runs, want %d and %d", backup.Command(), len(backup.Runs()), s.Command(), len(s.Runs()))
			}
			whole(t, backup)
		})
	}
}

func TestReappend_twice_and_overlapping_appends_once(t *testing.T) {
	s := furnished(t)
	backup := restored(t, s)
	branch := s.Head().Seq
	busy(t, s)
	rows := copies(t, s, branch-5)
	backup.Must(branchAt(t, backup, 1, branch))
	half := &store.Reappend{Rows: rows[:len(rows)/2]}
	backup.Must(half)
	head := backup.Head()
	if r := backup.Must(half); len(r.Facts) != 0 || backup.Head() != head {
		t.Fatal("the same rows were appended twice")
	}
	backup.Must(&store.Reappend{Rows: rows})
	head = backup.Head()
	for _, again := range [][]store.Copied{rows, rows[3:], rows[:1], rows[len(rows)-1:], nil} {
		if r := backup.Must(&store.Reappend{Rows: again}); len(r.Facts) != 0 || backup.Head() != head {
			t.Fatalf("%d rows were appended twice", len(again))
		}
	}
	sameDump(t, "the stock", stock(backup), stock(s))
	sameFacts(t, backup, s, branch)
}

func TestReappend_refuses_rows_that_do_not_go_on(t *testing.T) {
	s := furnished(t)
	backup := restored(t, s)
	branch := s.Head().Seq
	busy(t, s)
	rows := copies(t, s, branch)
	if code := backup.Refused(&store.Reappend{Rows: rows}); code != store.CodeInvalid {
		t.Fatalf("without a branch: %s", code)
	}
	backup.Must(branchAt(t, backup, 1, branch))
	head := backup.Head()
	for name, c := range map[string]struct {
		rows []store.Copied
		code store.Code
	}{
		"a gap at first":    {rows[1:], store.CodeInvalid},
		"a gap":             {slices.Concat(rows[:3], rows[4:]), store.CodeInvalid},
		"one twice":         {slices.Concat(rows[:3], rows[2:]), store.CodeInvalid},
		"no entry":          {append(slices.Clone(rows[:2]), store.Copied{Bytes: []byte(`{"v":2}`)}), store.CodeInvalid},
		"too many":          {slices.Repeat(rows[:1], store.MaxReappend+1), store.CodePayloadTooLarge},
		"one of this epoch": {copies(t, backup, branch), store.CodeInvalid},
	} {
		if code := backup.Refused(&store.Reappend{Rows: c.rows}); code != c.code || backup.Head() != head {
			t.Errorf("%s: %s", name, code)
		}
	}
}

func TestReappend_answers_a_terminal_that_retries_as_before(t *testing.T) {
	s := furnished(t)
	low := units(6)
	one, two := s.Stocked("ONE", 10), s.Stocked("TWO", 10)
	for _, id := range []store.ID{one, two} {
		s.Must(&store.EditItem{ID: id, Threshold: &low})
	}
	branch := s.Head().Seq
	backup := restored(t, s)
	bulk := &store.BulkAdjust{Partial: true, Lines: []*store.Adjust{
		{Item: one, Change: units(-5), Reason: store.Sale},
		{Item: one, Change: units(-50), Reason: store.Sale},
		{Item: two, Change: units(-1), Reason: store.Transfer, ToRoom: store.Vault},
		{Item: two, Change: units(-4), Reason: store.Sale},
	}}
	commands := map[string]store.Command{
		"bulk": bulk, "sale": &store.Adjust{Item: two, Change: units(-1), Reason: store.Sale, Notes: "n"},
		"hold": &store.Reserve{Item: two, Quantity: units(1), Seconds: 9000},
	}
	want := map[string]store.Receipt{}
	for _, key := range []string{"bulk", "sale", "hold"} {
		r, err := s.Do(t.Context(), keyed(key, key), commands[key])
		if err != nil {
			t.Fatal(err)
		}
		want[key] = r
	}
	reappend(t, backup, s, branch, 2)
	whole(t, backup)
	head := backup.Head()
	for key, before := range want {
		r, err := backup.Do(t.Context(), keyed(key, key), commands[key])
		if err != nil || !r.Replayed || backup.Head() != head {
			t.Fatalf("%s: replayed %v, %v", key, r.Replayed, err)
		}
		compareReplay(t, key, r, before)
		if _, err := backup.Do(t.Context(), keyed(key, "other"), commands[key]); store.CodeOf(err) != store.CodeIdempotencyMismatch {
			t.Errorf("%s with another body: %v", key, err)
		}
	}
	sameDump(t, "the stock", stock(backup), stock(s))
}

// compareReplay checks that a retry is told the same movements, lines and
// refusals.
func compareReplay(t testing.TB, key string, got, want store.Receipt) {
	t.Helper()
	if len(got.Movements()) != len(want.Movements()) || len(got.Lines) != len(want.Lines) {
		t.Fatalf("%s: %d movements and %d lines, want %d and %d", key, len(got.Movements()), len(got.Lines), len(want.Movements()), len(want.Lines))
	}
	for n, f := range got.Movements() {
		was := want.Movements()[n].Entry
		if f.Entry.Again != was.Position || f.Entry.Movement.Change != was.Movement.Change || f.After.Quantity != want.Movements()[n].After.Quantity {
			t.Errorf("%s: movement %d is %+v, want %+v", key, n, f.Entry, was)
		}
	}
	for n, line := range got.Lines {
		was := want.Lines[n]
		if (line.Err == nil) != (was.Err == nil) || (line.Fact < 0) != (was.Fact < 0) {
			t.Fatalf("%s: line %d is %+v, want %+v", key, n, line, was)
		}
		if line.Err != nil && (line.Err.Code != was.Err.Code || line.Err.Message != was.Err.Message) {
			t.Errorf("%s: line %d is refused with %v, want %v", key, n, line.Err, was.Err)
		}
		if line.Fact >= 0 && got.Facts[line.Fact].Entry.Again != want.Facts[was.Fact].Entry.Position {
			t.Errorf("%s: line %d is told of %s, want %s", key, n, got.Facts[line.Fact].Entry.Again, want.Facts[was.Fact].Entry.Position)
		}
	}
}

func TestReappend_goes_on_after_a_full_disk_and_after_a_crash(t *testing.T) {
	s := furnished(t)
	backup := restored(t, s)
	branch := s.Head().Seq
	busy(t, s)
	j := &storetest.Faulty{}
	backup.Wrap = func(inner store.Journal) store.Journal {
		j.Journal = inner
		return j
	}
	backup.Reopen()
	backup.Must(branchAt(t, backup, 1, branch))
	rows := copies(t, s, branch)
	for step := 0; backup.Again().Seq < s.Head().Seq; step++ {
		call := &store.Reappend{Rows: page(rows, branch, backup.Again().Seq, 1+step%4)}
		before := backup.Dump()
		j.Fail(failing(errFull))
		if code := backup.Refused(call); code != store.CodeStorageFull {
			t.Fatal(code)
		}
		sameDump(t, "after a full disk", backup.Dump(), before)
		j.Fail(nil)
		backup.Must(call)
		crashed := restored(t, backup) // after the call, before anything else
		goOn(t, crashed, s, 5)
		sameDump(t, fmt.Sprintf("crashed after step %d", step), stock(crashed), stock(s))
		sameFacts(t, crashed, s, branch)
		_ = crashed.Ledger.Close()
	}
	sameDump(t, "the stock", stock(backup), stock(s))
	whole(t, backup)
}

// TestReappend_and_a_retry_that_waits_beside_it_book_once queues a retry
// before and one after the command, so that the writer takes all three at
// once.
func TestReappend_and_a_retry_that_waits_beside_it_book_once(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 20)
	backup := restored(t, s)
	branch := s.Head().Seq
	commands := map[string]store.Command{}
	for _, key := range []string{"first", "second"} {
		commands[key] = &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale}
		if _, err := s.Do(t.Context(), keyed(key, key), commands[key]); err != nil {
			t.Fatal(err)
		}
	}
	j := &storetest.Faulty{}
	backup.Wrap = func(inner store.Journal) store.Journal {
		j.Journal = inner
		return j
	}
	backup.Reopen()
	backup.Must(branchAt(t, backup, 1, branch))
	release := hold(backup, j, item, func() error { return nil })
	done := make(chan error, 3)
	send := func(r store.Request, cmd store.Command) {
		waiting := backup.Waiting()
		go func() {
			_, err := backup.Do(t.Context(), r, cmd)
			done <- err
		}()
		for backup.Waiting() == waiting {
			runtime.Gosched()
		}
	}
	send(keyed("first", "first"), &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
	send(storetest.Request, &store.Reappend{Rows: copies(t, s, branch)})
	send(keyed("second", "second"), &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
	release(3)
	for range 3 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if i, _ := backup.Item(item); i.Quantity != units(18)-1 { // hold took a ten-thousandth
		t.Fatalf("%s are left", i.Quantity)
	}
	whole(t, backup)
}
