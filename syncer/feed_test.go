package syncer

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// till is a point of sale: it keeps what it is sent, and can be made to refuse
// and to lose.
type till struct {
	traits Traits
	// got are the positions it took, in order, each as often as it took it.
	got []store.Position
	// stock is what it was told of items.
	stock map[store.ID]store.Quantity
	keys  map[string]bool
	// batches counts the calls, sizes are how many parcels each had.
	sizes []int
	// poison tells whether it will not have a parcel at all; say what it
	// answers for one otherwise.
	poison func(Parcel) bool
	say    func(Parcel) Outcome
	// fault is asked before (taken false) and after a batch was taken.
	fault func(taken bool) error
}

func (s *till) Traits() Traits { return s.traits }

// Send takes a batch, all or nothing.
func (s *till) Send(_ context.Context, b Batch) ([]Outcome, error) {
	s.sizes = append(s.sizes, len(b.Parcels))
	if s.fault != nil {
		if err := s.fault(false); err != nil {
			return nil, err
		}
	}
	if s.poison != nil && slices.ContainsFunc(b.Parcels, s.poison) {
		return nil, &Failure{Class: Alarm, Code: "unprocessable", Detail: "No."}
	}
	outcomes := make([]Outcome, len(b.Parcels))
	for i, p := range b.Parcels {
		if s.say != nil {
			outcomes[i] = s.say(p)
		}
		if outcomes[i].Status == Confirmed && (!s.traits.Keys || !s.keys[b.Key]) {
			s.got = append(s.got, p.Position)
			if p.Item != nil {
				s.stock[p.Item.ID] = p.Item.Quantity
			}
		}
	}
	s.keys[b.Key] = true
	if s.fault != nil {
		if err := s.fault(true); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// reads is a till that can be asked what it has.
type reads struct{ *till }

// ReadBack looks into what was taken.
func (s reads) ReadBack(_ context.Context, parcels []Parcel) ([]Outcome, error) {
	outcomes := make([]Outcome, len(parcels))
	for i, p := range parcels {
		if !slices.Contains(s.got, p.Position) {
			outcomes[i].Status = Absent
		}
	}
	return outcomes, nil
}

func newTill(traits Traits) *till {
	return &till{traits: traits, stock: map[store.ID]store.Quantity{}, keys: map[string]bool{}}
}

// openFeed starts an engine with one feed, named a.
func openFeed(t testing.TB, edit func(*bench), s Sender) *bench {
	t.Helper()
	return open(t, func(b *bench) {
		b.cfg.Destinations = []Destination{{Name: "a", Kind: "test", Target: NewFeed("a", store.ID{}, s, b.db, storetest.NewID)}}
		if edit != nil {
			edit(b)
		}
	})
}

// deaf keeps nothing any more once it is told to, as after a kill.
type deaf struct {
	Records
	now bool
}

// PutDestination fails when nothing is kept; so do the others.
func (d *deaf) PutDestination(ctx context.Context, to store.Destination) error {
	if d.now {
		return errKilled
	}
	return d.Records.PutDestination(ctx, to)
}

func (d *deaf) PutQuarantined(ctx context.Context, q store.Quarantined) error {
	if d.now {
		return errKilled
	}
	return d.Records.PutQuarantined(ctx, q)
}

// again kills the program and starts it: a new feed over what was kept.
func (b *bench) again(s Sender) {
	b.t.Helper()
	killed := &deaf{Records: b.Engine.Records, now: true}
	b.Engine.Records = killed
	b.stop()
	b.cfg.Destinations[0].Target = NewFeed("a", store.ID{}, s, b.db, storetest.NewID)
	b.start()
}

// sales sells so many times and gives the positions.
func (b *bench) sales(n int) (list []store.Position) {
	b.t.Helper()
	bulk := &store.BulkAdjust{}
	for range n {
		bulk.Lines = append(bulk.Lines, &store.Adjust{Item: b.item, Change: -1_0000, Reason: store.Sale})
	}
	for _, f := range b.Must(bulk).Facts {
		list = append(list, f.Entry.Position)
	}
	return list
}

func movements(e *store.Entry) bool { return e.Movement != nil && e.Movement.Reason == store.Sale }

func TestAFeedSendsEveryEntryOnceAndInOrder(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s := newTill(Traits{Most: 4, Wants: movements})
		var want []store.Position
		b := openFeed(t, func(b *bench) { want = b.sales(10) }, s)
		if !slices.Equal(s.got, want) {
			t.Errorf("it got %v, want %v", s.got, want)
		}
		want = append(want, b.sales(1)...)
		synctest.Wait()
		if !slices.Equal(s.got, want) || b.state("a").Lag != 0 || slices.Max(s.sizes) != 4 {
			t.Errorf("it got %v, want %v; status %+v", s.got, want, b.state("a"))
		}
	})
}

