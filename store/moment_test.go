package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// season fills a shop with eight months of movements, many of them late, over
// both days on which the clocks of America/Chicago change.
type season struct {
	*storetest.Shop
	t        *testing.T
	random   *rand.Rand
	second   store.ID
	products []store.ID
	items    []store.ID
	holds    []store.ID
}

func openSeason(t *testing.T, seed uint64) *season {
	s := &season{Shop: storetest.Open(t, func(r *store.Rules) { r.SaveEvery = 50 }), t: t, random: rand.New(rand.NewPCG(seed, 1))}
	s.second = s.AddLocation("Second Street", "America/Phoenix")
	for n := range 8 {
		s.products = append(s.products, s.AddProduct(fmt.Sprintf("P-%d", n), func(p *store.Product) { p.UnitCost = store.Money(s.random.Int64N(50_0000)) }))
	}
	s.Clock.Advance(30 * 24 * time.Hour)
	return s
}

// step does one thing that may happen in a shop. Refusals are part of life.
func (s *season) step() {
	s.Clock.Advance(s.pause())
	switch n := s.random.IntN(20); {
	case n == 0 || len(s.items) < 4:
		r, err := try(s.Shop, &store.OpenItem{
			Product: pick(s, s.products), Location: pick(s, []store.ID{s.Location, s.second}), Room: store.Rooms[s.random.IntN(4)],
			Opening: store.Quantity(s.random.Int64N(100_0000)),
		})
		if err == nil {
			s.items = append(s.items, r.Facts[0].Of.(*store.Item).ID)
		}
	case n == 1:
		name, price := fmt.Sprintf("Name %d", s.random.IntN(100)), store.Money(s.random.Int64N(90_0000))
		_, _ = try(s.Shop, &store.EditProduct{ID: pick(s, s.products), Edit: func(p *store.Product) { p.Name, p.UnitPrice = name, price }})
	case n == 2:
		threshold := store.Quantity(s.random.Int64N(20_0000))
		_, _ = try(s.Shop, &store.EditItem{ID: pick(s, s.items), Threshold: &threshold})
	case n == 3:
		s.emptyAndArchive(pick(s, s.items))
	case n == 4:
		if r, err := try(s.Shop, &store.Reserve{Item: pick(s, s.items), Quantity: units(1 + s.random.Int64N(3)), Seconds: 1 + s.random.Int64N(86_400)}); err == nil {
			s.holds = append(s.holds, r.Facts[0].Of.(*store.Reservation).ID)
		}
	case n == 5 && len(s.holds) > 0:
		_, _ = try(s.Shop, &store.EndReservation{ID: pick(s, s.holds), Sell: s.random.IntN(2) == 0})
	case n == 6:
		s.Look()
	default:
		s.adjust()
	}
}

// pause is a moment, an hour or a night.
func (s *season) pause() time.Duration {
	return time.Duration(s.random.Int64N(int64([]time.Duration{time.Second, 10 * time.Minute, 24 * time.Hour}[s.random.IntN(3)])))
}

func (s *season) adjust() {
	a := &store.Adjust{Item: pick(s, s.items), Change: store.Quantity(s.random.Int64N(10_0000) - 5_0000), Reason: store.Audit}
	now := store.InstantOf(s.Clock.Wall())
	switch s.random.IntN(6) {
	case 0: // minutes to 40 days late
		a.OccurredAt = now.Add(-time.Duration(s.random.Int64N(int64([]time.Duration{20 * time.Minute, 26 * time.Hour, 40 * 24 * time.Hour}[s.random.IntN(3)]))))
	case 1: // on the edges of what is late
		a.OccurredAt = now.Add(-15 * time.Minute).Add(time.Duration(s.random.IntN(3)-1) * time.Millisecond)
	case 2: // a terminal whose clock is ahead
		a.OccurredAt = now.Add(time.Duration(s.random.Int64N(int64(5*time.Minute) + 1)))
	}
	if s.random.IntN(5) == 0 {
		a.Reason, a.ToRoom = store.Transfer, store.Rooms[s.random.IntN(4)]
	}
	if r, err := try(s.Shop, a); err == nil && r.Facts[0].Entry.Document != nil {
		s.items = append(s.items, r.Facts[0].Of.(*store.Item).ID)
	}
}

