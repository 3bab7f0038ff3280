package pos

import (
	"context"
	"slices"
	"strings"
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
	now, _ := t.ledger.Now()
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
		if err := t.readUpTo(ctx, end); err != nil {
			return err
		}
		at = end
	}
	return t.forgetSales(ctx, min(now, from.Add(-t.skew())).Add(-matchedFor))
}

// forgetSales drops what was matched long ago, now and then.
func (t *Target) forgetSales(ctx context.Context, before store.Instant) error {
	if t.cfg.Books || before.Sub(t.forgotten) < time.Hour {
		return nil
	}
	t.forgotten = before
	return t.records.DeletePulledSales(ctx, t.cfg.Name, before)
}

// begin sets since when sales count, the first time: what was sold before is in
// the numbers that both sides start from. So it comes before those are read.
func (t *Target) begin(ctx context.Context) (since store.Instant, err error) {
	if _, ok := t.to.(SaleReader); !ok || !t.caps.ReadSales {
		return 0, nil
	}
	m, err := t.records.FindMark(ctx, t.cfg.Name, sinceStream)
	if err != nil || m.Value != "" {
		return readOr(m.Value, err)
	}
	since = t.theirNow()
	if err := t.readUpTo(ctx, since); err != nil {
		return 0, err
	}
	return since, t.mark(ctx, sinceStream, since.String())
}

func readOr(text string, err error) (store.Instant, error) {
	if err != nil {
		return 0, err
	}
	return parseInstant(text)
}

// window gives since when sales count, and what the next look spans. One of the
// clocks may have been set since the last look: then it goes back as far as
// either says.
func (t *Target) window(ctx context.Context) (since, from, to store.Instant, err error) {
	if since, err = t.begin(ctx); err != nil {
		return 0, 0, 0, err
	}
	theirs, ours, err := t.readTo(ctx)
	from = min(theirs, ours.Add(t.skew())).Add(-t.cfg.Overlap)
	return since, max(since, from), t.theirNow(), err
}

// readUpTo keeps up to when sales were read, by both clocks.
func (t *Target) readUpTo(ctx context.Context, theirs store.Instant) error {
	return t.mark(ctx, salesStream, theirs.String()+" "+theirs.Add(-t.skew()).String())
}

// readTo is up to when sales were read, by their clock and by ours; 0 for
// never.
func (t *Target) readTo(ctx context.Context) (theirs, ours store.Instant, err error) {
	m, err := t.records.FindMark(ctx, t.cfg.Name, salesStream)
	if err != nil || m.Value == "" {
		return 0, 0, err
	}
	first, second, _ := strings.Cut(m.Value, " ")
	if theirs, err = parseInstant(first); err == nil {
		ours, err = parseInstant(second)
	}
	return theirs, ours, err
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
		return t.match(ctx, pulled, 0)
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

// mostReference is how long a reference may be in the ledger.
const mostReference = 200

// clip cuts a reference that is longer than the ledger takes: a sale is not
// refused for that.
func clip(text string) string {
	if runes := []rune(text); len(runes) > mostReference {
		return string(runes[:mostReference])
	}
	return text
}

// line is a sale in the ledger's terms; ok is false when it is of something
// that is not linked.
func (t *Target) line(s *store.PulledSale) (line store.SaleLine, ok bool) {
	line = store.SaleLine{
		Room: t.cfg.SellRoom, Change: s.Change, Reason: s.Reason, Reference: clip(s.Reference),
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
