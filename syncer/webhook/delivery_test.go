package webhook

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestAReceiverThatWasAwayForAWeekGetsEverythingInOrder(t *testing.T) {
	for name, fault := range map[string]func(*receiver, bool){
		"away": func(r *receiver, on bool) { r.mu.Lock(); r.away = on; r.mu.Unlock() },
		"500": func(r *receiver, on bool) {
			if r.set(nil); on {
				r.set(status(500))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T) {
				b := opened(t, 2)
				from := b.Head().Seq
				ill := b.receiver(0)
				fault(ill, true)
				for range 7 * 24 {
					b.sell()
					wait(time.Hour)
				}
				if got := b.receiver(1).saw(); !slices.Equal(got, b.news(from)) {
					t.Fatalf("the other got %d of %d", len(got), len(b.news(from)))
				}
				if s := b.state(0); s.State != store.DestinationWaiting || s.Failures < 10 || s.Lag != 7*24 {
					t.Fatalf("it stands at %+v", s)
				}
				fault(ill, false)
				wait(27 * time.Hour)
				if got, want := ill.saw(), b.news(from); !slices.Equal(got, want) {
					t.Fatalf("it got %v\nwant %v", got, want)
				}
				schedulesAre(t, b.deliveries(0))
			})
		})
	}
}

// schedulesAre holds the first attempts to the ten steps.
func schedulesAre(t *testing.T, list []store.Delivery) {
	t.Helper()
	for i, step := range schedule {
		gap := list[i+1].At.Sub(list[i].At)
		if list[i].Attempt != int64(i+1) || gap < step || gap > step+time.Second || list[i].NextAt.Sub(list[i+1].At).Abs() > time.Second {
			t.Errorf("attempt %d is %+v; the next came after %v, want %v", i+1, list[i], gap, step)
		}
		if list[i].NewsID != list[0].NewsID || list[i].Outcome == store.DeliveryDone {
			t.Errorf("attempt %d is of %s", i+1, list[i].NewsID)
		}
	}
}

func TestAnEndpointThatIsGoneIsDisabledAtOnceAndPeopleAreTold(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		b.receiver(0).set(status(http.StatusGone))
		b.sell()
		wait(time.Minute)
		disabledIs(t, b, store.WebhookGone)
		if n := len(b.receiver(0).tries()); n != 1 {
			t.Errorf("it was tried %d times", n)
		}
	})
}

func disabledIs(t *testing.T, b *bench, why string) {
	t.Helper()
	w, err := b.db.FindWebhook(t.Context(), b.hooks[0].ID)
	b.must(err)
	if w.Runs() || w.DisabledAt == 0 || w.DisabledWhy != why {
		t.Errorf("the endpoint is %+v", w)
	}
	items, err := b.db.ListWorkItems(t.Context(), store.WorkFilter{Open: true})
	b.must(err)
	if s := b.state(0); s.State != store.DestinationPaused || s.Code != CodeDisabled || len(items) != 1 || items[0].Code != CodeDisabled {
		t.Errorf("it stands at %+v with %+v", s, items)
	}
}

func TestAnEndpointThatFailsForAMonthIsDisabled(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		b.receiver(0).set(status(500))
		b.sell()
		wait(29 * 24 * time.Hour)
		if s := b.state(0); s.State != store.DestinationWaiting {
			t.Fatalf("after 29 days it stands at %+v", s)
		}
		wait(3 * 24 * time.Hour)
		disabledIs(t, b, store.WebhookFailing)
	})
}

// TestAConsumerKilledAnywhereGoesOnWithoutGapOrDisorder kills it a hundred
// times. What it was sent is the whole in order, apart from steps back.
func TestAConsumerKilledAnywhereGoesOnWithoutGapOrDisorder(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		from := b.Head().Seq
		random := rand.New(rand.NewPCG(1, 2))
		b.receiver(0).set(nil)
		for range 100 {
			for range random.IntN(4) {
				b.sell()
				wait(time.Duration(random.IntN(4000)) * time.Millisecond)
			}
			b.sell()
			if random.IntN(2) == 0 {
				synctest.Wait()
			}
			b.records.kill(true)
			b.stop()
			b.records.kill(false)
			b.start()
		}
		wait(time.Minute)
		want, last, twice := b.news(from), -1, 0
		for _, id := range b.receiver(0).saw() {
			n := slices.Index(want, id)
			if n < 0 || n > last+1 {
				t.Fatalf("after %d came %s, which is %d", last, id, n)
			}
			if n <= last {
				twice++
			}
			last = n
		}
		if last != len(want)-1 {
			t.Fatalf("it got %d of %d", last+1, len(want))
		}
		t.Logf("%d events, %d of them twice", len(want), twice)
		everythingIsListed(t, b, want)
	})
}

// everythingIsListed holds the list of deliveries to what was told: the cursor
// never went on before what explains it was written down.
func everythingIsListed(t *testing.T, b *bench, ids []string) {
	t.Helper()
	listed := map[string]bool{}
	for _, d := range b.deliveries(0) {
		listed[d.NewsID] = listed[d.NewsID] || d.Outcome == store.DeliveryDone
	}
	for _, id := range ids {
		if !listed[id] {
			t.Errorf("nothing explains how %s was told", id)
		}
	}
}

func TestADeadEndpointDoesNotSlowOthersAndAWaitOutlivesARestart(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 2)
		b.receiver(0).set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		b.sell()
		synctest.Wait()
		if got := b.receiver(1).saw(); len(got) != 1 {
			t.Errorf("the other got %v", got)
		}
		wait(20*time.Second + 16*time.Second)
		list := b.deliveries(0)
		if len(list) != 2 || list[0].Outcome != store.DeliveryTimeout || list[0].Took != answerLimit {
			t.Fatalf("deliveries %+v", list)
		}
		b.restart()
		wait(time.Minute)
		if n := len(b.receiver(0).tries()); n != 2 {
			t.Errorf("the start ended the wait: %d tries", n)
		}
		b.receiver(0).set(nil)
		b.must(b.Resume(t.Context(), b.hooks[0].DestinationName()))
		wait(time.Second)
		if got := b.receiver(0).saw(); len(got) != 1 {
			t.Errorf("resumed it got %v", got)
		}
	})
}

func TestWhatOneReachesAgainIsTriedByOthersAtOnce(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 2)
		for i := range 2 {
			r := b.receiver(i)
			r.mu.Lock()
			r.away = true
			r.mu.Unlock()
		}
		b.sell()
		wait(3 * time.Hour)
		for i := range 2 {
			r := b.receiver(i)
			r.mu.Lock()
			r.away = false
			r.mu.Unlock()
		}
		b.must(b.Resume(t.Context(), b.hooks[0].DestinationName()))
		wait(time.Second)
		if got := b.receiver(1).saw(); len(got) != 1 {
			t.Errorf("the other still waits: %+v", b.state(1))
		}
	})
}
