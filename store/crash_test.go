package store_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

var (
	errFull    = &store.Error{Code: store.CodeStorageFull, Message: "full"}
	errUnknown = &store.Error{Code: store.CodeOutcomeUnknown, Message: "who knows"}
)

// failing makes every append fail.
func failing(err error) func(*store.Batch) error {
	return func(*store.Batch) error { return err }
}

func TestWriter_stays_up_when_the_disk_is_full(t *testing.T) {
	s, j := storetest.OpenFaulty(t)
	item := s.Stocked("A", 100)
	before := s.Dump()
	j.Fail(failing(errFull))
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			_, err := s.Do(t.Context(), keyed(fmt.Sprint(n), "p"), &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
			if store.CodeOf(err) != store.CodeStorageFull {
				t.Errorf("sale %d: %v", n, err)
			}
		})
	}
	all.Wait()
	if _, err := try(s, &store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = "B", "B" }}); store.CodeOf(err) != store.CodeStorageFull {
		t.Errorf("product: %v", err)
	}
	sameDump(t, "after full-disk refusals", s.Dump(), before)
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	j.Fail(nil)
	r, err := s.Do(t.Context(), keyed("3", "p"), &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
	if err != nil || r.Replayed {
		t.Fatalf("after space was freed: replayed %v, %v", r.Replayed, err)
	}
	s.AddProduct("B")
	checkWhole(t, s)
}

func TestWriter_stops_when_an_outcome_is_unknown(t *testing.T) {
	s, j := storetest.OpenFaulty(t)
	item := s.Stocked("A", 100)
	before := s.Dump()
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	j.Fail(func(*store.Batch) error {
		once.Do(func() { close(reached) })
		<-release
		return errUnknown
	})
	sell := func() error {
		_, err := try(s, &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
		return err
	}
	errs := make([]error, 30)
	var all sync.WaitGroup
	for n := range errs {
		all.Go(func() { errs[n] = sell() })
	}
	<-reached
	close(release)
	all.Wait()
	for n, err := range errs {
		if store.CodeOf(err) != store.CodeOutcomeUnknown {
			t.Errorf("sale %d: %v", n, err)
		}
	}
	<-s.Failed()
	if !errors.Is(s.Err(), errUnknown) {
		t.Errorf("Err is %v", s.Err())
	}
	if err := sell(); store.CodeOf(err) != store.CodeOutcomeUnknown {
		t.Errorf("a later sale: %v", err)
	}
	if err := s.Ledger.Close(); !errors.Is(err, errUnknown) {
		t.Errorf("Close: %v", err)
	}
	sameDump(t, "what readers see", s.Dump(), before)
}

// TestWriter_uses_the_journal_no_more_after_an_unknown_outcome queues more
// than one commit takes.
func TestWriter_uses_the_journal_no_more_after_an_unknown_outcome(t *testing.T) {
	s, j := storetest.OpenFaulty(t)
	item := s.Stocked("A", 1_000_000)
	s.Adjust(item, -1, store.Sale)
	appends := 0
	release := hold(s, j, item, func() error {
		appends++
		return map[bool]error{true: errUnknown}[appends == 1]
	})
	bulk := func() store.Command {
		b := &store.BulkAdjust{}
		for range store.MaxBulkLines {
			b.Lines = append(b.Lines, &store.Adjust{Item: item, Change: -1, Reason: store.Sale})
		}
		return b
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	unknown := 0
	send := func(cmd store.Command) {
		all.Go(func() {
			_, err := try(s, cmd)
			mu.Lock()
			defer mu.Unlock()
			if store.CodeOf(err) == store.CodeOutcomeUnknown {
				unknown++
			}
		})
	}
	for range 12 { // 12,000 entries: three commits
		send(bulk())
	}
	release(12)
	all.Wait()
	if appends != 1 || unknown != 12 {
		t.Fatalf("%d appends, %d unknown outcomes", appends, unknown)
	}
}

func TestWriter_refuses_a_command_that_panics_and_goes_on(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	before := s.Dump()
	for range 3 {
		_, err := try(s, store.PanicCommand{Half: &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale}})
		if err == nil || store.CodeOf(err) != "" {
			t.Fatalf("a panic was answered with %v", err)
		}
	}
	sameDump(t, "after a panic", s.Dump(), before)
	s.Adjust(item, -1, store.Sale)
	checkWhole(t, s)
}

func TestWriter_records_an_unclean_end_once(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	s.Adjust(item, -1, store.Sale)
	want, seq := s.Dump(), s.Head().Seq
	copied := *s
	copied.Dir = s.Crash(t)
	if err := copied.TryOpen(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = copied.Ledger.Close() }()
	if n, body := events(t, &copied, store.EventRecovered); n != 1 || body["seq"] != float64(seq) {
		t.Fatalf("%d recoveries, %v", n, body)
	}
	refolded, err := copied.Refold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "folded again", refolded, copied.Dump())
	copied.Reopen()
	if n, _ := events(t, &copied, store.EventRecovered); n != 1 {
		t.Fatalf("an orderly end was taken for a crash: %d", n)
	}
	if i, _ := copied.Item(item); i.Quantity != units(9) {
		t.Fatalf("%s left", i.Quantity)
	}
	sameDump(t, "the other", s.Dump(), want)
}

