package cmd

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/shelfd/shelfd/store"
)

// demoHours is how the tickets of a day spread over the hours from 9 to 21.
var demoHours = []int{3, 4, 5, 6, 6, 6, 7, 9, 10, 9, 7, 5}

// demoWeek is how busy a day is against an ordinary one, in hundredths, from
// Sunday.
var demoWeek = [7]int{110, 80, 85, 95, 105, 145, 155}

// plan plans the days, each in the morning of that day.
func (s *demoShop) plan() {
	first := demoStart(s.now).Time().In(s.zone)
	for n := range demoDays + 1 {
		opens := time.Date(first.Year(), first.Month(), first.Day()+n, 8, 0, 0, 0, s.zone)
		s.at(store.InstantOf(opens), func(context.Context) error {
			s.day(n, opens)
			return nil
		})
	}
}

// clockTime is a moment of a day that began at 8, with a few seconds more.
func (s *demoShop) clockTime(opens time.Time, hour, minute int) store.Instant {
	t := time.Date(opens.Year(), opens.Month(), opens.Day(), hour, minute, s.random.IntN(60), s.random.IntN(1000)*1e6, s.zone)
	return store.InstantOf(t)
}

// day plans what happens on the nth day.
func (s *demoShop) day(n int, opens time.Time) {
	if wd := opens.Weekday(); wd == time.Monday || wd == time.Wednesday || wd == time.Friday {
		s.at(s.clockTime(opens, 8, 20), func(ctx context.Context) error { return s.receive(ctx, n) })
	}
	for _, hour := range []int{8, 13, 17} {
		s.at(s.clockTime(opens, hour, 45), s.refill)
	}
	s.planTickets(n, opens)
	for range 1 + s.random.IntN(3) {
		s.at(s.clockTime(opens, 10+s.random.IntN(9), s.random.IntN(60)), s.order)
	}
	s.planLosses(n, opens)
	if opens.Weekday() == time.Monday {
		s.at(s.clockTime(opens, 21, 20), func(ctx context.Context) error { return s.count(ctx, n/7) })
	}
	s.at(s.clockTime(opens, 21, 50), s.tidy)
}

// planTickets plans the day's sales. On some days the last till is cut off
// for the afternoon, and its sales come in at night.
func (s *demoShop) planTickets(n int, opens time.Time) {
	total := 0
	for _, weight := range demoHours {
		total += weight
	}
	offline := n == 11 || n == 33 || n == 52
	for range s.visits * demoWeek[opens.Weekday()] * (85 + s.random.IntN(31)) / 10_000 {
		at, hour := s.random.IntN(total), 0
		for ; at >= demoHours[hour]; hour++ {
			at -= demoHours[hour]
		}
		till := s.random.IntN(len(s.tills))
		happened := s.clockTime(opens, 9+hour, s.random.IntN(60))
		recorded, late := happened, store.Instant(0)
		if offline && till == len(s.tills)-1 && hour >= 5 && hour < 10 {
			recorded, late = s.clockTime(opens, 19, 10), happened
		}
		s.at(recorded, func(ctx context.Context) error { return s.sell(ctx, till, late) })
	}
}

// planLosses plans what breaks, is stolen, given away or mistyped.
func (s *demoShop) planLosses(n int, opens time.Time) {
	some := func(do func(context.Context) error) {
		s.at(s.clockTime(opens, 9+s.random.IntN(12), s.random.IntN(60)), do)
	}
	for range s.random.IntN(3) {
		some(func(ctx context.Context) error {
			return s.lose(ctx, store.Damage, "broken", "Dropped while stocking the shelf")
		})
	}
	if n%19 == 7 {
		some(func(ctx context.Context) error {
			return s.lose(ctx, store.Theft, "shoplifting", "Missing after closing; seen on camera 2")
		})
	}
	if n%6 == 2 {
		some(func(ctx context.Context) error {
			return s.lose(ctx, store.Adjustment, "sample", "Sample for the staff training")
		})
	}
	if n%23 == 9 {
		some(s.mistake)
	}
}

// pick chooses a product as customers do.
func (s *demoShop) pick() *demoStock {
	at := s.random.IntN(s.odds[len(s.odds)-1])
	return s.stocks[sort.Search(len(s.odds), func(i int) bool { return s.odds[i] > at })]
}

// amount is how much of a product one customer buys.
func (s *demoShop) amount(k *demoStock) store.Quantity {
	if k.unit == "g" {
		return []store.Quantity{1_0000, 2_0000, 3_5000, 7_0000, 1_5000}[s.random.IntN(5)]
	}
	return demoUnits([]int64{1, 1, 1, 1, 1, 2, 2, 3}[s.random.IntN(8)])
}

// from gives the oldest item of a list that has so much available.
func (s *demoShop) from(items []store.ID, q store.Quantity) (store.ID, bool) {
	i := slices.IndexFunc(items, func(id store.ID) bool { return s.sum([]store.ID{id}) >= q })
	if i < 0 {
		return store.ID{}, false
	}
	return items[i], true
}

// till is what a till's commands carry.
func (s *demoShop) till(n int) store.Request {
	return store.Request{Actor: fmt.Sprintf("budtender-%d", n+1), Terminal: s.tills[n], Source: "api"}
}

// sell rings up a ticket. occurred is when, for a till that was cut off.
func (s *demoShop) sell(ctx context.Context, till int, occurred store.Instant) error {
	s.tickets++
	reference := fmt.Sprintf("T%d-%06d", till+1, 24_000+s.tickets)
	taken := map[store.ID]bool{}
	var b store.BulkAdjust
	for range []int{1, 1, 2, 2, 2, 3, 4}[s.random.IntN(7)] {
		k := s.pick()
		q := s.amount(k)
		id, ok := s.from(k.shelf, q)
		if !ok || taken[id] {
			continue
		}
		taken[id] = true
		b.Lines = append(b.Lines, &store.Adjust{
			Item: id, Change: -q, Reason: store.Sale, Reference: reference,
			OccurredAt: occurred, Offline: occurred != 0,
		})
	}
	if len(b.Lines) == 0 {
		return nil
	}
	if _, err := s.do(ctx, s.till(till), &b); err != nil {
		return err
	}
	s.mayReturn(till, b.Lines[0])
	return nil
}

// mayReturn plans for some tickets that the first line comes back in the next
// days, or that the till made a mistake and takes it back at once.
func (s *demoShop) mayReturn(till int, sold *store.Adjust) {
	if s.random.IntN(60) != 0 {
		return
	}
	after := time.Duration(20+s.random.IntN(8)) * time.Hour
	sub := []string{"unwanted", "restock"}[s.random.IntN(2)]
	s.at(store.InstantOf(s.clock.Wall().Add(after)), func(ctx context.Context) error {
		_, err := s.do(ctx, s.till(till), &store.Adjust{
			Item: sold.Item, Change: -sold.Change, Reason: store.Return, SubReason: sub,
			Reference: sold.Reference, Notes: "Brought back with the receipt",
		})
		if store.CodeOf(err) == store.CodeNotFound {
			return nil // the row was archived since
		}
		return err
	})
}
