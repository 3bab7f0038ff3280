package web

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// fakeSync is a syncer whose state the test sets; it does what it is asked at
// once. What is not set is as without a destination.
type fakeSync struct {
	noDestination
	going        []*store.Run
	destinations []store.DestinationStatus
	work         []store.WorkItem
	aside        []store.Quarantined
	synced       map[store.ID]store.Instant
	counter      fakeCounter
	hooks        fakeHooks
	// asked is what the newest request was, done what else it was told to do.
	asked store.RunRequest
	done  []string
}

// fill gives the syncer one of everything, and their ids.
func (f *fakeSync) fill(a *api, item store.ID) (run, work, aside string) {
	r := &store.Run{ID: storetest.NewID(), Destination: "central", SyncType: store.SyncFull, Status: store.RunRunning, RequestedAt: 1, StartedAt: 1, Left: 7}
	f.going = append(f.going, r)
	f.destinations = []store.DestinationStatus{{
		Destination: store.Destination{
			Name: "central", Kind: "central", Primary: true, State: store.DestinationPaused, Code: "revoked", Detail: "Head office took the key back.",
			Cursor: store.Head{Epoch: 1, Seq: 3}, SyncedAt: store.InstantOf(storetest.Start), Failures: 2, Verdicts: 1,
		},
		Lag: 5, OldestUnsent: store.InstantOf(storetest.Start), NextFull: store.InstantOf(storetest.Start), Retries: 4, Quarantined: 1, WorkItems: 1,
	}}
	v := store.WorkItem{ID: storetest.NewID(), Destination: "pos", ItemID: item, Code: "receive", Detail: "=Receive 12, by hand", CreatedAt: 1}
	f.work = append(f.work, v)
	opened, _ := a.Item(item)
	f.aside = []store.Quarantined{{Destination: "pos", Position: store.Position{Epoch: 1, Seq: opened.Seq}, Code: "unknown_product", Detail: "No.", Tries: 5, At: 1}}
	return r.ID.String(), v.ID.String(), asideID(&f.aside[0])
}

func (f *fakeSync) Request(ctx context.Context, r store.Request, ask store.RunRequest) (*store.Run, bool, error) {
	f.asked = ask
	if len(f.going) > 0 {
		return f.going[0], r.Key != nil, nil
	}
	return f.noDestination.Request(ctx, r, ask)
}

func (f *fakeSync) Runs() []*store.Run { return slices.Clone(f.going) }

func (f *fakeSync) Find(id store.ID) (*store.Run, bool) {
	for _, r := range f.going {
		if r.ID == id {
			return r, true
		}
	}
	return f.noDestination.Find(id)
}

func (f *fakeSync) Cancel(ctx context.Context, id store.ID) (*store.Run, error) {
	for i, r := range f.going {
		if r.ID == id {
			f.going = slices.Delete(f.going, i, i+1)
			ended := *r
			ended.Status, ended.FinishedAt, ended.Left = store.RunCanceled, 2, 0
			return &ended, nil
		}
	}
	return f.noDestination.Cancel(ctx, id)
}

func (f *fakeSync) Status(context.Context) ([]store.DestinationStatus, error) {
	return f.destinations, nil
}

func (f *fakeSync) Resume(_ context.Context, name string) error {
	f.done = append(f.done, "resume "+name)
	return nil
}

func (f *fakeSync) LastSync(i *store.Item) store.Instant { return f.synced[i.ID] }

func (f *fakeSync) WorkItems(_ context.Context, want store.WorkFilter) (list []store.WorkItem, err error) {
	for _, v := range slices.Backward(f.work) {
		if (want.Destination == "" || v.Destination == want.Destination) && (!want.Open || v.DoneAt == 0) &&
			(want.Before.IsZero() || slices.Compare(v.ID[:], want.Before[:]) < 0) && len(list) < want.Limit {
			list = append(list, v)
		}
	}
	return list, nil
}

func (f *fakeSync) FindWorkItem(ctx context.Context, id store.ID) (store.WorkItem, error) {
	for _, v := range f.work {
		if v.ID == id {
			return v, nil
		}
	}
	return f.noDestination.FindWorkItem(ctx, id)
}

func (f *fakeSync) Done(_ context.Context, id store.ID, by string) (v store.WorkItem, err error) {
	for i := range f.work {
		if f.work[i].ID == id {
			f.work[i].DoneAt, f.work[i].DoneBy = 2, by
			v = f.work[i]
		}
	}
	return v, nil
}

