package store_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// shelf is a shop with the stock that the reason rules are tried on.
type shelf struct {
	*storetest.Shop
	product, other                         store.ID
	floor, vault, quarantine, strange      store.ID // 10, 10, 10, 10 whole units
	held, closed, expired, expiring        store.ID // 10 units each of a lot
	heldLot, closedLot                     store.ID
	reservation, foreign, lapsed, released store.ID // of the floor (3), of the vault, expired, released
}

func openShelf(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{Shop: storetest.Open(t)}
	s.product, s.other = s.AddProduct("A"), s.AddProduct("B")
	s.floor, s.vault = s.OpenItem(s.product, store.SalesFloor, 10), s.OpenItem(s.product, store.Vault, 10)
	s.quarantine, s.strange = s.OpenItem(s.product, store.Quarantine, 10), s.OpenItem(s.other, store.SalesFloor, 10)
	lot := func(tag, expires string) (lot, item store.ID) {
		r := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag, l.ExpiresOn = s.product, tag, expires }})
		lot = r.Facts[0].Of.(*store.Lot).ID
		r = s.Must(&store.OpenItem{Product: s.product, Location: s.Location, Room: store.SalesFloor, Lot: lot, Opening: units(10)})
		return lot, r.Facts[0].Of.(*store.Item).ID
	}
	s.heldLot, s.held = lot("HELD", "")
	s.closedLot, s.closed = lot("CLOSED", "")
	_, s.expired = lot("EXPIRED", "2026-01-26")
	_, s.expiring = lot("EXPIRES TODAY", "2026-01-27")
	s.setLot(s.heldLot, store.LotHeld)
	s.setLot(s.closedLot, store.LotClosed)
	reserve := func(item store.ID, n, seconds int64) store.ID {
		r := s.Must(&store.Reserve{Item: item, Quantity: units(n), Seconds: seconds})
		return r.Facts[0].Of.(*store.Reservation).ID
	}
	s.lapsed = reserve(s.vault, 1, 1)
	s.Clock.Advance(2 * time.Second)
	s.Look()
	s.released = reserve(s.vault, 1, 0)
	s.Must(&store.EndReservation{ID: s.released})
	s.reservation, s.foreign = reserve(s.floor, 3, 0), reserve(s.vault, 1, 0)
	return s
}

func (s *shelf) setLot(id store.ID, status store.LotStatus) {
	s.Must(&store.EditLot{ID: id, Edit: func(l *store.Lot) { l.Status = status }})
}

