package test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// counted notes what is asked of head office.
type counted struct {
	http.RoundTripper
	mu    sync.Mutex
	asked []string
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.asked = append(c.asked, r.Method+" "+r.URL.Path)
	c.mu.Unlock()
	return c.RoundTripper.RoundTrip(r)
}

// since gives what was asked since the last call.
func (c *counted) since() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

// TestAFullRunOfAnEqualStoreIsOneRequest compares 50,000 items that head
// office has already. The record that the run then leaves in the ledger is
// sent by a second one.
func TestAFullRunOfAnEqualStoreIsOneRequest(t *testing.T) {
	o := openOffice(t, centraltest.NewCluster(t))
	s := openShop(t, 0, "http://"+o.address, o.codes(1)[0], 0)
	for n := 100; n < 50_100; n += store.MaxImportRows {
		rows := make([]store.ImportRow, store.MaxImportRows)
		for i := range rows {
			rows[i] = storetest.Row(n+i, 5)
		}
		s.Must(&store.Import{Location: s.Location, Room: store.Vault, Rows: rows})
	}
	s.wire = &counted{RoundTripper: &http.Transport{DisableCompression: true}}
	s.sync()
	t.Cleanup(s.unplug)
	converge(t, []*shop{s})
	s.wire.since()

	run, _, err := s.engine.Request(t.Context(), storetest.Request, store.RunRequest{Type: store.SyncFull})
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for s.finished(run.ID) == nil {
		if time.Now().After(deadline) {
			t.Fatalf("the run did not end: %+v", s.state())
		}
		wait(10 * time.Millisecond)
	}
	converge(t, []*shop{s})
	if done := s.finished(run.ID); done.Status != store.RunSucceeded || done.Counts.Sent != 0 || done.Counts.Scanned < 50_000 {
		t.Errorf("the run: %+v", done)
	}
	if asked := s.wire.since(); !slices.Equal(asked, []string{"POST /sync/v1/compare", "POST /sync/v1/entries"}) {
		t.Errorf("it asked %q", asked)
	}
}

// finished gives a run that has ended, nil before.
func (s *shop) finished(id store.ID) *store.Run {
	for _, r := range s.Runs() {
		if r.ID == id {
			return r
		}
	}
	return nil
}