func (s *season) emptyAndArchive(id store.ID) {
	item, _ := s.Item(id)
	if item.ArchivedAt != 0 {
		s.Must(&store.EditItem{ID: id, Threshold: item.Threshold})
		return
	}
	if item.Quantity != 0 {
		_, _ = try(s.Shop, &store.Adjust{Item: id, Change: -item.Quantity, Reason: store.Adjustment, Notes: "emptied"})
	}
	_, _ = try(s.Shop, &store.EditItem{ID: id, Archive: true})
}

func pick[T any](s *season, list []T) T { return list[s.random.IntN(len(list))] }

// runTo lives until a moment.
func (s *season) runTo(end time.Time) {
	for s.Clock.Wall().Before(end) {
		s.step()
	}
}

// moments are a thousand moments worth asking for.
func (s *season) moments(all naiveLedger) (list []store.Moment) {
	var ends []store.Instant
	for _, name := range []string{"America/Chicago", "America/Phoenix"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, day := range []time.Time{
			time.Date(2026, 3, 7, 0, 0, 0, 0, zone), time.Date(2026, 3, 8, 0, 0, 0, 0, zone), time.Date(2026, 3, 9, 0, 0, 0, 0, zone),
			time.Date(2026, 10, 31, 0, 0, 0, 0, zone), time.Date(2026, 11, 1, 0, 0, 0, 0, zone), time.Date(2026, 11, 2, 0, 0, 0, 0, zone),
		} {
			for _, at := range []time.Time{day.AddDate(0, 0, 1), day.Add(time.Hour), day.Add(2 * time.Hour), day.Add(3 * time.Hour)} {
				ends = append(ends, store.InstantOf(at)-1, store.InstantOf(at))
			}
		}
	}
	for _, seq := range s.saved() {
		at := store.Instant(all[seq-1].Recorded)
		list = append(list, store.Moment{AsOf: at}, store.Moment{AsOf: at + 1, KnownAt: at + 1}, store.Moment{AsOf: at.Add(time.Minute)})
	}
	some := func() store.Instant {
		e := all[s.random.IntN(len(all))]
		at := []int64{e.Recorded, e.Occurred}[s.random.IntN(2)] + s.random.Int64N(3) - 1
		return store.Instant(at + []int64{0, 0, 15 * 60_000, -15 * 60_000, 5 * 60_000, -5 * 60_000}[s.random.IntN(6)])
	}
	for _, end := range ends {
		list = append(list, store.Moment{AsOf: end}, store.Moment{AsOf: end, KnownAt: end}, store.Moment{AsOf: end, KnownAt: end.Add(10 * 24 * time.Hour)})
	}
	list = append(list, store.Moment{AsOf: 1}, store.Moment{AsOf: store.InstantOf(storetest.Start) - 1}, store.Moment{AsOf: 1 << 50})
	for len(list) < 1000 {
		switch m := (store.Moment{AsOf: some()}); s.random.IntN(4) {
		case 0:
			list = append(list, store.Moment{Seq: 1 + s.random.Int64N(int64(len(all)))})
		case 1:
			list = append(list, m)
		default:
			m.KnownAt = some()
			if s.random.IntN(2) == 0 {
				m.KnownAt = max(m.AsOf, m.KnownAt)
			}
			list = append(list, m)
		}
	}
	return list
}

// saved lists the newest seqs with saved balances.
func (s *season) saved() (seqs []int64) {
	for seq := s.Head().Seq; seq > 0 && len(seqs) < 50; {
		full, since, err := s.Journal().FindBalances(s.t.Context(), seq)
		if err != nil {
			s.t.Fatal(err)
		}
		if seq = max(full.Seq, since.Seq); seq > 0 {
			seqs = append(seqs, seq)
			seq--
		}
	}
	return seqs
}

// busy does so many adjustments, never more than a pause apart.
func (s *season) busy(n int, pause time.Duration) {
	for range n {
		s.Clock.Advance(time.Duration(s.random.Int64N(int64(pause))))
		s.adjust()
	}
}

func (s *season) snapshot(m store.Moment, locations ...store.ID) naiveMoment {
	s.t.Helper()
	got, err := s.Snapshot(s.t.Context(), m, locations)
	if err != nil {
		s.t.Fatalf("%+v: %v", m, err)
	}
	return snapshotOf(got)
}