func TestAdjust_refuses_by_the_rules_and_writes_nothing(t *testing.T) {
	s := openShelf(t)
	now := store.InstantOf(s.Clock.Wall())
	seen, long := units(9), strings.Repeat("x", 2001)
	for name, c := range map[string]struct {
		cmd  store.Adjust
		code store.Code
	}{
		"a sale that adds":                       {store.Adjust{Item: s.floor, Change: 1, Reason: store.Sale}, store.CodeReasonSign},
		"a return that takes":                    {store.Adjust{Item: s.floor, Change: -1, Reason: store.Return}, store.CodeReasonSign},
		"damage that adds":                       {store.Adjust{Item: s.floor, Change: 1, Reason: store.Damage}, store.CodeReasonSign},
		"theft that adds":                        {store.Adjust{Item: s.floor, Change: 1, Reason: store.Theft}, store.CodeReasonSign},
		"no change":                              {store.Adjust{Item: s.floor, Reason: store.Audit}, store.CodeRange},
		"no reason":                              {store.Adjust{Item: s.floor, Change: 1}, store.CodeUnknownReason},
		"a change too large":                     {store.Adjust{Item: s.floor, Change: store.MaxQuantity + 1, Reason: store.Audit}, store.CodeRange},
		"the smallest number":                    {store.Adjust{Item: s.floor, Change: math.MinInt64, Reason: store.Audit}, store.CodeRange},
		"a quantity too large after it":          {store.Adjust{Item: s.floor, Change: store.MaxQuantity, Reason: store.Audit}, store.CodeRange},
		"an unknown sub-reason":                  {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, SubReason: "magic"}, store.CodeUnknownReason},
		"a sub-reason of another":                {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, SubReason: "shoplifting"}, store.CodeUnknownReason},
		"a sub-reason in other letters":          {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, SubReason: "Recount"}, store.CodeUnknownReason},
		"more than is available":                 {store.Adjust{Item: s.floor, Change: units(-8), Reason: store.Sale}, store.CodeInsufficientStock},
		"damage of more than there is":           {store.Adjust{Item: s.floor, Change: units(-11), Reason: store.Damage}, store.CodeInsufficientStock},
		"audit below zero":                       {store.Adjust{Item: s.floor, Change: units(-11), Reason: store.Audit}, store.CodeInsufficientStock},
		"a sale from quarantine":                 {store.Adjust{Item: s.quarantine, Change: -1, Reason: store.Sale}, store.CodeRoomNotSellable},
		"a sale of a held lot":                   {store.Adjust{Item: s.held, Change: -1, Reason: store.Sale}, store.CodeRoomNotSellable},
		"a sale of an expired lot":               {store.Adjust{Item: s.expired, Change: -1, Reason: store.Sale}, store.CodeRoomNotSellable},
		"a movement of a closed lot":             {store.Adjust{Item: s.closed, Change: 1, Reason: store.Audit}, store.CodeLotClosed},
		"another quantity than seen":             {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, Expected: &seen}, store.CodeStaleQuantity},
		"another version than seen":              {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, Version: 1}, store.CodeStaleVersion},
		"six minutes ahead":                      {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: now.Add(6 * time.Minute)}, store.CodeFutureTime},
		"in the year 2400":                       {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: store.InstantOf(time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC))}, store.CodeFutureTime},
		"46 days ago":                            {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: now.Add(-46 * 24 * time.Hour)}, store.CodeBackdateLimit},
		"in 1999":                                {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: store.InstantOf(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))}, store.CodeInvalid},
		"a large theft without notes":            {store.Adjust{Item: s.floor, Change: units(-5) - 1, Reason: store.Theft}, store.CodeInvalid},
		"a large adjustment without notes":       {store.Adjust{Item: s.floor, Change: units(51), Reason: store.Adjustment}, store.CodeInvalid},
		"notes too long":                         {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, Notes: long}, store.CodeInvalid},
		"notes with a null":                      {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, Notes: "a\x00b"}, store.CodeInvalid},
		"a reference that is not UTF-8":          {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, Reference: "a\xffb"}, store.CodeInvalid},
		"an external id that is not UTF-8":       {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, ExternalID: "\"\xff"}, store.CodeInvalid},
		"an external id of a book":               {store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, ExternalID: strings.Repeat("x", 20_000)}, store.CodeInvalid},
		"an item that is not there":              {store.Adjust{Item: storetest.NewID(), Change: 1, Reason: store.Audit}, store.CodeNotFound},
		"to itself":                              {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToItem: s.floor}, store.CodeSameItem},
		"to its own room":                        {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToRoom: store.SalesFloor}, store.CodeSameItem},
		"to another product":                     {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToItem: s.strange}, store.CodeUnitMismatch},
		"to an item that is not there":           {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToItem: storetest.NewID()}, store.CodeNotFound},
		"to an item and a room":                  {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToItem: s.vault, ToRoom: store.Vault}, store.CodeInvalid},
		"to an item of a closed lot":             {store.Adjust{Item: s.floor, Change: -1, Reason: store.Transfer, ToItem: s.closed}, store.CodeLotClosed},
		"a transfer of more than there is":       {store.Adjust{Item: s.floor, Change: units(-11), Reason: store.Transfer, ToItem: s.vault}, store.CodeInsufficientStock},
		"a transfer of more than there is there": {store.Adjust{Item: s.floor, Change: units(11), Reason: store.Transfer, ToItem: s.vault}, store.CodeInsufficientStock},
		"a sale with a counterpart":              {store.Adjust{Item: s.floor, Change: -1, Reason: store.Sale, ToItem: s.vault}, store.CodeInvalid},
		"a return of reserved units":             {store.Adjust{Item: s.floor, Change: 1, Reason: store.Return, Reservation: s.reservation}, store.CodeInvalid},
		"more than was reserved":                 {store.Adjust{Item: s.floor, Change: units(-4), Reason: store.Sale, Reservation: s.reservation}, store.CodeInsufficientStock},
		"reserved units of another":              {store.Adjust{Item: s.floor, Change: units(-1), Reason: store.Sale, Reservation: s.foreign}, store.CodeInvalid},
		"a reservation that is not there":        {store.Adjust{Item: s.floor, Change: units(-1), Reason: store.Sale, Reservation: storetest.NewID()}, store.CodeNotFound},
		"a reservation that expired":             {store.Adjust{Item: s.vault, Change: units(-1), Reason: store.Sale, Reservation: s.lapsed}, store.CodeReservationExpired},
		"a reservation that was released":        {store.Adjust{Item: s.vault, Change: units(-1), Reason: store.Sale, Reservation: s.released}, store.CodeReservationClosed},
	} {
		before, dump := s.Head(), s.Dump()
		if _, err := try(s.Shop, &c.cmd); store.CodeOf(err) != c.code {
			t.Errorf("%s: %v (%s), want %s", name, err, store.CodeOf(err), c.code)
		}
		if s.Head() != before || s.Dump() != dump {
			t.Errorf("%s: a refusal changed something", name)
		}
	}
}

