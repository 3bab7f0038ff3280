package metrc

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// change takes product n from what was seen to what there shall be.
func change(n int, seen, quantity store.Quantity, edits ...func(*pos.Change)) pos.Change {
	c := pos.Change{
		Place: store.Place{Product: "anything", Lot: label(n)}, SKU: fmt.Sprintf("SKU-%d", n), Tag: label(n), Unit: "each",
		Delta: quantity - seen, Quantity: quantity, Seen: &seen, Reason: store.Damage, TheirReason: "Waste",
		Reference: fmt.Sprintf("1-%d", n), OccurredAt: store.InstantOf(storetest.Start), Seq: int64(n),
	}
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

func batch(changes ...pos.Change) pos.Batch { return pos.Batch{Key: "state/1/1", Changes: changes} }

func writeAll(t testing.TB, c pos.Connector, changes ...pos.Change) []syncer.Outcome {
	t.Helper()
	outcomes, err := c.(pos.Writer).Write(t.Context(), batch(changes...))
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != len(changes) {
		t.Fatalf("%d changes have %d outcomes", len(changes), len(outcomes))
	}
	return outcomes
}

func writeOne(t testing.TB, c pos.Connector, ch pos.Change) syncer.Outcome {
	t.Helper()
	return writeAll(t, c, ch)[0]
}

func refused(t testing.TB, c pos.Connector, changes ...pos.Change) *syncer.Failure {
	t.Helper()
	_, err := c.(pos.Writer).Write(t.Context(), batch(changes...))
	return failure(t, err)
}

func TestAWriteSetsTheTotal(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 2)
	s.edit(2, func(p *simPackage) { p.unit, p.quantity = "Grams", 35_000 })
	noted := change(2, 35_000, 12_345, func(ch *pos.Change) {
		ch.Unit, ch.TheirReason, ch.Note = "g", "Scale Variance", `Weighed "again"`
		// Late in the evening in California, and tomorrow in Greenwich.
		ch.OccurredAt = store.InstantOf(time.Date(2026, 1, 27, 7, 30, 0, 0, time.UTC))
	})
	changes := []pos.Change{change(1, 10*unit, 8*unit), noted}
	preview, err := c.(pos.Writer).Preview(batch(changes...))
	if err != nil || s.Requests() != 0 {
		t.Fatalf("a preview makes %d requests: %v", s.Requests(), err)
	}
	for _, o := range writeAll(t, c, changes...) {
		if o.Status != syncer.Confirmed {
			t.Errorf("a change is %+v", o)
		}
	}
	puts := s.sent("PUT")
	want := `[{"Label":"1A4060300000001000000001","Quantity":8,"UnitOfMeasure":"Each","AdjustmentReason":"Waste","AdjustmentDate":"2026-01-27","ReasonNote":null},` +
		`{"Label":"1A4060300000001000000002","Quantity":1.2345,"UnitOfMeasure":"Grams","AdjustmentReason":"Scale Variance","AdjustmentDate":"2026-01-26","ReasonNote":"Weighed \"again\""}]`
	if len(puts) != 1 || puts[0].path != "/packages/v2/adjust" || puts[0].query != "licenseNumber="+license || string(puts[0].body) != want {
		t.Errorf("what is sent is %q", puts)
	}
	if len(preview) != 1 || preview[0].Method != "PUT" || preview[0].Path != puts[0].path || preview[0].Query != puts[0].query ||
		!bytes.Equal(preview[0].Body, puts[0].body) || !slices.Equal(preview[0].Changes, []int{0, 1}) {
		t.Errorf("the preview was %+v", preview)
	}
	if s.Stock(1) != 8*unit || s.Stock(2) != 12_345 {
		t.Errorf("there are %s and %s", s.Stock(1), s.Stock(2))
	}
}