func (f *fakeSync) Quarantine(_ context.Context, destination string) (list []store.Quarantined, err error) {
	for _, q := range f.aside {
		if destination == "" || destination == q.Destination {
			list = append(list, q)
		}
	}
	return list, nil
}

func (f *fakeSync) Retry(_ context.Context, destination string, at store.Position) error {
	f.done = append(f.done, "retry "+destination+" "+at.String())
	return nil
}

func (f *fakeSync) Enrol(_ context.Context, url, code, name string) (Enrolment, error) {
	f.done = append(f.done, "enrol "+url+" "+code)
	return Enrolment{url, name}, nil
}

func (f *fakeSync) Forget(context.Context) error { f.done = append(f.done, "forget"); return nil }

func (f *fakeSync) Adopt(context.Context) error { f.done = append(f.done, "adopt"); return nil }

func TestASyncIsAskedForAsTheBodySays(t *testing.T) {
	a := openAPIServer(t)
	run, _, _ := a.sync.fill(a, a.Stocked("ONE", 1))
	r := a.post("manager", "/inventory/sync", `{"sync_type":"full","force":true}`).is(202)
	r.has("id", run, "status", "running", "remaining", "7")
	if r.header.Get("Location") != "/api/v1/sync/runs/"+run || a.sync.asked != (store.RunRequest{Type: "full", Location: a.Location, Force: true}) {
		t.Errorf("Location %s, asked %+v", r.header.Get("Location"), a.sync.asked)
	}
	if r := a.post("manager", "/inventory/sync", "", "Idempotency-Key: k").is(202); r.header.Get("Idempotency-Replayed") != "true" {
		t.Error("nothing says that it was answered before")
	}
	a.AddLocation("Second Street", "America/Denver")
	a.post("manager", "/inventory/sync", "").refused(422, store.CodeInvalid)
	a.post("manager", "/inventory/sync", `{"destination":"central"}`).is(202)
	if a.sync.asked != (store.RunRequest{Type: "incremental", Destination: "central"}) {
		t.Errorf("asked %+v", a.sync.asked)
	}
	a.post("manager", "/inventory/sync", `{"destination":"central","force":true}`).refused(422, store.CodeInvalid)
}

func TestRunsThatGoOnAreListedWithThoseThatFinished(t *testing.T) {
	a := openAPIServer(t)
	finished := a.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "succeeded", Destination: "central"}}).Facts[0].Of.(*store.Run)
	run, _, _ := a.sync.fill(a, a.Stocked("ONE", 1))
	if got := a.pages("/sync/runs?limit=1"); fmt.Sprint(got) != fmt.Sprint([]string{run, finished.ID.String()}) {
		t.Errorf("listed %v", got)
	}
	if got := a.pages("/sync/runs?status=running"); fmt.Sprint(got) != fmt.Sprint([]string{run}) {
		t.Errorf("running: %v", got)
	}
	a.get("viewer", "/sync/runs/"+run).is(200).has("status", "running", "remaining", "7")
	a.get("viewer", "/sync/runs/"+finished.ID.String()).is(200).has("status", "succeeded")
	// It finished while the list was made: it is there once.
	a.sync.going = append(a.sync.going, finished)
	if got := a.pages("/sync/runs"); len(got) != 2 {
		t.Errorf("listed %v", got)
	}
}

func TestARunIsCanceled(t *testing.T) {
	a := openAPIServer(t)
	run, _, _ := a.sync.fill(a, a.Stocked("ONE", 1))
	a.post("sync", "/sync/runs/"+run+"/cancel?dry_run=true", "").is(200).has("status", "running")
	a.post("sync", "/sync/runs/"+run+"/cancel", "").is(200).has("id", run, "status", "canceled")
	a.post("sync", "/sync/runs/"+run+"/cancel", "").refused(404, store.CodeNotFound)
	a.post("sync", "/sync/runs/none/cancel", "").refused(404, store.CodeNotFound)
}

func TestTheStateOfSyncSaysWhatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	a.sync.fill(a, a.Stocked("ONE", 1))
	a.get("viewer", "/sync/status").is(200).has(
		"destinations.0.name", "central", "destinations.0.state", "paused", "destinations.0.cursor", "1-3", "destinations.0.waiting", "5",
		"destinations.0.waiting_since", "2026-01-27T10:30:00Z", "destinations.0.error.code", "revoked",
		"destinations.0.error.detail", "Head office took the key back.", "destinations.0.quarantined", "1")
	a.post("manager", "/sync/destinations/central/resume?dry_run=true", "").is(204)
	if len(a.sync.done) != 0 {
		t.Errorf("a dry run did %v", a.sync.done)
	}
	a.post("manager", "/sync/destinations/central/resume", "").is(204)
	a.post("manager", "/sync/destinations/nobody/resume", "").refused(404, store.CodeNotFound)
	if fmt.Sprint(a.sync.done) != "[resume central]" {
		t.Errorf("it did %v", a.sync.done)
	}
}

func TestWorkItemsAreForAPerson(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 1)
	var want []string
	for range 5 {
		_, work, _ := a.sync.fill(a, item)
		want = append([]string{work}, want...)
	}
	if got := a.pages("/sync/work-items?limit=2"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	a.get("viewer", "/sync/work-items?limit=1").is(200).has("data.0.sku", "ONE", "data.0.product_name", "Product ONE", "data.0.code", "receive")
	a.post("terminal", "/sync/work-items/"+want[0]+"/done?dry_run=true", "").is(200)
	if got := a.pages("/sync/work-items"); len(got) != 5 {
		t.Errorf("a dry run left %v", got)
	}
	if done := a.post("terminal", "/sync/work-items/"+want[0]+"/done", "").is(200); done.text("done_by") == "" || done.text("done_at") == "" {
		t.Errorf("done: %s", done.body)
	}
	if got := a.pages("/sync/work-items"); fmt.Sprint(got) != fmt.Sprint(want[1:]) {
		t.Errorf("open: %v", got)
	}
	if got := a.pages("/sync/work-items?status=all&destination=pos"); len(got) != 5 {
		t.Errorf("all: %v", got)
	}
	a.post("terminal", "/sync/work-items/"+a.Location.String()+"/done", "").refused(404, store.CodeNotFound)
	csv := a.get("viewer", "/sync/work-items", "Accept: text/csv").is(200)
	lines := strings.Split(string(csv.body), "\r\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "id,destination,code,detail,inventory_id,product_name") ||
		!strings.HasPrefix(lines[1], want[1]+`,pos,receive,"'=Receive 12, by hand",`+item.String()+",Product ONE,ONE,Main Street,sales_floor,") {
		t.Errorf("as CSV:\n%s", csv.body)
	}
}

func TestWhatWasSetAsideIsListedAndSentAgain(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 1)
	_, _, aside := a.sync.fill(a, item)
	a.get("viewer", "/sync/quarantine").is(200).has("data.0.id", aside, "data.0.inventory_id", item.String(), "data.0.sku", "ONE", "data.0.tries", "5")
	if r := a.get("viewer", "/sync/quarantine?destination=central").is(200); !strings.Contains(string(r.body), `"data":[]`) {
		t.Errorf("of another destination: %s", r.body)
	}
	a.post("manager", "/sync/quarantine/"+aside+"/retry?dry_run=true", "").is(202)
	a.post("manager", "/sync/quarantine/"+aside+"/retry", "").is(202).has("id", aside)
	if want := fmt.Sprintf("[retry pos %s]", a.sync.aside[0].Position); fmt.Sprint(a.sync.done) != want {
		t.Errorf("it did %v, want %s", a.sync.done, want)
	}
	for _, wrong := range []string{"pos:1-9999", "pos", "pos:", "central:1-1"} {
		a.post("manager", "/sync/quarantine/"+wrong+"/retry", "").refused(404, store.CodeNotFound)
	}
}