func TestAdjust_accepts_what_the_rules_allow(t *testing.T) {
	now := store.InstantOf(storetest.Start)
	for name, c := range map[string]func(s *shelf) store.Adjust{
		"the last available unit": func(s *shelf) store.Adjust { return store.Adjust{Item: s.floor, Change: units(-7), Reason: store.Sale} },
		"damage of reserved units": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-8), Reason: store.Damage}
		},
		"a small theft without notes": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-5), Reason: store.Theft}
		},
		"a large theft with notes": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-6), Reason: store.Theft, Notes: "window"}
		},
		"damage in quarantine":  func(s *shelf) store.Adjust { return store.Adjust{Item: s.quarantine, Change: -1, Reason: store.Damage} },
		"a held lot adjusted":   func(s *shelf) store.Adjust { return store.Adjust{Item: s.held, Change: -1, Reason: store.Adjustment} },
		"a lot on its last day": func(s *shelf) store.Adjust { return store.Adjust{Item: s.expiring, Change: -1, Reason: store.Sale} },
		"an expired lot destroyed": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.expired, Change: units(-10), Reason: store.Damage, SubReason: "expired"}
		},
		"four minutes ahead": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: now.Add(4 * time.Minute)}
		},
		"44 days ago": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: now.Add(-44 * 24 * time.Hour)}
		},
		"its own sub-reason": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, SubReason: "recount"}
		},
		"part of what is reserved": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-2), Reason: store.Sale, Reservation: s.reservation}
		},
		"received from outside": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(9), Reason: store.Transfer, SubReason: "received"}
		},
		"into a room that is not open yet": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-2), Reason: store.Transfer, ToRoom: store.SecretMenu}
		},
		"from the vault": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(4), Reason: store.Transfer, ToItem: s.vault}
		},
		"with an external id, both legs": func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(4), Reason: store.Transfer, ToItem: s.vault, ExternalID: "T-1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShelf(t)
			cmd := c(s)
			r, err := try(s.Shop, &cmd)
			if err != nil {
				t.Fatal(err)
			}
			sum := store.Quantity(0)
			for _, f := range r.Movements() {
				sum += f.Entry.Movement.Change
				if live, _ := s.Item(f.Entry.Movement.Item); live.Quantity != f.Entry.Movement.After || f.After.Quantity != live.Quantity {
					t.Errorf("%s in stock, %s after the movement", live.Quantity, f.Entry.Movement.After)
				}
			}
			want := cmd.Change
			if len(r.Movements()) == 2 {
				want = 0
			}
			if sum != want {
				t.Errorf("the movements add up to %s, want %s", sum, want)
			}
			checkWhole(t, s.Shop)
		})
	}
}

// checkWhole closes the shop's ledger, verifies and reopens it.
func checkWhole(t testing.TB, s *storetest.Shop) {
	t.Helper()
	live := s.Dump()
	refolded, err := s.Refold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "folded from the first entry", refolded, live)
	if _, err := s.Verify(); err != nil {
		t.Fatal(err)
	}
}

