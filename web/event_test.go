package web

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestEventsComeAsTheyHappen(t *testing.T) {
	f := openFeed(t)
	item := f.Stocked("A", 100)
	s := f.follow("", "")
	if got := s.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("it is %s", got)
	}
	want := f.sell(item, 3)
	if got := s.ids(3); !slices.Equal(got, want) {
		t.Errorf("told %v, not %v", got, want)
	}
	// Neither of the server's time-outs, which are a second here, cuts it off.
	<-time.After(1200 * time.Millisecond)
	if want, got := f.sell(item, 1), s.ids(1); !slices.Equal(got, want) {
		t.Errorf("later told %v, not %v", got, want)
	}
}

func TestEventsGoOnAfterTheOneThatWasReadLast(t *testing.T) {
	f := openFeed(t)
	item := f.Stocked("A", 9000)
	first := f.follow("", "")
	all := f.sell(item, 2)
	got := first.ids(2)
	first.close()
	all = append(all, f.sell(item, 700)...) // more than a page
	second := f.follow("", first.last)
	got = append(got, second.ids(700)...)
	third := f.follow("?after="+all[10], "")
	if !slices.Equal(got, all) {
		t.Errorf("told %d of %d events", len(got), len(all))
	}
	if again := third.ids(len(all) - 11); !slices.Equal(again, all[11:]) {
		t.Error("another client is told something else")
	}
}

func TestEventsThatTheRingForgotAreReadFromTheLedger(t *testing.T) {
	f := openFeed(t)
	item := f.Stocked("A", 9000)
	keep := f.follow("", "") // keeps the reader going
	defer keep.close()
	from := f.Head()
	want := f.sell(item, ringEvents+300)
	got := f.follow("", store.Position{Epoch: from.Epoch, Seq: from.Seq}.String()).ids(len(want))
	if !slices.Equal(got, want) {
		t.Errorf("told %d of %d", len(got), len(want))
	}
}

func TestTheSecondEventOfAnEntryFollowsTheFirst(t *testing.T) {
	shop := storetest.Open(t)
	item := shop.Stocked("A", 9)
	shop.Must(&store.Reserve{Item: item, Quantity: 1_0000, Seconds: 60})
	shop.Clock.Advance(2 * time.Minute)
	shop.Look()
	f := openFeedOver(t, shop, store.SystemClock())
	// The token of the server came behind the hold.
	at := fmt.Sprintf("1-%d", f.Head().Seq-1)
	if got := f.follow("?after="+at, "").ids(1); got[0] != at+".2" {
		t.Errorf("after the first comes %v", got)
	}
	moved := f.sell(item, 1)[0]
	if got := f.follow("", at+".2").ids(1); got[0] != moved {
		t.Errorf("after the second comes %v", got)
	}
}

func TestEventsAreChosen(t *testing.T) {
	f := openFeed(t)
	here := f.Stocked("A", 100)
	far := f.AddLocation("Far", "America/Chicago")
	product, _ := f.Item(here)
	there := f.Must(&store.OpenItem{Product: product.Product.ID, Location: far, Room: store.Vault, Opening: 50_0000}).Facts[0].Of.(*store.Item).ID
	const bound = store.TokenPrefix + "bound-00000000000000000000000000000000000000"
	f.token(bound, far)
	all, onlyFar, byToken := f.follow("", ""), f.follow("?location_id="+far.String(), ""), f.followAs(bound, "", "")
	runs := f.follow("?types=inventory.sync.completed,inventory.low_stock", "")
	a := f.sell(here, 1)[0]
	b := f.sell(there, 1)[0]
	run := f.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "succeeded"}}).Facts[0].Entry.Position.String()
	c := f.sell(there, 1)[0]
	for name, tc := range map[string]struct {
		s    *stream
		want []string
	}{
		"everything":           {all, []string{a, b, run, c}},
		"a location":           {onlyFar, []string{b, run, c}},
		"a token's location":   {byToken, []string{b, c}},
		"some kinds of events": {runs, []string{run}},
	} {
		if got := tc.s.ids(len(tc.want)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: told %v, not %v", name, got, tc.want)
		}
	}
}

func TestAFinishedSyncRunIsToldThoughItWakesNobody(t *testing.T) {
	f := openFeed(t)
	s := f.follow("", "")
	run := f.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "succeeded"}}).Facts[0].Entry.Position.String()
	if got := s.ids(1); got[0] != run {
		t.Errorf("told %v", got)
	}
}