func TestPoisonIsNarrowedDownAndSetAsideAfterFiveTries(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s := newTill(Traits{Most: 64, Keys: true, Wants: movements})
		var all []store.Position
		b := openFeed(t, func(b *bench) {
			all = b.sales(200)
			s.poison = func(p Parcel) bool { return p.Position == all[77] }
		}, s)
		pass(time.Minute)
		want := slices.Delete(slices.Clone(all), 77, 78)
		if !slices.Equal(s.got, want) {
			t.Fatalf("it got %d of %d", len(s.got), len(want))
		}
		list, err := b.Quarantine(t.Context(), "a")
		if err != nil || len(list) != 1 || list[0].Position != all[77] || list[0].Tries != poisonTries || list[0].Code != "unprocessable" || list[0].Detail != "No." {
			t.Fatalf("set aside: %+v, %v", list, err)
		}
		if st := b.state("a"); st.Quarantined != 1 || st.Lag != 0 || st.State != store.DestinationIdle {
			t.Errorf("status %+v", st)
		}
		if n := len(s.sizes); n > 25 {
			t.Errorf("it took %d calls: %v", n, s.sizes)
		}
		// A person has it sent again: first in vain, then it is taken.
		calls := len(s.sizes)
		if err := b.Retry(t.Context(), "a", all[77]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if list, _ := b.Quarantine(t.Context(), ""); len(list) != 1 || list[0].Tries != poisonTries+1 || len(s.sizes) != calls+1 {
			t.Fatalf("after one more try: %+v", list)
		}
		s.poison = nil
		if err := b.Retry(t.Context(), "a", all[77]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if list, _ := b.Quarantine(t.Context(), ""); len(list) != 0 || s.got[len(s.got)-1] != all[77] || b.state("a").Quarantined != 0 {
			t.Fatalf("after it was taken: %+v", list)
		}
		if err := b.Retry(t.Context(), "a", all[77]); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("one that is not set aside: %v", err)
		}
	})
}

func TestWhatIsRejectedByItselfIsSetAsideAndTheRestFlows(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s := newTill(Traits{Most: 10, Wants: movements})
		var all []store.Position
		b := openFeed(t, func(b *bench) {
			b.cfg.FirstContact = time.Hour
			all = b.sales(10)
			s.say = func(p Parcel) Outcome {
				switch p.Position {
				case all[3]:
					return Outcome{Rejected, "unknown_product", "There is no such product."}
				case all[4], all[5]:
					return Outcome{Manual, "receive", "Receive this by hand."}
				}
				return Outcome{}
			}
		}, s)
		run := b.finished(b.ask(store.SyncIncremental, "").ID, store.RunPartial, "")
		if want := (store.RunCounts{Scanned: 10, Sent: 7, Rejected: 1, WorkItems: 2}); run.Counts != want {
			t.Errorf("counts %+v, want %+v", run.Counts, want)
		}
		aside, _ := b.Quarantine(t.Context(), "a")
		work, err := b.WorkItems(t.Context(), store.WorkFilter{Open: true})
		if err != nil || len(aside) != 1 || aside[0].Code != "unknown_product" || len(work) != 1 || work[0].ItemID != b.item || work[0].Code != "receive" {
			t.Fatalf("aside %+v, work %+v, %v", aside, work, err)
		}
		if st := b.state("a"); st.Quarantined != 1 || st.WorkItems != 1 || st.Lag != 0 {
			t.Errorf("status %+v", st)
		}
		done, err := b.Done(t.Context(), work[0].ID, "ana")
		if err != nil || done.DoneBy != "ana" || done.DoneAt == 0 || b.state("a").WorkItems != 0 {
			t.Errorf("%+v, %v", done, err)
		}
		if again, err := b.Done(t.Context(), work[0].ID, "ben"); err != nil || again.DoneBy != "ana" {
			t.Errorf("done twice it is %+v, %v", again, err)
		}
	})
}