func TestSnapshot_equals_a_naive_replay_at_a_thousand_moments(t *testing.T) {
	s := openSeason(t, 2026)
	s.runTo(time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC))
	s.busy(250, 20*time.Minute)
	s.runTo(time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC))
	s.busy(250, 20*time.Minute)
	s.busy(400, 10*time.Second)
	all := readNaively(t, s.Shop)
	early := s.moments(all)
	first := make([]naiveMoment, len(early))
	for n, m := range early {
		first[n] = s.snapshot(m)
		sameDump(t, fmt.Sprintf("moment %d of %d entries: %+v", n, len(all), m), first[n].dump(), all.at(m).dump())
	}
	for _, m := range early[:50] {
		sameDump(t, "one location", s.snapshot(m, s.second).dump(), all.at(m, s.second.String()).dump())
	}

	// What was asked of the whole past stays as it was, whatever comes later.
	known := s.Head().RecordedAt
	for range 300 {
		s.step()
	}
	s.Reopen()
	all = readNaively(t, s.Shop)
	for n := 0; n < len(early); n += storetest.Some(4, 1) {
		m := early[n]
		sameDump(t, fmt.Sprintf("asked again: %+v", m), s.snapshot(m).dump(), all.at(m).dump())
		if m.Seq == 0 && m.KnownAt == 0 {
			if m.AsOf >= known {
				continue
			}
			m.KnownAt = known
		}
		if m.KnownAt <= known {
			sameDump(t, fmt.Sprintf("asked again as known then: %+v", m), s.snapshot(m).dump(), first[n].dump())
		}
	}
	checkWhole(t, s.Shop)
}

func TestSnapshot_of_now_is_the_live_stock(t *testing.T) {
	s := openSeason(t, 7)
	for range 300 {
		s.step()
	}
	live, _ := s.Items(store.ItemFilter{}, 0, 1000)
	var want []naiveRow
	for _, i := range live {
		threshold := ""
		if i.Threshold != nil {
			threshold = i.Threshold.String()
		}
		want = append(want, naiveRow{i.ID.String(), i.Product.Name, i.Product.UnitPrice.String(), threshold, i.Quantity.String(), i.Reserved.String()})
	}
	got, err := s.Snapshot(t.Context(), store.Moment{Seq: s.Head().Seq}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(snapshotOf(got).rows) != fmt.Sprint(want) {
		t.Fatalf("got  %v\nwant %v", snapshotOf(got).rows, want)
	}
	byID := map[store.ID]*store.Item{}
	for _, i := range live {
		byID[i.ID] = i
	}
	for i := range got.Rows() {
		if i.Low != byID[i.ID].Low {
			t.Errorf("%s: low %v, live %v", i.Product.Name, i.Low, byID[i.ID].Low)
		}
	}
	if _, err := s.Snapshot(t.Context(), store.Moment{Seq: s.Head().Seq + 1}, nil); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("a seq that is not there yet: %v", err)
	}
}

func TestExplain_adds_up(t *testing.T) {
	s := openSeason(t, 11)
	for range 400 {
		s.step()
	}
	all := readNaively(t, s.Shop)
	for _, id := range s.items {
		item, _ := s.Item(id)
		for _, asOf := range []store.Instant{0, s.Head().RecordedAt.Add(-10 * 24 * time.Hour)} {
			x, err := s.Explain(t.Context(), id, asOf)
			if err != nil {
				t.Fatal(err)
			}
			sum, held := x.Opening, store.Quantity(0)
			for _, q := range x.ByReason {
				sum += q
			}
			for _, q := range x.Holds {
				held += q
			}
			if sum != x.Quantity || held != x.Reserved {
				t.Errorf("%s: the terms add up to %s and %s, not %s and %s", id, sum, held, x.Quantity, x.Reserved)
			}
			quantity, reserved := item.Quantity, item.Reserved
			if asOf != 0 {
				quantity, reserved = 0, 0
				for _, row := range all.at(store.Moment{AsOf: asOf}).rows {
					if row.id == id.String() {
						quantity, _ = store.ParseQuantity(row.quantity)
						reserved, _ = store.ParseQuantity(row.reserved)
					}
				}
			}
			if x.Quantity != quantity || x.Reserved != reserved {
				t.Errorf("%s as of %s: %s and %s, want %s and %s", id, asOf, x.Quantity, x.Reserved, quantity, reserved)
			}
		}
	}
}
