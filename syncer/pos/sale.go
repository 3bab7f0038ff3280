package pos

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// salesStream marks up to when sales were read; sinceStream since when
	// they are taken. Both are by the clock of the point of sale.
	salesStream = "sales"
	sinceStream = "sales_since"
	// saleBatch is how many lines are booked together.
	saleBatch = 200
	// matchedFor is how long matched sales are remembered: longer than a look
	// reaches back and a match may be off.
	matchedFor = 3 * 24 * time.Hour
	// matchWithin is how far a sale's time there may be from its time here.
	matchWithin = 24 * time.Hour
)

// Why a sale is not booked.
const (
	whyUnmapped = "unmapped"
	whyRefused  = "refused"
	whyMatch    = "match"
)

// pullSales takes what was sold there since the last look, each line once. The
// lock reading is held.
func (t *Target) pullSales(ctx context.Context) error {
	r, ok := t.to.(SaleReader)
	if !ok || !t.caps.ReadSales {
		return nil
	}
	since, from, to, err := t.window(ctx)
	if err != nil {
		return err
	}
	if err := t.retrySales(ctx); err != nil {
		return err
	}
	for at := from; at < to; {
		end := to
		if w := t.caps.Window; w > 0 {
			end = min(end, at.Add(w))
		}
		err := r.ReadSales(ctx, at, end, func(page []Sale) error {
			return t.take(ctx, slices.DeleteFunc(page, func(s Sale) bool { return s.At != 0 && s.At < since }))
		})
		if err != nil {
			return err
		}
		if err := t.mark(ctx, salesStream, end.String()); err != nil {
			return err
		}
		at = end
	}
	return t.records.DeletePulledSales(ctx, t.cfg.Name, from.Add(-matchedFor))
}

// window gives since when sales count, and what the next look spans. The
// first look sets the beginning: what was sold before is in the numbers that
// both sides start from.
func (t *Target) window(ctx context.Context) (since, from, to store.Instant, err error) {
	now, _ := t.ledger.Now()
	to = now.Add(t.skew())
	begin, err := t.records.FindMark(ctx, t.cfg.Name, sinceStream)
	if err != nil {
		return 0, 0, 0, err
	}
	if begin.Value == "" {
		if err := t.mark(ctx, sinceStream, to.String()); err != nil {
			return 0, 0, 0, err
		}
		return to, to, to, t.mark(ctx, salesStream, to.String())
	}
	if since, err = parseInstant(begin.Value); err != nil {
		return 0, 0, 0, err
	}
	last, err := t.readTo(ctx)
	return since, max(since, cmp.Or(last, since).Add(-t.cfg.Overlap)), to, err
}

// readTo is up to when sales were read, 0 for never.
func (t *Target) readTo(ctx context.Context) (store.Instant, error) {
	m, err := t.records.FindMark(ctx, t.cfg.Name, salesStream)
	if err != nil || m.Value == "" {
		return 0, err
	}
	return parseInstant(m.Value)
}

// parseInstant reads what Instant.String wrote.
func parseInstant(text string) (store.Instant, error) {
	at, err := time.Parse(time.RFC3339, text)
	return store.InstantOf(at), err
}

// mark keeps how far something was read.
func (t *Target) mark(ctx context.Context, stream, value string) error {
	now, _ := t.ledger.Now()
	return t.records.PutMark(ctx, store.Mark{Destination: t.cfg.Name, Stream: stream, Value: value, At: now})
}

// skew is how far the point of sale's clock is ahead of ours, as far as is
// known.
func (t *Target) skew() time.Duration {
	if c := t.checked.Load(); c != nil && c.ClockKnown {
		return c.Skew
	}
	return 0
}