func TestABoundTokenSeesOnlyItsOwnWork(t *testing.T) {
	b := openBound(t)
	b.sync.fill(b.api, b.there)
	_, work, aside := b.sync.fill(b.api, b.there)
	if got := b.get("ours", "/sync/work-items").is(200); !strings.Contains(string(got.body), `"data":[]`) {
		t.Errorf("it sees %s", got.body)
	}
	if got := b.get("ours", "/sync/quarantine").is(200); !strings.Contains(string(got.body), `"data":[]`) {
		t.Errorf("it sees %s", got.body)
	}
	b.post("ours", "/sync/work-items/"+work+"/done", "").refused(403, store.CodeForbidden)
	b.post("ours", "/sync/quarantine/"+aside+"/retry", "").refused(403, store.CodeForbidden)
	// What concerns all locations it may see, and not touch.
	run := b.sync.going[0].ID.String()
	b.get("ours", "/sync/runs/"+run).is(200)
	b.post("ours", "/sync/runs/"+run+"/cancel", "").refused(403, store.CodeForbidden)
	b.post("ours", "/sync/destinations/central/resume", "").refused(403, store.CodeForbidden)
	b.call("ours", "PUT", "/api/v1/sync/central", `{"url":"https://x","code":"y"}`).refused(403, store.CodeForbidden)
	b.call("ours", "DELETE", "/api/v1/sync/central", "").refused(403, store.CodeForbidden)
	b.post("ours", "/sync/adopt", "").refused(403, store.CodeForbidden)
	_, work, aside = b.sync.fill(b.api, b.here)
	b.post("ours", "/sync/work-items/"+work+"/done", "").is(200)
	b.post("ours", "/sync/quarantine/"+aside+"/retry", "").is(202)
}

func TestTheTieToHeadOfficeIsAnAdminsToMakeAndToCut(t *testing.T) {
	a := openAPIServer(t)
	const body = `{"url":"https://central.example.com","code":"XK3V","name":"Main Street"}`
	put := func(body string) *answer { return a.call("admin", "PUT", "/api/v1/sync/central", body) }
	put(body).is(200).has("url", "https://central.example.com", "name", "Main Street")
	if got := put(`{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/url /code" {
		t.Errorf("wrong: %s", got)
	}
	a.call("admin", "DELETE", "/api/v1/sync/central", "").is(204)
	a.post("admin", "/sync/adopt", "").is(204)
	if got := fmt.Sprint(a.sync.done); got != "[enrol https://central.example.com XK3V forget adopt]" {
		t.Errorf("it did %s", got)
	}
}

func TestLastSyncIsInEveryFormOfARow(t *testing.T) {
	a := openAPIServer(t)
	one, two := a.Stocked("ONE", 1), a.Stocked("TWO", 2)
	a.sync.synced = map[store.ID]store.Instant{one: store.InstantOf(storetest.Start)}
	const when = "2026-01-27T10:30:00Z"
	a.get("viewer", "/inventory/"+one.String()).is(200).has("last_sync", when)
	a.get("viewer", "/inventory/"+two.String()).is(200).has("last_sync", "")
	a.get("viewer", "/inventory?sort=sku").is(200).has("data.0.last_sync", when, "data.1.last_sync", "")
	a.get("viewer", "/inventory?sort=sku&fields=last_sync").is(200).has("data.0.last_sync", when)
	a.get("viewer", "/inventory/snapshot").is(200).has("data.0.last_sync", when)
	a.patch("terminal", "/inventory/"+one.String(), `{"quantity_change":-1,"reason_code":"SALE"}`).is(200).has("last_sync", when)
	for _, path := range []string{"/inventory?sort=sku", "/inventory/snapshot"} {
		lines := strings.Split(string(a.get("viewer", path, "Accept: text/csv").is(200).body), "\r\n")
		if !strings.Contains(lines[1], ",45.00,"+when+",Main Street,") || !strings.Contains(lines[2], ",45.00,,Main Street,") {
			t.Errorf("%s as CSV: %s", path, lines)
		}
	}
}

func TestMetricsTellOfEveryDestination(t *testing.T) {
	a := openAPIServer(t)
	a.sync.fill(a, a.Stocked("ONE", 1))
	a.Clock.Advance(90e9)
	text := string(a.call("viewer", "GET", "/metrics", "").is(200).body)
	for _, want := range []string{
		`shelfd_sync_lag_entries{destination="central"} 5`, `shelfd_sync_lag_seconds{destination="central"} 90`,
		`shelfd_sync_last_success_timestamp_seconds{destination="central"} 1.7695098e+09`, `shelfd_sync_retries_total{destination="central"} 4`,
		`shelfd_sync_quarantined_entries{destination="central"} 1`, `shelfd_sync_open_work_items{destination="central"} 1`,
		`shelfd_sync_paused{destination="central"} 1`, `shelfd_sync_failures{destination="central"} 2`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
}