func TestAdjust_names_all_problems_at_once(t *testing.T) {
	s := openShelf(t)
	_, err := try(s.Shop, &store.Adjust{
		Item: s.floor, Change: units(600), Reason: store.Theft, SubReason: "recount", Reference: strings.Repeat("x", 201), ToRoom: store.Vault,
		Reservation: s.reservation, OccurredAt: store.InstantOf(storetest.Start.Add(time.Hour)),
	})
	want := []string{
		"reason_sign_mismatch /quantity_change", "unknown_reason /sub_reason", "invalid_request /reference", "invalid_request /notes",
		"invalid_request /reason_code", "invalid_request /reservation_id", "future_time /occurred_at",
	}
	if got := codes(err); store.CodeOf(err) != store.CodeInvalid || !slices.Equal(got, want) {
		t.Fatalf("%v: %q, want %q", err, got, want)
	}
	_, err = try(s.Shop, &store.Adjust{Item: s.quarantine, Change: units(-11), Reason: store.Sale, Expected: new(store.Quantity)})
	want = []string{"stale_quantity /expected_quantity", "room_not_sellable ", "insufficient_stock /quantity_change"}
	if got := codes(err); store.CodeOf(err) != store.CodeStaleQuantity || !slices.Equal(got, want) {
		t.Fatalf("%v: %q, want %q", err, got, want)
	}
	_, err = try(s.Shop, &store.BulkAdjust{Lines: []*store.Adjust{
		{Item: s.floor, Change: -1, Reason: store.Sale},
		{Item: s.floor, Change: 1, Reason: store.Sale},
		{Item: s.quarantine, Change: -1, Reason: store.Sale},
	}})
	want = []string{"reason_sign_mismatch /updates/1/quantity_change", "room_not_sellable /updates/2"}
	if got := codes(err); store.CodeOf(err) != store.CodeInvalid || !slices.Equal(got, want) {
		t.Fatalf("%v: %q, want %q", err, got, want)
	}
}

func TestAdjust_lets_a_manager_book_what_is_older_than_the_limit(t *testing.T) {
	s := openShelf(t)
	at := store.InstantOf(storetest.Start).Add(-400 * 24 * time.Hour)
	if _, err := asManager(s.Shop, &store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: at}); err != nil {
		t.Fatal(err)
	}
	future := store.InstantOf(time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC))
	if _, err := asManager(s.Shop, &store.Adjust{Item: s.floor, Change: 1, Reason: store.Audit, OccurredAt: future}); store.CodeOf(err) != store.CodeFutureTime {
		t.Fatalf("a manager booked the year 2400: %v", err)
	}
}

func TestAdjust_sells_reserved_units_even_when_others_are_short(t *testing.T) {
	s := openShelf(t)
	more := s.Must(&store.Reserve{Item: s.floor, Quantity: units(2)}).Facts[0].Of.(*store.Reservation)
	s.Adjust(s.floor, -7, store.Damage) // 3 left of 5 reserved
	r := s.Must(&store.EndReservation{ID: s.reservation, Sell: true})
	if m := r.Movements()[0].Entry.Movement; m.After != 0 || m.ReservedAfter != units(2) || m.Flags != store.FlagShort {
		t.Fatalf("after it %s, reserved %s, flags %v", m.After, m.ReservedAfter, m.Flags.Names())
	}
	if _, err := try(s.Shop, &store.EndReservation{ID: more.ID, Sell: true}); store.CodeOf(err) != store.CodeInsufficientStock {
		t.Fatalf("units that are not there were sold: %v", err)
	}
	checkWhole(t, s.Shop)
}

// flagsOf does an offline command and gives its movement's flags and the
// codes of the discrepancy it opened.
func flagsOf(t *testing.T, s *shelf, cmd *store.Adjust) (flags []string, body string) {
	t.Helper()
	r := s.Must(cmd)
	for _, f := range r.Facts {
		if e := f.Entry.Event; e != nil && e.Type == store.EventDiscrepancy {
			body = string(e.Body)
		}
	}
	return r.Movements()[0].Entry.Movement.Flags.Names(), body
}

