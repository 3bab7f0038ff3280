package store_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
)

const awkward = "\"quotes\" \\ back\u2028\u00e9\U0001F33F <a&b> \t\r\n\x01\x7f end"

// examples has one entry of each kind with every field set, and the barest.
func examples() map[string]*store.Entry {
	id := func(n byte) store.ID { return store.ID{0x01, 0x9b, 0x2c, 5: 0x70, 15: n} }
	at := store.Instant(1769509800123)
	full := func(seq int64, kind store.Kind) *store.Entry {
		return &store.Entry{
			Position: store.Position{Epoch: 2, Seq: seq}, Kind: kind, OccurredAt: at - 60_000, RecordedAt: at,
			Actor: "tok-1", Terminal: "till 3", Source: "pos:square", ExternalID: awkward, Line: 7,
			NotesDigest: bytes.Repeat([]byte{0xfb, 0xff}, 16),
		}
	}
	bare := func(seq int64, kind store.Kind) *store.Entry {
		return &store.Entry{Position: store.Position{Epoch: 1, Seq: seq}, Kind: kind, OccurredAt: at, RecordedAt: at, ClockOK: true}
	}
	movement, hold, document, event := full(1, store.KindMovement), full(2, store.KindHold), full(3, store.KindDocument), full(4, store.KindEvent)
	movement.Movement = &store.Movement{
		Item: id(1), Change: -5_0000, After: 40_5000, ReservedAfter: 1, Reason: store.Transfer, SubReason: "restock", Reference: "PO \"7\"",
		Transfer: id(2), Reverses: store.Position{Epoch: 1, Seq: 99}, Reservation: id(3), ValueChange: -125_0000, Flags: 31,
	}
	hold.Hold = &store.Hold{
		Item: id(1), ReservedChange: 2_0000, After: 40_5000, ReservedAfter: 2_0001, Reservation: id(3), ExpiresAt: at + 900_000,
		Why: "created", Reference: "order 9",
	}
	document.Document = &store.Document{Type: store.DocProduct, ID: id(4), Body: json.RawMessage(`{"id":"x","name":"A \u003c B","unit_price":25.00}`)}
	event.Event = &store.Event{Type: store.EventLowStock, Body: json.RawMessage(`{"scope":"room"}`)}
	again := full(9, store.KindMovement)
	again.Again, again.Movement = store.Position{Epoch: 1, Seq: 120}, movement.Movement
	bareAgain := bare(10, store.KindEvent)
	bareAgain.Epoch, bareAgain.Again = 2, store.Position{Epoch: 1, Seq: 121}
	bareAgain.Event = &store.Event{Type: store.EventTokenRevoked, Body: json.RawMessage(`{}`)}
	bareMovement, bareHold := bare(5, store.KindMovement), bare(6, store.KindHold)
	bareMovement.Movement = &store.Movement{Item: id(1), Change: 1, After: 1, Reason: store.Audit}
	bareHold.Hold = &store.Hold{Item: id(1), Reservation: id(3)}
	bareDocument, bareEvent := bare(7, store.KindDocument), bare(8, store.KindEvent)
	bareDocument.Document = &store.Document{Type: store.DocItem, ID: id(5), Body: json.RawMessage(`{}`)}
	bareEvent.Event = &store.Event{Type: store.EventRecovered, Body: json.RawMessage(`null`)}
	return map[string]*store.Entry{
		"movement": movement, "hold": hold, "document": document, "event": event,
		"movement_bare": bareMovement, "hold_bare": bareHold, "document_bare": bareDocument, "event_bare": bareEvent,
		"movement_again": again, "event_again": bareAgain,
	}
}