func TestWriter_takes_no_commands_after_it_was_closed(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 1000)
	var all sync.WaitGroup
	var mu sync.Mutex
	done := int64(0)
	for range 50 {
		all.Go(func() {
			for range 5 {
				_, err := try(s, &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
				if err != nil && store.CodeOf(err) != store.CodeReadOnly {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					done++
					mu.Unlock()
				}
			}
		})
	}
	s.Adjust(item, -1, store.Sale)
	if err := s.Ledger.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := s.TryOpen(); err != nil {
		t.Fatal(err)
	}
	if i, _ := s.Item(item); i.Quantity != units(1000-1-done) {
		t.Fatalf("%s left of 1000 after %d acknowledged sales", i.Quantity, done+1)
	}
}

// hold keeps the writer busy with one movement until release is told how many
// commands must wait behind it; those are then decided as one batch. later is
// asked about every append after the first.
func hold(s *storetest.Shop, j *storetest.Faulty, item store.ID, later func() error) (release func(waiting int)) {
	reached, free := make(chan struct{}), make(chan struct{})
	first := true
	j.Fail(func(*store.Batch) error {
		if !first {
			return later()
		}
		first = false
		close(reached)
		<-free
		return nil
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = try(s, &store.Adjust{Item: item, Change: -1, Reason: store.Audit})
	}()
	<-reached
	return func(waiting int) {
		for s.Waiting() < waiting {
			runtime.Gosched()
		}
		close(free)
		<-done
	}
}

// TestWriter_sees_what_the_same_batch_did_before sends pairs of which only one
// may succeed, so that both are decided in one commit.
func TestWriter_sees_what_the_same_batch_did_before(t *testing.T) {
	for name, make := range map[string]func(s *storetest.Shop, item store.ID) func() store.Command{
		"reversing": func(s *storetest.Shop, item store.ID) func() store.Command {
			sale := s.Adjust(item, -1, store.Sale).Facts[0].Entry.Position
			return func() store.Command { return &store.Reverse{Movement: sale} }
		},
		"selling the last": func(s *storetest.Shop, item store.ID) func() store.Command {
			return func() store.Command { return &store.Adjust{Item: item, Change: units(-5), Reason: store.Sale} }
		},
		"an external id": func(s *storetest.Shop, item store.ID) func() store.Command {
			return func() store.Command {
				return &store.Adjust{Item: item, Change: 1, Reason: store.Return, ExternalID: "R-1"}
			}
		},
		"ending a hold": func(s *storetest.Shop, item store.ID) func() store.Command {
			r := s.Must(&store.Reserve{Item: item, Quantity: units(1)}).Facts[0].Of.(*store.Reservation)
			return func() store.Command { return &store.EndReservation{ID: r.ID, Sell: true} }
		},
		"a SKU": func(*storetest.Shop, store.ID) func() store.Command {
			return func() store.Command {
				return &store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = "NEW", "New" }}
			}
		},
		"a row": func(s *storetest.Shop, item store.ID) func() store.Command {
			i, _ := s.Item(item)
			return func() store.Command {
				return &store.OpenItem{Product: i.Product.ID, Location: s.Location, Room: store.Vault}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, j := storetest.OpenFaulty(t)
			item := s.Stocked("A", 9)
			cmd := make(s, item)
			appends := 0
			release := hold(s, j, item, func() error { appends++; return nil })
			errs := [2]error{}
			var both sync.WaitGroup
			for n := range errs {
				both.Go(func() { _, errs[n] = try(s, cmd()) })
			}
			release(2)
			both.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || store.CodeOf(errors.Join(errs[:]...)) == "" || appends != 1 {
				t.Fatalf("%v and %v in %d commits", errs[0], errs[1], appends)
			}
			j.Fail(nil)
			checkWhole(t, s)
		})
	}
}