func TestWhatCameFromADestinationIsNotSentBack(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s, numbers := newTill(Traits{Most: 10, Source: "pos:a", Wants: movements}), newTill(Traits{Most: 10, Source: "pos:a", Absolute: true})
		theirs := func(b *bench) {
			r := storetest.Request
			r.Source = "pos:a"
			if _, err := b.Do(t.Context(), r, &store.Adjust{Item: b.item, Change: -1_0000, Reason: store.Sale}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		b := openFeed(t, func(b *bench) {
			b.cfg.Destinations = append(b.cfg.Destinations, Destination{Name: "b", Target: NewFeed("b", store.ID{}, numbers, b.db, storetest.NewID)})
		}, s)
		ours := b.sales(1)
		synctest.Wait()
		sent := len(numbers.got)
		theirs(b)
		if !slices.Equal(s.got, ours) || len(numbers.got) != sent || b.state("a").Lag != 0 {
			t.Errorf("it got %v back, and numbers %v", s.got, numbers.got[sent:])
		}
		// It knows its own sale, so that a full run has nothing to say either.
		run := b.finished(b.ask(store.SyncFull, "b").ID, store.RunSucceeded, "")
		if run.Counts.Sent != 0 || run.Counts.Skipped != 1 || len(numbers.got) != sent {
			t.Errorf("a full run counts %+v", run.Counts)
		}
	})
}

func TestAFullRunSendsWhatDiffersFromWhatWasConfirmed(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s := newTill(Traits{Most: 50, Absolute: true})
		var ids []store.ID
		b := openFeed(t, func(b *bench) {
			for n := range 120 {
				ids = append(ids, b.Stocked(fmt.Sprintf("P%d", n), int64(n)))
			}
		}, s)
		is := func(what string, run *store.Run, scanned, sent int64) {
			t.Helper()
			if c := b.finished(run.ID, store.RunSucceeded, "").Counts; c.Scanned != scanned || c.Sent != sent || c.Skipped != scanned-sent {
				t.Errorf("%s: %+v", what, c)
			}
		}
		is("nothing differs", b.ask(store.SyncFull, ""), 121, 0)
		force := func() *store.Run {
			run, _, err := b.Request(t.Context(), storetest.Request, store.RunRequest{Type: store.SyncFull, Force: true})
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		is("all by force", force(), 121, 121)
		// A price is no movement: the next full run tells of it.
		item, _ := b.Item(ids[7])
		b.Must(&store.EditProduct{ID: item.Product.ID, Edit: func(p *store.Product) { p.UnitPrice = 9_0000 }})
		synctest.Wait()
		is("one price", b.ask(store.SyncFull, ""), 121, 1)
		is("and then nothing", b.ask(store.SyncFull, ""), 121, 0)
		for _, id := range ids {
			if item, _ := b.Item(id); s.stock[id] != item.Quantity {
				t.Fatalf("it believes in %s of %s", s.stock[id], item.Quantity)
			}
		}
	})
}

func TestAFullRunGoesAroundWhatIsRefused(t *testing.T) {
	simulate(t, func(t *testing.T) {
		s := newTill(Traits{Most: 50, Absolute: true})
		var bad store.ID
		b := openFeed(t, func(b *bench) {
			b.cfg.FirstContact = time.Hour
			for n := range 60 {
				bad = b.Stocked(fmt.Sprintf("P%d", n), 1)
			}
		}, s)
		b.finished(b.ask(store.SyncIncremental, "").ID, store.RunSucceeded, "")
		s.poison = func(p Parcel) bool { return p.Item.ID == bad }
		forced, _, err := b.Request(t.Context(), storetest.Request, store.RunRequest{Type: store.SyncFull, Force: true})
		if err != nil {
			t.Fatal(err)
		}
		if c := b.finished(forced.ID, store.RunPartial, "").Counts; c.Sent != 60 || c.Rejected != 1 {
			t.Errorf("counts %+v", c)
		}
		s.poison = nil
		b.Adjust(bad, 1, store.Return)
		synctest.Wait()
		if list, _ := b.Quarantine(t.Context(), ""); len(list) != 0 {
			t.Errorf("its newer numbers were taken, and yet there is %+v", list)
		}
	})
}

