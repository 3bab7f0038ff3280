package dutchie

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// What Dutchie's document lists as types of transactions.
const (
	typeRetail    = "retail"
	typeWholesale = "wholesaleorder"
	typeTransfer  = "transfer"
)

// transaction is a receipt as Dutchie writes it.
type transaction struct {
	TransactionID   int64             `json:"transactionId"`
	TransactionDate string            `json:"transactionDate"`
	VoidDate        string            `json:"voidDate"`
	LastModified    string            `json:"lastModifiedDateUTC"`
	IsVoid          bool              `json:"isVoid"`
	IsReturn        bool              `json:"isReturn"`
	ReturnOn        int64             `json:"returnOnTransactionId"`
	Type            string            `json:"transactionType"`
	InvoiceNumber   string            `json:"invoiceNumber"`
	ReferenceID     string            `json:"referenceId"`
	TotalItems      int64             `json:"totalItems"`
	Items           []json.RawMessage `json:"items"`
}

// line is one line of a receipt. Dutchie does not say from which room it was
// sold.
type line struct {
	ItemID    int64      `json:"transactionItemId"`
	ProductID int64      `json:"productId"`
	PackageID string     `json:"packageId"`
	Quantity  pos.Number `json:"quantity"`
	IsCoupon  bool       `json:"isCoupon"`

	quantity store.Quantity
	problem  string
}

// base is what all lines of a transaction have in common.
func (t *transaction) base() pos.Sale {
	return pos.Sale{
		ID: id(t.TransactionID), At: instant(t.TransactionDate),
		Reference: cmp.Or(t.ReferenceID, t.InvoiceNumber, id(t.TransactionID)),
	}
}

// check says what is wrong with a transaction as a whole; empty for nothing.
func (t *transaction) check() (problem string) {
	kind := strings.ToLower(t.Type)
	switch {
	case t.TransactionID < 1:
		return "It has no id."
	case instant(t.TransactionDate) == 0:
		return "Its date cannot be read."
	case len(t.Items) == 0 && t.TotalItems != 0:
		return "Dutchie leaves out what was sold."
	case kind == typeTransfer:
		return "It is a transfer to another shop, which has to be booked as one."
	case kind != "" && kind != typeRetail && kind != typeWholesale:
		return "It is of a type that is not known here."
	}
	return ""
}

// back tells whether goods came back with it.
func (t *transaction) back() bool { return t.IsReturn || t.ReturnOn > 0 }

// sales gives the lines.
func (t *transaction) sales() []pos.Sale {
	var list []pos.Sale
	for _, l := range t.lines() {
		s := t.sale(l)
		list = append(list, s)
		if voidedAt := t.voidedAt(); voidedAt != 0 && s.Problem == "" {
			s.ID += "-void"
			s.At = voidedAt
			s.Change, s.Reason = -s.Change, reason(-s.Change)
			list = append(list, s)
		}
	}
	return list
}

// sale makes a sale of a line.
func (t *transaction) sale(l line) pos.Sale {
	s := t.base()
	s.Line, s.Place = l.ItemID, store.Place{Product: id(l.ProductID), Lot: l.PackageID}
	s.Problem = l.problem
	s.Change = -l.quantity
	if t.back() {
		// Nowhere is said which sign the lines of a return have.
		s.Change = max(l.quantity, -l.quantity)
	}
	s.Reason = reason(s.Change)
	return s
}

// reason of what happened to the stock: goods that went were sold.
func reason(change store.Quantity) store.Reason {
	if change < 0 {
		return store.Sale
	}
	return store.Return
}

// voidedAt is when it was voided, 0 when it was not.
func (t *transaction) voidedAt() store.Instant {
	at := instant(t.VoidDate)
	if t.IsVoid && at == 0 {
		at = cmp.Or(instant(t.LastModified), instant(t.TransactionDate))
	}
	return at
}

// lines reads the lines that are about goods, and what is wrong with each.
func (t *transaction) lines() []line {
	list := make([]line, 0, len(t.Items))
	ids := map[int64]int{}
	var out, in bool
	for _, raw := range t.Items {
		var l line
		if l.read(raw); !l.goods() {
			continue
		}
		ids[l.ItemID]++
		out, in = out || l.quantity > 0, in || l.quantity < 0
		list = append(list, l)
	}
	for i := range list {
		switch l := &list[i]; {
		case l.problem != "":
		case ids[l.ItemID] > 1:
			// All of them: which one another answer has first cannot be told,
			// and neither is to be taken for the other.
			l.problem = "Another line of its transaction has the same number."
		case t.back() && out && in:
			l.problem = "Its transaction brings goods back and sells some; which is which is not said."
		}
	}
	return list
}

// goods tells whether the line is about any. A line with a problem may be.
func (l *line) goods() bool { return !l.IsCoupon && (l.quantity != 0 || l.problem != "") }

// read reads one line.
func (l *line) read(raw json.RawMessage) {
	l.problem = readRow(raw, l)
	if l.ItemID < 1 {
		l.problem = cmp.Or(l.problem, "Its line has no number.")
	}
	if l.ProductID < 1 {
		l.problem = cmp.Or(l.problem, "It has no product.")
	}
	var wrong string
	l.quantity, wrong = l.Quantity.Quantity()
	l.problem = cmp.Or(l.problem, wrong)
}