// take books lines of sales, or keeps them to be matched.
func (t *Target) take(ctx context.Context, page []Sale) error {
	var pulled []store.PulledSale
	for i := range page {
		s := &page[i]
		s.Place = t.normal(s.Place)
		if s.Problem != "" || s.ID == "" || s.Change == 0 {
			t.log.Warn("a sale of a point of sale cannot be read", "sale", s.ID, "line", s.Line, "problem", s.Problem)
			continue
		}
		now, _ := t.ledger.Now()
		pulled = append(pulled, store.PulledSale{
			Destination: t.cfg.Name, ExternalID: s.ID, Line: s.Line, Place: s.Place, Change: s.Change,
			Reason: s.Reason, Reference: s.Reference, At: s.At, SeenAt: now,
		})
	}
	if !t.cfg.Books {
		return t.match(ctx, pulled)
	}
	for batch := range slices.Chunk(pulled, saleBatch) {
		if err := t.book(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// book makes movements of sales, and keeps those that cannot be booked yet.
func (t *Target) book(ctx context.Context, batch []store.PulledSale) error {
	cmd := &store.ImportSales{Location: t.cfg.Location}
	var index []int
	var waits []store.PulledSale
	for i := range batch {
		line, ok := t.line(&batch[i])
		if !ok {
			batch[i].Why = whyUnmapped
			waits = append(waits, batch[i])
			continue
		}
		cmd.Lines, index = append(cmd.Lines, line), append(index, i)
	}
	if len(cmd.Lines) > 0 {
		receipt, err := t.ledger.Do(ctx, t.request(), cmd)
		if err != nil {
			return err
		}
		for n, out := range receipt.Lines {
			s := &batch[index[n]]
			if out.Err != nil {
				t.log.Error("a sale of a point of sale was refused", "sale", s.ExternalID, "line", s.Line, "err", out.Err)
				s.Why = whyRefused
				waits = append(waits, *s)
			} else if s.Why != "" {
				// It waited, and is booked now.
				if err := t.records.DeletePulledSale(ctx, t.cfg.Name, s.ExternalID, s.Line); err != nil {
					return err
				}
			}
		}
	}
	return t.await(ctx, waits)
}

// request is what commands carry that come from here.
func (t *Target) request() store.Request {
	return store.Request{Actor: t.source(), Source: t.source(), Manager: true}
}

// line is a sale in the ledger's terms; ok is false when it is of something
// that is not linked.
func (t *Target) line(s *store.PulledSale) (line store.SaleLine, ok bool) {
	line = store.SaleLine{
		Room: t.cfg.SellRoom, Change: s.Change, Reason: s.Reason, Reference: s.Reference,
		OccurredAt: s.At.Add(-t.skew()), ExternalID: s.ExternalID, Line: s.Line,
	}
	if s.At == 0 {
		line.OccurredAt = 0
	}
	if room, found := t.links.of(store.LinkRoom, s.Place.Room); found && s.Place.Room != "" {
		line.Room, _ = store.ParseRoom(room)
	}
	if s.Place.Lot != "" {
		line.Lot, ok = t.links.idOf(store.LinkLot, s.Place.Lot)
		if lot, found := t.ledger.Lot(line.Lot); ok && found {
			line.Product = lot.ProductID
			return line, true
		}
	}
	line.Lot = store.ID{}
	line.Product, ok = t.links.idOf(store.LinkProduct, s.Place.Product)
	return line, ok
}

// await keeps sales that cannot be booked, and tells people once.
func (t *Target) await(ctx context.Context, list []store.PulledSale) error {
	if len(list) == 0 {
		return nil
	}
	if err := t.records.PutPulledSales(ctx, list); err != nil {
		return err
	}
	open, err := t.records.ListWorkItems(ctx, store.WorkFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for i := range open {
		told[open[i].Detail] = true
	}
	var work []store.WorkItem
	for i := range list {
		detail := "Sales of product " + list[i].Place.Product + " at " + t.cfg.Name + " cannot be booked: it is not linked here."
		if list[i].Why == whyRefused {
			detail = "Line " + list[i].ExternalID + " of a sale at " + t.cfg.Name + " cannot be booked. Book it by hand."
		}
		if told[detail] {
			continue
		}
		told[detail] = true
		w := store.WorkItem{ID: t.newID(), Destination: t.cfg.Name, Code: CodeUnmappedSale, Detail: detail}
		w.CreatedAt, _ = t.ledger.Now()
		work = append(work, w)
	}
	return t.records.PutWorkItems(ctx, work)
}

// retrySales books what could not be booked before, and matches what had no
// match.
func (t *Target) retrySales(ctx context.Context) error {
	open, err := t.records.ListPulledSales(ctx, t.cfg.Name, true)
	if err != nil || len(open) == 0 {
		return err
	}
	if !t.cfg.Books {
		return t.match(ctx, open)
	}
	ready := slices.DeleteFunc(open, func(s store.PulledSale) bool {
		_, ok := t.line(&s)
		return !ok
	})
	for batch := range slices.Chunk(ready, saleBatch) {
		if err := t.book(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// match finds the movement that each sale is the same as, by reference and
// quantity, and keeps both.
func (t *Target) match(ctx context.Context, list []store.PulledSale) error {
	if len(list) == 0 {
		return nil
	}
	known, err := t.records.ListPulledSales(ctx, t.cfg.Name, false)
	if err != nil {
		return err
	}
	taken := map[store.Position]bool{}
	done := map[saleName]bool{}
	for i := range known {
		if s := &known[i]; !s.Movement.IsZero() {
			taken[s.Movement], done[nameOf(s)] = true, true
		}
	}
	list = slices.DeleteFunc(list, func(s store.PulledSale) bool { return done[nameOf(&s)] })
	ours, err := t.ourSales(ctx, list)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		s.Why = whyMatch
		for _, f := range ours[s.Reference] {
			if !taken[f.Entry.Position] && t.same(s, f) {
				s.Movement, taken[f.Entry.Position] = f.Entry.Position, true
				break
			}
		}
	}
	return t.records.PutPulledSales(ctx, list)
}

// saleName names a line of a sale at the point of sale.
type saleName struct {
	id   string
	line int64
}

func nameOf(s *store.PulledSale) saleName { return saleName{s.ExternalID, s.Line} }

// same tells whether a movement is a sale that the point of sale reports.
func (t *Target) same(s *store.PulledSale, f store.Fact) bool {
	at := t.place(f.After)
	return f.Entry.Movement.Change == s.Change && at.missing == nil && at.Product == s.Place.Product &&
		(s.Place.Lot == "" || at.Lot == s.Place.Lot)
}

// ourSales gives the sales and returns with a reference that were booked here
// around the time of some there, by reference.
func (t *Target) ourSales(ctx context.Context, list []store.PulledSale) (map[string][]store.Fact, error) {
	found := map[string][]store.Fact{}
	var first store.Instant
	for i := range list {
		if at := list[i].At; list[i].Reference != "" && at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	if first == 0 {
		return found, nil
	}
	f := store.MovementFilter{
		Locations: []store.ID{t.cfg.Location}, Reasons: []store.Reason{store.Sale, store.Return},
		From: first.Add(-matchWithin), Limit: 1000,
	}
	for {
		facts, next, err := t.ledger.Movements(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, fact := range facts {
			if m := fact.Entry.Movement; m.Reference != "" && fact.Entry.Source != t.source() {
				found[m.Reference] = append(found[m.Reference], fact)
			}
		}
		if next == 0 {
			return found, nil
		}
		f.Before = next
	}
}