func TestEventsRefuseWhatIsNotRight(t *testing.T) {
	a := openAPIServer(t)
	for _, q := range []string{"after=7", "after=1-7.3", "after=1-7.", "types=inventory.sold", "types=", "colour=red"} {
		a.get("viewer", "/events?"+q).is(http.StatusBadRequest)
	}
	a.get("viewer", "/events", "Last-Event-ID: yesterday").is(http.StatusBadRequest)
	a.server.feed.clients = maxFeeds
	a.get("viewer", "/events").refused(http.StatusTooManyRequests, store.CodeRateLimited)
	a.server.feed.clients = 0
}

func TestEventsOfAnEpochThatIsGoneGoOnFromTheBranch(t *testing.T) {
	f := openFeed(t)
	item := f.Stocked("A", 100)
	f.sell(item, 3)
	branch := f.Head()
	lost := f.sell(item, 4)
	f.Must(&store.OpenEpoch{Branch: store.Position{Epoch: branch.Epoch, Seq: branch.Seq}, Hash: branch.Hash, Reason: store.EpochRestored})
	want := append(slices.Clone(lost), f.sell(item, 1)...)
	if got := f.follow("", lost[2]).ids(5); !slices.Equal(got, want) {
		t.Errorf("told %v, not %v", got, want)
	}
}

func TestEventsEndWithTheServer(t *testing.T) {
	f := openFeed(t)
	s := f.follow("", "")
	started := time.Now()
	f.stop()
	for {
		if _, ok := s.next(); !ok {
			break
		}
	}
	if err := <-f.ended; err != nil || time.Since(started) > 5*time.Second {
		t.Errorf("the stop took %s: %v", time.Since(started), err)
	}
	f.ended <- nil
}

// beatClock is the machine's clock, but what is to come in 15 seconds comes
// when the test says so.
type beatClock struct {
	store.Clock
	asked chan struct{}
	beats chan time.Time
}

func (c *beatClock) After(d time.Duration) <-chan time.Time {
	if d != feedBeat {
		return c.Clock.After(d)
	}
	c.asked <- struct{}{}
	return c.beats
}

func TestEventsBeatAndEndWithTheToken(t *testing.T) {
	clock := &beatClock{Clock: store.SystemClock(), asked: make(chan struct{}, 9), beats: make(chan time.Time)}
	f := openFeedOver(t, storetest.OpenReal(t), clock)
	s := f.follow("?types=reservation.expired", "")
	<-clock.asked
	f.Stocked("A", 5)
	deadline := time.Now().Add(10 * time.Second)
	want := fmt.Sprintf("1-%d", f.Head().Seq)
	for s.last != want && time.Now().Before(deadline) { // until the reader has got there
		clock.beats <- time.Now()
		if e, ok := s.next(); !ok || !e.comment {
			t.Fatalf("a beat is %+v", e)
		}
		<-clock.asked
	}
	if s.last != want {
		t.Errorf("the last id is %s, not %s", s.last, want)
	}
	f.Must(&store.RevokeToken{ID: f.Tokens()[0].ID})
	clock.beats <- time.Now()
	if e, ok := s.next(); ok {
		t.Errorf("after its token was revoked it is told %+v", e)
	}
}

func TestRingKeepsToItsBounds(t *testing.T) {
	r := newRing(store.Head{Epoch: 1, Seq: 5})
	for seq := int64(6); seq < 6+3*ringEvents; seq++ {
		r.add([]event{{epoch: 1, seq: seq, nth: 1, frame: make([]byte, 3000)}}, seq, store.Position{Epoch: 1, Seq: seq})
	}
	if len(r.events) > ringEvents || r.bytes > ringBytes || r.bytes != 3000*len(r.events) {
		t.Errorf("it keeps %d events of %d bytes", len(r.events), r.bytes)
	}
	if got := r.take(cursor{5, allNews}, nil); !got.behind {
		t.Errorf("what was forgotten is taken for all: %+v", got.at)
	}
	got := r.take(cursor{r.from, allNews}, nil)
	if got.behind || len(got.events) != takeEvents || got.events[0].seq != r.from+1 {
		t.Errorf("it gives %d events", len(got.events))
	}
}