func TestAdjust_books_what_happened_offline_with_flags_and_a_discrepancy(t *testing.T) {
	at := store.InstantOf(storetest.Start).Add(-time.Hour)
	seen := units(99)
	for name, c := range map[string]struct {
		cmd   func(s *shelf) store.Adjust
		flags []string
		codes string
	}{
		"nothing wrong":       {func(s *shelf) store.Adjust { return store.Adjust{Item: s.floor, Change: units(-1), Reason: store.Sale} }, []string{"offline"}, ""},
		"more than available": {func(s *shelf) store.Adjust { return store.Adjust{Item: s.floor, Change: units(-9), Reason: store.Sale} }, []string{"offline", "short"}, `["insufficient_stock"]`},
		"more than there is": {func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-12), Reason: store.Sale}
		}, []string{"negative", "offline", "short"}, `["insufficient_stock"]`},
		"from quarantine": {func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.quarantine, Change: units(-1), Reason: store.Sale}
		}, []string{"offline", "room_not_sellable"}, `["room_not_sellable"]`},
		"a closed lot": {func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.closed, Change: units(-1), Reason: store.Sale}
		}, []string{"offline"}, `["lot_closed"]`},
		"a lapsed reservation": {func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.vault, Change: units(-1), Reason: store.Sale, Reservation: s.lapsed}
		}, []string{"offline"}, `["reservation_expired"]`},
		"another quantity": {func(s *shelf) store.Adjust {
			return store.Adjust{Item: s.floor, Change: units(-1), Reason: store.Sale, Expected: &seen}
		}, []string{"offline"}, `["stale_quantity"]`},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShelf(t)
			cmd := c.cmd(s)
			cmd.Offline, cmd.OccurredAt = true, at
			flags, body := flagsOf(t, s, &cmd)
			if !slices.Equal(flags, c.flags) {
				t.Errorf("flags %v, want %v", flags, c.flags)
			}
			if (c.codes == "") != (body == "") || !strings.Contains(body, c.codes) {
				t.Errorf("the discrepancy is %q, want %s", body, c.codes)
			}
			checkWhole(t, s.Shop)
		})
	}
	t.Run("malformed", func(t *testing.T) {
		s := openShelf(t)
		for _, cmd := range []*store.Adjust{
			{Item: s.floor, Change: 1, Reason: store.Sale}, {Item: storetest.NewID(), Change: -1, Reason: store.Sale}, {Item: s.floor, Change: -1},
		} {
			cmd.Offline, cmd.OccurredAt = true, at
			if _, err := try(s.Shop, cmd); err == nil {
				t.Errorf("%+v was booked", cmd)
			}
		}
	})
}

func TestAdjust_goes_below_zero_where_the_location_allows_it(t *testing.T) {
	s := openShelf(t)
	s.Must(&store.EditLocation{ID: s.Location, Edit: func(l *store.Location) { l.AllowBelow = true }})
	flags, body := flagsOf(t, s, &store.Adjust{Item: s.strange, Change: units(-12), Reason: store.Sale})
	if !slices.Equal(flags, []string{"negative", "short"}) || !strings.Contains(body, `"quantity_after":-2`) {
		t.Errorf("flags %v, discrepancy %q", flags, body)
	}
	r := s.Adjust(s.strange, 1, store.Return)
	if flags := r.Movements()[0].Entry.Movement.Flags.Names(); !slices.Equal(flags, []string{"negative", "short"}) {
		t.Errorf("a return that leaves less than nothing has flags %v", flags)
	}
	r = s.Must(&store.Reverse{Movement: r.Movements()[0].Entry.Position})
	if len(r.Facts) != 2 || r.Facts[1].Entry.Event.Type != store.EventDiscrepancy {
		t.Errorf("a reversal below zero opened no discrepancy: %d entries", len(r.Facts))
	}
	checkWhole(t, s.Shop)
}

