package dutchie

import (
	"context"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// ReadSales gives what was sold, brought back and voided in the transactions
// that changed in a window: a void and a sale that was rung up offline are
// then not missed, however long ago the sale was. A sale that changed again
// after the window is in the later one.
//
// A transaction that was voided gives two rows for each of its lines: the line
// itself, and its opposite under an id of its own. So it comes to nothing,
// whether the line was read before the void or not.
func (c *Connector) ReadSales(ctx context.Context, from, to store.Instant, page func([]pos.Sale) error) error {
	a, err := c.get(ctx, "/reporting/transactions", url.Values{
		// Whether Dutchie counts the ends in is not said.
		"FromLastModifiedDateUTC": {date(from.Add(-time.Millisecond))},
		"ToLastModifiedDateUTC":   {date(to)},
		// Without it every transaction comes without its lines.
		"IncludeDetail": {"true"},
	})
	if err != nil {
		return err
	}
	sales, err := readSales(a)
	if err != nil {
		return err
	}
	return hand(sales, page)
}

func readSales(a *pos.Answer) ([]pos.Sale, error) {
	rows, err := readList(a)
	if err != nil {
		return nil, err
	}
	var sales []pos.Sale
	for _, raw := range rows {
		var t transaction
		problem := readRow(raw, &t)
		if problem == "" {
			problem = t.check()
		}
		if problem != "" {
			s := t.base()
			s.Problem = problem
			sales = append(sales, s)
			continue
		}
		sales = append(sales, t.sales()...)
	}
	return sales, nil
}