func TestWritingIsOffByDefault(t *testing.T) {
	t.Parallel()
	s, clock := newSim(t), storetest.NewClock(storetest.Start)
	s.add(1, 2)
	for _, options := range []map[string]string{nil, {"write": ""}, {"write": "off", "time_zone": ""}} {
		c := s.open(t, clock, options)
		if c.Capabilities() != Kind.Capabilities {
			t.Error("it says that it can do something else")
		}
		for _, o := range writeAll(t, c, change(1, 10*unit, 8*unit), change(2, 10*unit, 8*unit, func(ch *pos.Change) { ch.TheirReason = "" })) {
			if o.Status != syncer.Manual || o.Code != CodeWriteOff || !strings.Contains(o.Detail, "to 8 each (it had 10)") {
				t.Errorf("off, a change is %+v", o)
			}
		}
		if calls, err := c.(pos.Writer).Preview(batch(change(1, 10*unit, 8*unit))); err != nil || len(calls) != 0 {
			t.Errorf("off, the preview is %+v, %v", calls, err)
		}
	}
	if s.Requests() != 0 {
		t.Errorf("off, %d requests are made", s.Requests())
	}
}

func TestADryRunChecksAndLogs(t *testing.T) {
	t.Parallel()
	s, clock := newSim(t), storetest.NewClock(storetest.Start)
	s.Connector(t, clock)
	s.add(1, 3)
	var log bytes.Buffer
	c := s.open(t, clock, map[string]string{"write": "dry_run"}, func(_ *pos.Settings, d *pos.Deps) {
		d.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	outcomes := writeAll(t, c,
		change(1, 10*unit, 8*unit, func(ch *pos.Change) { ch.Note = "private" }),
		change(2, 10*unit, 8*unit, func(ch *pos.Change) { ch.TheirReason = "Theft" }),
		change(3, 9*unit, 8*unit),
	)
	for i, want := range []string{CodeDryRun, CodeNoteRequired, CodeChangedThere} {
		if outcomes[i].Code != want {
			t.Errorf("change %d is %+v", i, outcomes[i])
		}
	}
	if outcomes[0].Status != syncer.Manual || s.Changed() != 0 || len(s.sent("PUT")) != 0 {
		t.Error("a dry run is not dry")
	}
	for _, word := range []string{label(1), `"quantity":"8"`, `"reason":"Waste"`, `"date":"2026-01-27"`, `"has_note":true`} {
		if !strings.Contains(log.String(), word) {
			t.Errorf("the log lacks %s: %s", word, log.String())
		}
	}
	if text := log.String(); strings.Contains(text, "private") || strings.Contains(text, label(2)) || strings.Contains(text, label(3)) {
		t.Errorf("the log holds too much: %s", text)
	}
}

func TestOnlyWhatIsAsItWasIsSent(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 20)
	s.edit(2, func(p *simPackage) { p.onHold = true })
	s.edit(3, func(p *simPackage) { p.recall = true })
	s.edit(4, func(p *simPackage) { p.finished = true })
	s.edit(5, func(p *simPackage) { p.archived = true })
	s.edit(6, func(p *simPackage) { p.unit = "Grams" })
	s.edit(7, func(p *simPackage) { p.quantity = 11 * unit })
	reason := func(name string) func(*pos.Change) { return func(ch *pos.Change) { ch.TheirReason = name } }
	correction := func(ch *pos.Change) { ch.Absolute, ch.Reason, ch.TheirReason = true, 0, "" }
	for _, tt := range []struct {
		change pos.Change
		status syncer.OutcomeStatus
		code   string
	}{
		{change(1, 10*unit, 8*unit), syncer.Confirmed, ""},
		{change(2, 10*unit, 8*unit), syncer.Rejected, CodeHeld},
		{change(3, 10*unit, 8*unit), syncer.Rejected, CodeHeld},
		{change(4, 10*unit, 8*unit), syncer.Rejected, CodeHeld},
		{change(5, 10*unit, 8*unit), syncer.Rejected, CodeHeld},
		{change(6, 10*unit, 8*unit), syncer.Rejected, CodeUnit},
		{change(7, 10*unit, 8*unit), syncer.Rejected, CodeChangedThere},
		{change(8, 10*unit, -unit), syncer.Rejected, CodeNegative},
		{change(9, 10*unit, 8*unit, func(ch *pos.Change) { ch.Seen = nil }), syncer.Rejected, CodeNotSeen},
		{change(99, 10*unit, 8*unit), syncer.Rejected, CodeMissingThere},
		{change(10, 10*unit, 8*unit, reason("")), syncer.Manual, CodeUnmappedReason},
		{change(10, 10*unit, 8*unit, reason("Moisture Loss")), syncer.Manual, CodeUnmappedReason},
		{change(10, 10*unit, 8*unit, correction), syncer.Manual, CodeUnmappedReason},
		{change(10, 10*unit, 8*unit, reason("Theft")), syncer.Manual, CodeNoteRequired},
		{change(10, 10*unit, 8*unit, reason("Spoilage")), syncer.Manual, CodeWasteWeight},
	} {
		o := writeOne(t, c, tt.change)
		if o.Status != tt.status || o.Code != tt.code {
			t.Errorf("the change of %s is %+v, and not %s", tt.change.SKU, o, tt.code)
		}
		if tt.code != "" && (!strings.Contains(o.Detail, tt.change.Lot) || !strings.HasSuffix(o.Detail, ".")) {
			t.Errorf("the outcome is no sentence: %q", o.Detail)
		}
	}
	if s.Changed() != 1 || len(s.sent("PUT")) != 1 {
		t.Errorf("%d changes are made by %d requests", s.Changed(), len(s.sent("PUT")))
	}
}

func TestABatchSendsTheRest(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 3)
	s.Set(2, 3*unit)
	outcomes := writeAll(t, c, change(1, 10*unit, 9*unit), change(2, 10*unit, 9*unit), change(3, 10*unit, 9*unit))
	if outcomes[0].Status != syncer.Confirmed || outcomes[1].Code != CodeChangedThere || outcomes[2].Status != syncer.Confirmed {
		t.Errorf("the outcomes are %+v", outcomes)
	}
	if s.Stock(1) != 9*unit || s.Stock(2) != 3*unit || s.Stock(3) != 9*unit {
		t.Error("another package was changed")
	}
}