func TestGoldenEntry_has_the_bytes_it_always_had(t *testing.T) {
	for name, e := range examples() {
		path := filepath.Join("testdata", "entry", name+".json")
		got := store.AppendEntry(nil, e)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want = bytes.TrimSuffix(want, []byte("\n")); !bytes.Equal(got, want) {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
		if !json.Valid(got) {
			t.Errorf("%s is not JSON", name)
		}
		checkRoundTrip(t, e)
	}
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkRoundTrip(t fataler, e *store.Entry) {
	t.Helper()
	raw := store.AppendEntry(nil, e)
	got, err := store.ParseEntry(raw)
	if err != nil {
		t.Fatalf("%s\n%v", raw, err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Fatalf("%s\n got %+v\nwant %+v", raw, got, e)
	}
}

func TestEntry_of_any_content_is_read_as_it_was_written(t *testing.T) {
	text := rapid.OneOf(rapid.Just(""), rapid.Just(awkward), rapid.String()).Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	id := rapid.Custom(func(rt *rapid.T) (id store.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id"))
		id[6] |= 0x70
		return id
	})
	anyID := rapid.OneOf(rapid.Just(store.ID{}), id)
	quantity := rapid.Custom(func(rt *rapid.T) store.Quantity {
		return store.Quantity(rapid.Int64Range(-1<<62, 1<<62).Draw(rt, "quantity"))
	})
	instant := rapid.Custom(func(rt *rapid.T) store.Instant { return store.Instant(rapid.Int64().Draw(rt, "instant")) })
	body := rapid.Custom(func(rt *rapid.T) json.RawMessage {
		b, _ := json.Marshal(rapid.MapOf(text, text).Draw(rt, "body"))
		return b
	})
	rapid.Check(t, func(rt *rapid.T) {
		e := &store.Entry{
			Position:   store.Position{Epoch: rapid.Int64Range(1, 9).Draw(rt, "epoch"), Seq: rapid.Int64Range(1, 1<<62).Draw(rt, "seq")},
			Kind:       rapid.SampledFrom([]store.Kind{store.KindMovement, store.KindHold, store.KindDocument, store.KindEvent}).Draw(rt, "kind"),
			OccurredAt: instant.Draw(rt, "occurred"), RecordedAt: instant.Draw(rt, "recorded"), ClockOK: rapid.Bool().Draw(rt, "ok"),
			Actor: text.Draw(rt, "actor"), Terminal: text.Draw(rt, "terminal"), Source: text.Draw(rt, "source"),
			ExternalID: text.Draw(rt, "external"), Line: rapid.Int64().Draw(rt, "line"),
		}
		if rapid.Bool().Draw(rt, "again") {
			e.Again = store.Position{Epoch: rapid.Int64Range(1, 9).Draw(rt, "epoch before"), Seq: rapid.Int64Range(1, 1<<62).Draw(rt, "seq before")}
		}
		if rapid.Bool().Draw(rt, "noted") {
			e.NotesDigest = rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "digest")
		}
		switch e.Kind {
		case store.KindMovement:
			e.Movement = &store.Movement{
				Item: id.Draw(rt, "item"), Change: quantity.Draw(rt, "change"), After: quantity.Draw(rt, "after"), ReservedAfter: quantity.Draw(rt, "reserved"),
				Reason: rapid.SampledFrom(store.Reasons).Draw(rt, "reason"), SubReason: text.Draw(rt, "sub"), Reference: text.Draw(rt, "reference"),
				Transfer: anyID.Draw(rt, "transfer"), Reservation: anyID.Draw(rt, "reservation"),
				ValueChange: store.Money(quantity.Draw(rt, "value")), Flags: store.Flag(rapid.Uint8().Draw(rt, "flags")),
			}
			if rapid.Bool().Draw(rt, "reversal") {
				e.Movement.Reverses = store.Position{Epoch: 1, Seq: rapid.Int64Range(1, 1<<40).Draw(rt, "reverses")}
			}
		case store.KindHold:
			e.Hold = &store.Hold{
				Item: id.Draw(rt, "item"), ReservedChange: quantity.Draw(rt, "change"), After: quantity.Draw(rt, "after"), ReservedAfter: quantity.Draw(rt, "reserved"),
				Reservation: id.Draw(rt, "reservation"), ExpiresAt: instant.Draw(rt, "expires"), Why: text.Draw(rt, "why"), Reference: text.Draw(rt, "reference"),
			}
		case store.KindDocument:
			e.Document = &store.Document{Type: store.DocumentType(text.Draw(rt, "type")), ID: anyID.Draw(rt, "of"), Body: body.Draw(rt, "body")}
		case store.KindEvent:
			e.Event = &store.Event{Type: store.EventType(text.Draw(rt, "type")), Body: body.Draw(rt, "body")}
		}
		checkRoundTrip(rt, e)
	})
}

func TestParseEntry_refuses_what_is_not_canonical(t *testing.T) {
	good := string(store.AppendEntry(nil, examples()["movement_bare"]))
	for name, bad := range map[string]string{
		"empty": "", "cut": good[:len(good)-1], "longer": good + " ", "newer version": strings.Replace(good, `"v":1`, `"v":2`, 1),
		"a field more":       strings.Replace(good, `,"item"`, `,"more":1,"item"`, 1),
		"fields in another":  strings.Replace(good, `"quantity_change":0.0001,"quantity_after":0.0001`, `"quantity_after":0.0001,"quantity_change":0.0001`, 1),
		"a longer number":    strings.Replace(good, `"quantity_change":0.0001`, `"quantity_change":0.00010`, 1),
		"an exponent":        strings.Replace(good, `"quantity_change":0.0001`, `"quantity_change":1e-4`, 1),
		"a leading zero":     strings.Replace(good, `"id":"1-5"`, `"id":"01-5"`, 1),
		"an upper-case id":   strings.Replace(good, `019b2c`, `019B2C`, 1),
		"an unknown reason":  strings.Replace(good, `AUDIT`, `GIFT`, 1),
		"an escape too many": strings.Replace(good, `AUDIT`, `\u0041UDIT`, 1),
		"a needless field":   strings.Replace(good, `,"item"`, `,"actor":"","item"`, 1),
		"again nothing":      strings.Replace(good, `,"item"`, `,"again":"","item"`, 1),
		"again seq 0":        strings.Replace(good, `,"item"`, `,"again":"1-0","item"`, 1),
		"again out of place": strings.Replace(good, `,"quantity_change"`, `,"again":"1-1","quantity_change"`, 1),
		"a huge seq":         strings.Replace(good, `"1-5"`, `"1-99999999999999999999"`, 1),
	} {
		if bad == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if e, err := store.ParseEntry([]byte(bad)); store.CodeOf(err) != store.CodeInvalid {
			t.Errorf("%s: %s was read as %+v, %v", name, bad, e, err)
		}
	}
}

func TestEntry_is_late_by_doubling_quarter_hours(t *testing.T) {
	const quarter = 15 * 60 * 1000
	for delay, want := range map[store.Instant]int{
		-300_000: 0, 0: 0, quarter: 0, quarter + 1: 1, 2*quarter - 1: 1, 2 * quarter: 2, 4*quarter - 1: 2, 4 * quarter: 3, 40 * 96 * quarter: 12,
	} {
		if got := (&store.Entry{OccurredAt: 0, RecordedAt: delay}).Lateness(); got != want {
			t.Errorf("%d ms late is class %d, want %d", delay, got, want)
		}
	}
}

// FuzzEntry holds that nothing makes the parser panic, and that what it
// accepts is written again byte for byte.
func FuzzEntry(f *testing.F) {
	for _, e := range examples() {
		f.Add(store.AppendEntry(nil, e))
	}
	f.Add([]byte(`{"v":1,"id":"1-1","kind":"event","occurred_at":0,"recorded_at":0,"event":"x","body":{}`))
	f.Add([]byte(`{"v":1,"id":"1-1","kind":"event","occurred_at":-1,"recorded_at":0,"body":"\`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := store.ParseEntry(raw)
		if err != nil {
			return
		}
		if again := store.AppendEntry(nil, e); !bytes.Equal(again, raw) {
			t.Fatalf("read  %s\nwrote %s", raw, again)
		}
	})
}