func TestAdjust_books_an_external_id_once(t *testing.T) {
	s := openShelf(t)
	cmd := func() *store.Adjust {
		return &store.Adjust{Item: s.floor, Change: -1, Reason: store.Sale, ExternalID: "R-1", Line: 2}
	}
	s.Must(cmd())
	for range 2 {
		if _, err := try(s.Shop, cmd()); !slices.Equal(codes(err), []string{"invalid_request /external_id"}) {
			t.Fatalf("booked twice: %v", err)
		}
		s.Reopen()
	}
	other := cmd()
	other.Line = 3
	s.Must(other)
	twice := &store.BulkAdjust{Lines: []*store.Adjust{{Item: s.floor, Change: -1, Reason: store.Sale, ExternalID: "R-2"}, {Item: s.floor, Change: -1, Reason: store.Sale, ExternalID: "R-2"}}}
	if _, err := try(s.Shop, twice); !slices.Equal(codes(err), []string{"invalid_request /updates/1/external_id"}) {
		t.Fatalf("booked twice in one step: %v", err)
	}
	twice.Partial = true
	if r := s.Must(twice); r.Lines[0].Err != nil || r.Lines[1].Err == nil {
		t.Fatalf("lines %v, %v", r.Lines[0].Err, r.Lines[1].Err)
	}
}