func TestChangesGoInTensAndAPackageOnceInEach(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 23)
	var changes []pos.Change
	for n := 1; n <= 23; n++ {
		changes = append(changes, change(n, 10*unit, 9*unit))
	}
	second := change(23, 9*unit, 5*unit, func(ch *pos.Change) { ch.Reference = "1-24" })
	changes = append(changes, second)
	for i, o := range writeAll(t, c, changes...) {
		if o.Status != syncer.Confirmed {
			t.Errorf("change %d is %+v", i, o)
		}
	}
	var sizes []int
	for _, put := range s.sent("PUT") {
		sizes = append(sizes, bytes.Count(put.body, []byte(`"Label"`)))
	}
	if !slices.Equal(sizes, []int{10, 10, 3, 1}) || s.Stock(23) != 5*unit {
		t.Errorf("the groups are %d, and the last package has %s", sizes, s.Stock(23))
	}
}

func TestAFailureAfterAGroupIsUnknown(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 11)
	s.Refuse(11)
	var changes []pos.Change
	for n := 1; n <= 11; n++ {
		changes = append(changes, change(n, 10*unit, 9*unit))
	}
	if f := refused(t, c, changes...); !f.Unknown || f.Class != syncer.Retry || f.Code != pos.CodeRefused {
		t.Errorf("the failure is %+v", f)
	}
	if f := refused(t, c, changes[10]); f.Unknown || f.Class != syncer.Alarm {
		t.Errorf("alone, the failure is %+v", f)
	}
	// What the first group changed already is recognized.
	if o := writeOne(t, c, changes[0]); o.Status != syncer.Confirmed || s.Changed() != 10 {
		t.Errorf("sent again, a change is %+v after %d", o, s.Changed())
	}
}

func TestNothingIsEverPosted(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 12)
	_, _ = c.Check(t.Context())
	for n := 1; n <= 12; n++ {
		writeAll(t, c, change(n, 10*unit, 9*unit))
	}
	readStock(t, c, nil)
	readSales(t, c, clock.Wall().Add(-time.Hour), clock.Wall())
	if posts := s.sent("POST"); len(posts) != 0 {
		t.Errorf("this is posted: %+v", posts)
	}
	// The simulator would have taken it for a difference.
	before := s.Stock(1)
	body := `[{"Label":"` + label(1) + `","Quantity":-2,"UnitOfMeasure":"Each","AdjustmentReason":"Waste","AdjustmentDate":"2026-01-27","ReasonNote":null}]`
	post(t, s, body)
	if s.Stock(1) != before-2*unit {
		t.Errorf("a posted difference makes %s of %s", s.Stock(1), before)
	}
}
