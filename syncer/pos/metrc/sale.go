package metrc

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	pathReceipts         = "/sales/v2/receipts/"
	pathReceiptsActive   = "/sales/v2/receipts/active"
	pathReceiptsInactive = "/sales/v2/receipts/inactive"
)

// receipt is a sale as METRC writes it. A list gives it without its
// transactions, whatever its rows hold in their place.
type receipt struct {
	ID                              int64 `json:"Id"`
	ReceiptNumber                   string
	ExternalReceiptNumber           string
	SalesDateTime, RecordedDateTime string
	LastModified, ArchivedDate      string
	TotalPackages                   int64
	Transactions                    []object
}

// transaction is a line of a receipt.
type transaction struct {
	PackageLabel      string
	QuantitySold      pos.Number
	UnitOfMeasureName string
	ArchivedDate      string
}

// ReadSales gives the lines of the receipts that were recorded or changed in
// from ≤ at < to, whenever the sale was. A line is named by its receipt and
// label, so that a line that is taken out leaves the others their names, and
// counted where a label comes twice. A voided receipt gives its lines and
// then, named with void, what brings them back. A longer time than METRC
// allows is read in windows.
func (c *connector) ReadSales(ctx context.Context, from, to store.Instant, page func([]pos.Sale) error) error {
	until := func() time.Time { return to.Time() }
	return windows(from.Time(), until, func(q url.Values) error {
		// In this order, because a receipt that is voided meanwhile goes from
		// the one to the other.
		for _, path := range []string{pathReceiptsActive, pathReceiptsInactive} {
			err := c.pages(ctx, path, q, func(rows []object) error { return c.receipts(ctx, rows, page) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// receipts gives the lines of a page of receipts.
func (c *connector) receipts(ctx context.Context, rows []object, page func([]pos.Sale) error) error {
	var list []pos.Sale
	for _, raw := range rows {
		lines, err := c.receipt(ctx, raw)
		if err != nil {
			return err
		}
		list = append(list, lines...)
	}
	if len(list) == 0 {
		return nil
	}
	return page(list)
}

// receipt asks for a receipt that a list has.
func (c *connector) receipt(ctx context.Context, row object) ([]pos.Sale, error) {
	var listed, r receipt
	if problem := decodeRow(row, &listed); listed.ID <= 0 {
		return []pos.Sale{{Problem: "A receipt has no number. " + problem}}, nil
	}
	id := strconv.FormatInt(listed.ID, 10)
	raw, found, err := c.one(ctx, pathReceipts+id)
	if err != nil {
		return nil, err
	}
	unusable := pos.Sale{ID: id, Reference: listed.reference()}
	if !found {
		unusable.Problem = "METRC lists the receipt and does not show it."
		return []pos.Sale{unusable}, nil
	}
	unusable.Problem = decodeRow(raw, &r)
	switch {
	case unusable.Problem != "":
		return []pos.Sale{unusable}, nil
	case r.ID != listed.ID:
		unusable.Problem = "METRC answered with another receipt."
		return []pos.Sale{unusable}, nil
	case len(r.Transactions) == 0 && r.TotalPackages > 0:
		unusable.Problem = fmt.Sprintf("METRC counts %d packages on it and shows none.", r.TotalPackages)
		return []pos.Sale{unusable}, nil
	}
	return c.lines(ctx, &r)
}

// reference is the number that the point of sale gave, or else METRC's.
func (r *receipt) reference() string {
	for _, number := range []string{r.ExternalReceiptNumber, r.ReceiptNumber} {
		if number = strings.TrimSpace(number); number != "" {
			return number
		}
	}
	return strconv.FormatInt(r.ID, 10)
}

// lines gives what a receipt did to packages.
func (c *connector) lines(ctx context.Context, r *receipt) ([]pos.Sale, error) {
	list := make([]pos.Sale, 0, len(r.Transactions))
	times := make(map[string]int64, len(r.Transactions))
	for _, raw := range r.Transactions {
		var t transaction
		problem := decodeRow(raw, &t)
		t.PackageLabel = strings.TrimSpace(t.PackageLabel)
		times[t.PackageLabel]++
		s, err := c.line(ctx, r, &t, problem)
		if err != nil {
			return nil, err
		}
		s.Line = times[t.PackageLabel]
		list = append(list, s)
		if voided := t.ArchivedDate + r.ArchivedDate; voided != "" && s.Problem == "" {
			list = append(list, c.void(r, &t, s))
		}
	}
	return list, nil
}

// line is one transaction of a receipt.
func (c *connector) line(ctx context.Context, r *receipt, t *transaction, problem string) (pos.Sale, error) {
	s := pos.Sale{
		ID: fmt.Sprintf("%d/%s", r.ID, t.PackageLabel), Place: store.Place{Lot: t.PackageLabel},
		Reason: store.Sale, Reference: r.reference(), Problem: problem,
		At: c.first(r.SalesDateTime, r.RecordedDateTime, r.LastModified),
	}
	sold, bad := t.QuantitySold.Quantity()
	s.Change = -sold
	if s.Change > 0 {
		s.Reason = store.Return
	}
	switch {
	case s.Problem != "":
	case t.PackageLabel == "":
		s.Problem = "A line has no package."
	case bad != "":
		s.Problem = bad
	case sold == 0:
		s.Problem = "Nothing of the package was sold."
	case s.At == 0:
		s.Problem = "It does not say when it was sold."
	default:
		return s, c.place(ctx, &s, t)
	}
	return s, nil
}

// place finds the item of the package that was sold, which a receipt does not
// say. A package that METRC no longer knows stays without.
func (c *connector) place(ctx context.Context, s *pos.Sale, t *transaction) (err error) {
	p, ok := c.known.get(t.PackageLabel)
	if !ok {
		if p, _, err = c.find(ctx, t.PackageLabel); err != nil {
			return err
		}
	}
	s.Product = p.item
	if sold := unitOf(t.UnitOfMeasureName); sold != "" && p.unit != "" && !strings.EqualFold(sold, p.unit) {
		s.Problem = fmt.Sprintf("It was sold in %.40s, and its package is kept in %.40s.", sold, p.unit)
	}
	return nil
}

// void takes a line back.
func (c *connector) void(r *receipt, t *transaction, s pos.Sale) pos.Sale {
	s.ID += "/void"
	s.Change = -s.Change
	s.Reason = store.Return
	if s.Change < 0 {
		s.Reason = store.Sale
	}
	s.At = max(s.At, c.first(t.ArchivedDate, r.ArchivedDate, r.LastModified))
	return s
}

// first is the first time of these that can be told.
func (c *connector) first(texts ...string) store.Instant {
	for _, text := range texts {
		if at := c.moment(text); at != 0 {
			return at
		}
	}
	return 0
}