func TestReverse_undoes_a_movement_once(t *testing.T) {
	s := openShelf(t)
	sale := moves(s.Adjust(s.floor, -2, store.Sale))[0].Entry
	back := moves(s.Must(&store.Reverse{Movement: sale.Position}))[0].Entry
	if m := back.Movement; m.Change != units(2) || m.Reason != store.Sale || m.Reverses != sale.Position || m.ValueChange != -sale.Movement.ValueChange {
		t.Fatalf("reversed by %+v", m)
	}
	for name, p := range map[string]store.Position{"twice": sale.Position, "a reversal": back.Position} {
		if _, err := try(s.Shop, &store.Reverse{Movement: p}); store.CodeOf(err) != store.CodeAlreadyReversed {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, p := range map[string]store.Position{
		"no entry": {Epoch: 1, Seq: 10_000}, "another epoch": {Epoch: 2, Seq: sale.Seq}, "a document": {Epoch: 1, Seq: 1}, "nothing": {},
	} {
		if _, err := try(s.Shop, &store.Reverse{Movement: p}); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := moves(s.Adjust(s.vault, 5, store.Return))[0].Entry
	s.Adjust(s.vault, -14, store.Damage)
	if _, err := try(s.Shop, &store.Reverse{Movement: taken.Position}); store.CodeOf(err) != store.CodeInsufficientStock {
		t.Errorf("reversed what is gone: %v", err)
	}
	checkWhole(t, s.Shop)
}

func TestReverse_takes_back_a_whole_transfer_by_any_leg(t *testing.T) {
	for leg := range 2 {
		s := openShelf(t)
		moved := moves(s.Must(&store.Adjust{Item: s.floor, Change: units(4), Reason: store.Transfer, ToItem: s.vault}))
		r := s.Must(&store.Reverse{Movement: moved[leg].Entry.Position})
		if len(r.Movements()) != 2 {
			t.Fatalf("%d movements", len(r.Movements()))
		}
		for _, id := range []store.ID{s.floor, s.vault} {
			if i, _ := s.Item(id); i.Quantity != units(10) {
				t.Errorf("leg %d: %s left", leg, i.Quantity)
			}
		}
		for _, m := range moved {
			if _, err := try(s.Shop, &store.Reverse{Movement: m.Entry.Position}); store.CodeOf(err) != store.CodeAlreadyReversed {
				t.Errorf("reversed twice: %v", err)
			}
		}
		checkWhole(t, s.Shop)
	}
}

func TestReverse_reaches_stock_of_a_closed_lot_but_not_archived_rows(t *testing.T) {
	s := openShelf(t)
	s.setLot(s.closedLot, store.LotActive)
	sale := moves(s.Adjust(s.closed, -1, store.Sale))[0].Entry
	s.setLot(s.closedLot, store.LotClosed)
	s.Must(&store.Reverse{Movement: sale.Position})
	sale = moves(s.Adjust(s.strange, -10, store.Sale))[0].Entry
	s.Must(&store.EditItem{ID: s.strange, Archive: true})
	if _, err := try(s.Shop, &store.Reverse{Movement: sale.Position}); store.CodeOf(err) != store.CodeNotFound {
		t.Fatalf("stock appeared in a row that no list shows: %v", err)
	}
	if _, err := try(s.Shop, &store.Adjust{Item: s.strange, Change: 1, Reason: store.Return}); store.CodeOf(err) != store.CodeNotFound {
		t.Fatalf("stock appeared in a row that no list shows: %v", err)
	}
}

func TestClosed_lots_take_no_stock_by_import_or_opening(t *testing.T) {
	s := openShelf(t)
	if _, err := try(s.Shop, &store.OpenItem{Product: s.product, Location: s.Location, Room: store.Vault, Lot: s.closedLot, Opening: units(1)}); store.CodeOf(err) != store.CodeLotClosed {
		t.Errorf("opened: %v", err)
	}
	quantity, price := units(3), store.Money(99_0000)
	row := store.ImportRow{SKU: "A", Lot: "CLOSED", Quantity: &quantity, UnitPrice: &price}
	before := s.Head()
	r := s.Must(&store.Import{Location: s.Location, Room: store.SalesFloor, Rows: []store.ImportRow{row}, SkipBad: true})
	if r.Lines[0].Err == nil || r.Lines[0].Err.Code != store.CodeLotClosed || s.Head() != before {
		t.Errorf("imported: %+v", r.Lines[0])
	}
}

func TestReservations_hold_until_they_end(t *testing.T) {
	s := openShelf(t)
	for name, c := range map[string]struct {
		cmd  store.Command
		code store.Code
	}{
		"more than is available":  {&store.Reserve{Item: s.floor, Quantity: units(8)}, store.CodeInsufficientStock},
		"nothing":                 {&store.Reserve{Item: s.floor}, store.CodeRange},
		"less than nothing":       {&store.Reserve{Item: s.floor, Quantity: -1}, store.CodeRange},
		"for too long":            {&store.Reserve{Item: s.floor, Quantity: 1, Seconds: 86_401}, store.CodeInvalid},
		"in quarantine":           {&store.Reserve{Item: s.quarantine, Quantity: 1}, store.CodeRoomNotSellable},
		"of a closed lot":         {&store.Reserve{Item: s.closed, Quantity: 1}, store.CodeLotClosed},
		"of nothing":              {&store.Reserve{Item: storetest.NewID(), Quantity: 1}, store.CodeNotFound},
		"extended when lapsed":    {&store.ExtendReservation{ID: s.lapsed}, store.CodeReservationExpired},
		"extended when released":  {&store.ExtendReservation{ID: s.released}, store.CodeReservationClosed},
		"extended by a old view":  {&store.ExtendReservation{ID: s.reservation, Version: 1}, store.CodeStaleVersion},
		"released twice":          {&store.EndReservation{ID: s.released}, store.CodeReservationClosed},
		"sold when lapsed":        {&store.EndReservation{ID: s.lapsed, Sell: true}, store.CodeReservationExpired},
		"released when not there": {&store.EndReservation{ID: storetest.NewID()}, store.CodeNotFound},
	} {
		before := s.Dump()
		if _, err := try(s.Shop, c.cmd); store.CodeOf(err) != c.code {
			t.Errorf("%s: %v (%s), want %s", name, err, store.CodeOf(err), c.code)
		}
		sameDump(t, name, s.Dump(), before)
	}
	s.Clock.Advance(10 * time.Minute)
	s.Must(&store.ExtendReservation{ID: s.reservation, Seconds: 600})
	s.Clock.Advance(6 * time.Minute) // the other one, made with it, lapses
	s.Look()
	if i, _ := s.Item(s.vault); i.Reserved != 0 {
		t.Errorf("%s still reserved in the vault", i.Reserved)
	}
	if i, _ := s.Item(s.floor); i.Reserved != units(3) {
		t.Errorf("%s reserved on the floor", i.Reserved)
	}
	r, err := s.Reservation(t.Context(), s.foreign)
	if err != nil || r.Status != store.ReservationExpired || r.Quantity != 0 || r.Requested != units(1) {
		t.Errorf("%+v, %v", r, err)
	}
	checkWhole(t, s.Shop)
}