func TestWhatMayHaveArrivedIsNeverSentBlindly(t *testing.T) {
	for name, c := range map[string]struct {
		traits Traits
		reads  bool
		work   int
	}{
		"keys":    {Traits{Keys: true}, false, 0},
		"reads":   {Traits{}, true, 0},
		"neither": {Traits{}, false, 1},
	} {
		for _, arrived := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, arrived %v", name, arrived), func(t *testing.T) {
				simulate(t, func(t *testing.T) {
					c.traits.Most, c.traits.Wants = 4, movements
					s, once := newTill(c.traits), true
					var sender Sender = s
					if c.reads {
						sender = reads{s}
					}
					var want []store.Position
					b := openFeed(t, func(b *bench) { want = b.sales(10) }, sender)
					s.fault = func(taken bool) error {
						if once && taken == arrived {
							once = false
							return &Failure{Class: Retry, Code: "timeout", Unknown: true}
						}
						return nil
					}
					want = append(want, b.sales(3)...)
					synctest.Wait()
					// The program is killed before the next try.
					b.again(sender)
					pass(time.Minute)
					want = append(want, b.sales(1)...)
					synctest.Wait()
					work, _ := b.WorkItems(t.Context(), store.WorkFilter{Open: true})
					if c.work == 0 && !slices.Equal(s.got, want) {
						t.Errorf("it got %v, want %v", s.got, want)
					}
					if len(work) != c.work || (c.work > 0 && work[0].Code != CodeOutcomeUnknown) {
						t.Errorf("work items %+v", work)
					}
					if st := b.state("a"); st.Lag != 0 || st.State != store.DestinationIdle {
						t.Errorf("status %+v", st)
					}
				})
			})
		}
	}
}

// TestAFeedLosesAndDoublesNothing drives a feed through refusals, losses on
// both ways and restarts.
func TestAFeedLosesAndDoublesNothing(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(r *rapid.T) {
		most, sales := rapid.IntRange(1, 16).Draw(r, "most"), rapid.IntRange(1, 60).Draw(r, "sales")
		poisoned := rapid.SliceOfNDistinct(rapid.IntRange(0, sales-1), 0, 4, rapid.ID[int]).Draw(r, "poison")
		faults := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "", "before", "lost", "answer", "restart"}), 0, 40).Draw(r, "faults")
		asks := rapid.Bool().Draw(r, "can be asked")
		simulateIn(t, r, func(t *testing.T, fail func(string, ...any)) {
			s := newTill(Traits{Most: most, Keys: !asks, Wants: movements})
			var sender Sender = s
			if asks {
				sender = reads{s}
			}
			restart := false
			s.fault = func(taken bool) error {
				if len(faults) == 0 {
					return nil
				}
				next := faults[0]
				if taken == (next == "answer") || next == "" {
					faults = faults[1:]
				}
				switch {
				case next == "before" && !taken:
					return &Failure{Class: Retry, Code: "unreachable"}
				case next == "lost" && !taken, next == "answer" && taken:
					return &Failure{Class: Retry, Code: "timeout", Unknown: true}
				case next == "restart" && !taken:
					restart = true
					return &Failure{Class: Retry, Code: "timeout", Unknown: true}
				}
				return nil
			}
			var all, bad []store.Position
			b := openFeed(t, func(b *bench) {
				all = b.sales(sales)
				for _, n := range poisoned {
					bad = append(bad, all[n])
				}
				s.poison = func(p Parcel) bool { return slices.Contains(bad, p.Position) }
			}, sender)
			for range 500 {
				if restart {
					restart = false
					b.again(sender)
				}
				if b.state("a").Lag == 0 {
					break
				}
				pass(10 * time.Second)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(p store.Position) bool { return slices.Contains(bad, p) })
			if !slices.Equal(s.got, want) {
				fail("it got %v, want %v", s.got, want)
			}
			aside, err := b.Quarantine(t.Context(), "a")
			if err != nil || len(aside) != len(bad) {
				fail("set aside: %v, want %v (%v)", aside, bad, err)
			}
			for _, q := range aside {
				if !slices.Contains(bad, q.Position) || q.Tries < poisonTries {
					fail("set aside: %+v", q)
				}
			}
		})
	})
}

// simulateIn runs one case of a property in simulated time.
func simulateIn(t *testing.T, r *rapid.T, f func(t *testing.T, fail func(string, ...any))) {
	t.Helper()
	var faults []string
	simulate(t, func(t *testing.T) {
		f(t, func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) })
	})
	if len(faults) > 0 {
		r.Fatal(faults)
	}
}
