package sqlite

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// records is what a ledger remembers of syncing.
type records struct {
	Destinations []store.Destination
	Runs         []store.ActiveRun
	Work         []store.WorkItem
	Quarantine   []store.Quarantined
	Shadows      map[store.ID][32]byte
}

func (d *DB) records(t *testing.T, destination string) (r records) {
	t.Helper()
	var errs [5]error
	r.Destinations, errs[0] = d.ListDestinations(t.Context())
	r.Runs, errs[1] = d.ListActiveRuns(t.Context())
	r.Work, errs[2] = d.ListWorkItems(t.Context(), store.WorkFilter{})
	r.Quarantine, errs[3] = d.ListQuarantine(t.Context(), destination)
	r.Shadows, errs[4] = d.Shadows(t.Context(), destination, []store.ID{id(1), id(2), id(3)})
	must(t, errs[:]...)
	return r
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// remembered has something in every field of every record.
func remembered(destination string) records {
	run := store.Run{
		ID: id(11), Destination: destination, SyncType: "full", LocationID: id(4), Status: store.RunRunning,
		RequestedAt: start, StartedAt: start + 1, Counts: store.RunCounts{Scanned: 5, Sent: 4, Skipped: 1, Rejected: 2, WorkItems: 3},
		Error: "timeout",
	}
	return records{
		Destinations: []store.Destination{{
			Name: destination, Kind: "central", LocationID: id(4), Primary: true,
			Cursor: store.Head{Epoch: 2, Seq: 400, Hash: store.Hash{1, 2}}, State: store.DestinationWaiting,
			Failures: 3, NextTry: start + 5, Code: "unavailable", Detail: "no route", SyncedAt: start, Command: 7, Verdicts: 8, Sending: 450,
		}},
		Runs: []store.ActiveRun{
			{Run: run, Force: true, Key: &store.IdempotencyKey{Hash: [16]byte{1}, Print: [16]byte{2}}, Actor: "a", Terminal: "till", Source: "api"},
			{Run: store.Run{ID: id(12), Destination: destination, SyncType: "incremental", Status: store.RunQueued}, Source: "system"},
		},
		Work: []store.WorkItem{
			{ID: id(22), Destination: destination, Code: "count", Detail: "Count it.", CreatedAt: start + 1, DoneAt: start + 2, DoneBy: "boss"},
			{ID: id(21), Destination: destination, ItemID: id(1), Code: "adjust", Detail: "Take off 2.", CreatedAt: start},
		},
		Quarantine: []store.Quarantined{
			{Destination: destination, Position: store.Position{Epoch: 1, Seq: 9}, Code: "no_room", Detail: "?", Tries: 5, At: start},
			{Destination: destination, Position: store.Position{Epoch: 2, Seq: 3}, Code: "no_room", Detail: "!", Tries: 6, At: start + 1},
		},
		Shadows: map[store.ID][32]byte{id(1): {1}, id(2): {2}},
	}
}

func (d *DB) remember(t *testing.T, r records) {
	t.Helper()
	ctx := t.Context()
	for _, to := range r.Destinations {
		must(t, d.PutDestination(ctx, to), d.PutShadows(ctx, to.Name, r.Shadows))
	}
	for _, a := range r.Runs {
		must(t, d.PutActiveRun(ctx, a))
	}
	must(t, d.PutWorkItems(ctx, r.Work))
	for _, q := range r.Quarantine {
		must(t, d.PutQuarantined(ctx, q))
	}
}

func TestWhatSyncingRemembersSurvivesARestartAndACrash(t *testing.T) {
	o, crashed := options(t.TempDir()), options(t.TempDir())
	d, want := open(t, o), remembered("central")
	d.remember(t, want)
	copyLedger(t, o.Dir, crashed.Dir)
	shut(t, d)
	for name, o := range map[string]Options{"a restart": o, "a crash": crashed} {
		d := open(t, o)
		if got := d.records(t, "central"); !reflect.DeepEqual(got, want) {
			t.Errorf("after %s\n%+v\nwant\n%+v", name, got, want)
		}
		shut(t, d)
	}
}

func TestEmptyRecordsReadAsTheyWereWritten(t *testing.T) {
	d := opened(t)
	want := records{
		Destinations: []store.Destination{{Name: "pos"}}, Runs: []store.ActiveRun{{Run: store.Run{ID: id(1)}}},
		Work: []store.WorkItem{{ID: id(2)}}, Quarantine: []store.Quarantined{{Destination: "pos"}},
		Shadows: map[store.ID][32]byte{},
	}
	d.remember(t, want)
	if got := d.records(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestTheNewestWordOnARecordCounts(t *testing.T) {
	d, want := opened(t), remembered("central")
	d.remember(t, want)
	want.Destinations[0].State, want.Destinations[0].NextTry, want.Destinations[0].LocationID = store.DestinationIdle, 0, store.ID{}
	want.Runs[0].Status, want.Runs[0].Key, want.Runs[0].Force = store.RunQueued, nil, false
	want.Work[1].DoneAt, want.Work[1].DoneBy = start+9, "boss"
	want.Quarantine[0].Tries = 6
	want.Shadows[id(1)] = [32]byte{9}
	d.remember(t, want)
	if got := d.records(t, "central"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestAForgottenDestinationTakesItsRecordsAlong(t *testing.T) {
	d := opened(t)
	pos := remembered("pos")
	for i := range pos.Runs {
		pos.Runs[i].ID[1], pos.Work[i].ID[1] = 1, 1
	}
	d.remember(t, pos)
	d.remember(t, remembered("central"))
	must(t, d.DeleteDestination(t.Context(), "central"))
	if got := d.records(t, "pos"); !reflect.DeepEqual(got, pos) {
		t.Errorf("of the other one is left\n%+v\nwant\n%+v", got, pos)
	}
	if got := d.records(t, "central"); len(got.Quarantine)+len(got.Shadows) != 0 {
		t.Errorf("of the forgotten one is left %+v", got)
	}
}

func TestRecordsAreTakenOutOneByOne(t *testing.T) {
	d, want := opened(t), remembered("central")
	d.remember(t, want)
	must(t,
		d.DeleteActiveRun(t.Context(), want.Runs[0].ID), d.DeleteActiveRun(t.Context(), id(999)),
		d.DeleteQuarantined(t.Context(), "central", want.Quarantine[0].Position),
		d.DeleteQuarantined(t.Context(), "pos", want.Quarantine[1].Position),
	)
	want.Runs, want.Quarantine = want.Runs[1:], want.Quarantine[1:]
	if got := d.records(t, "central"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestWorkItemsAreListedNewestFirstAndFound(t *testing.T) {
	d := opened(t)
	var all []store.WorkItem
	for n := range int64(6) {
		w := store.WorkItem{ID: id(n + 1), Destination: []string{"central", "pos"}[n%2], CreatedAt: start}
		if n >= 4 {
			w.DoneAt, w.DoneBy = start, "boss"
		}
		all = append(all, w)
	}
	must(t, d.PutWorkItems(t.Context(), all))
	for want, f := range map[string]store.WorkFilter{
		"654321": {}, "4321": {Open: true}, "642": {Destination: "pos"}, "42": {Destination: "pos", Open: true},
		"65": {Limit: 2}, "43": {Before: id(5), Limit: 2}, "1": {Before: id(2)}, "": {Destination: "none"},
		"31": {Destination: "central", Open: true, Before: id(5), Limit: 9},
	} {
		list, err := d.ListWorkItems(t.Context(), f)
		got := ""
		for _, w := range list {
			got += fmt.Sprint(w.ID[15])
		}
		if err != nil || got != want {
			t.Errorf("%+v gives %s, %v; want %s", f, got, err, want)
		}
	}
	if w, err := d.FindWorkItem(t.Context(), id(6)); err != nil || w != all[5] {
		t.Errorf("%+v, %v", w, err)
	}
	if _, err := d.FindWorkItem(t.Context(), id(7)); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("a work item that is not there: %v", err)
	}
}

func TestManyShadowsAreWrittenAndRead(t *testing.T) {
	d, want := opened(t), map[store.ID][32]byte{}
	var ids []store.ID
	for n := range int64(2*pageRows + 1) {
		ids = append(ids, id(n))
		want[id(n)] = [32]byte{byte(n), byte(n >> 8)}
	}
	must(t, d.PutShadows(t.Context(), "pos", want))
	got, err := d.Shadows(t.Context(), "pos", ids)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d of %d shadows came back as they were, %v", len(got), len(want), err)
	}
}

func TestKeysOfAPartOfTheLedgerAreListed(t *testing.T) {
	d, c := opened(t), &chain{}
	b := &store.Batch{}
	for n := range int64(6) {
		b.Rows = append(b.Rows, c.row(movement(1, 1, 1), 1, 0))
		if n%2 == 0 {
			b.Keys = append(b.Keys, store.Key{Seq: n + 1, Count: 2, Hash: [16]byte{byte(n)}, At: start, Outcome: []byte("x")})
		}
	}
	write(t, d, b)
	for span, want := range map[[2]int64][]store.Key{
		{0, 6}: b.Keys, {1, 5}: b.Keys[1:], {1, 4}: b.Keys[1:2], {5, 6}: nil, {3, 3}: nil,
	} {
		if got, err := d.ListKeys(t.Context(), span[0], span[1]); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("keys in %v are %+v, %v", span, got, err)
		}
	}
}

func TestRecordsOfAnotherTypeAreRefused(t *testing.T) {
	d := opened(t)
	d.remember(t, remembered("central"))
	d.rememberPOS(t, "pos", rememberedPOS("pos"))
	for _, sql := range []string{
		"UPDATE destination SET seq = 'many'", "UPDATE destination SET state = NULL", "UPDATE sync_run SET forced = 'yes'",
		"UPDATE work_item SET created_at = 'now'", "UPDATE quarantine SET seq = 1.5", "UPDATE shadow SET hash = NULL",
		"UPDATE link SET theirs = NULL", "UPDATE level SET seq = 'many'", "UPDATE level SET seen = 0.5", "UPDATE level SET lot = NULL",
		"UPDATE pulled_sale SET movement_seq = 'one'", "UPDATE pulled_sale SET reason = NULL", "UPDATE mark SET at = 'now'",
		"UPDATE reconciliation_case SET shelf = 'none'", "UPDATE reconciliation_case SET our_lot = 'l-1'",
	} {
		if err := d.writer.tx("test", func(c *conn) error { return c.run(sql) }); err == nil {
			t.Errorf("%s went well", sql)
		}
	}
}

func TestOneRecordMoreOrNoneOnAFullDisk(t *testing.T) {
	o := options(t.TempDir())
	o.maxPages = 60
	d := open(t, o)
	good := fill(t, d, &chain{})
	var err error
	saved := 0
	for err == nil && saved < 100_000 {
		if err = d.PutWorkItems(t.Context(), []store.WorkItem{{ID: id(int64(saved)), Detail: "something to do"}}); err == nil {
			saved++
		}
	}
	if store.CodeOf(err) != store.CodeStorageFull {
		t.Fatalf("after %d work items: %v", saved, err)
	}
	shut(t, d)
	d = open(t, options(o.Dir))
	defer shut(t, d)
	list, err := d.ListWorkItems(t.Context(), store.WorkFilter{})
	if err != nil || len(list) != saved {
		t.Errorf("%d of %d work items are there, %v", len(list), saved, err)
	}
	if m, err := d.Meta(t.Context()); err != nil || m.Hash != good.hash {
		t.Errorf("meta %+v, %v", m, err)
	}
}
