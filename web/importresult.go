package web

import (
	"math"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// sendImported answers row by row.
func (x *exchange) sendImported(c *chunk, receipt store.Receipt) error {
	w := newWriter().open().key("location_id").id(c.cmd.Location).key("results").list()
	counts := map[string]int64{}
	rows := x.importedBefore(c, receipt)
	taken := 0
	for i, r := range c.rows {
		w.open().key("line").int(r.line)
		if len(r.faults) > 0 {
			counts["failed"]++
			w.failedRow(under(i, r.faults)).close()
			continue
		}
		line := receipt.Lines[taken]
		taken++
		if line.Err != nil {
			counts["failed"]++
			w.failedRow(under(i, line.Err.Details)).close()
			continue
		}
		if line.Item == nil {
			line.Item = rows[rowKey(r.row.SKU, r.row.Lot)]
		}
		counts[line.Status]++
		w.importedRow(line, receipt).close()
	}
	w.end().key("summary").open()
	for _, status := range []string{"created", "updated", "unchanged", "failed"} {
		w.key(status).int(counts[status])
	}
	return x.send(http.StatusOK, w.close().close())
}

func (w *writer) importedRow(line store.Line, receipt store.Receipt) *writer {
	w.key("status").text(line.Status).key("inventory_id")
	if line.Item == nil {
		w.null()
	} else {
		w.id(line.Item.ID)
	}
	change := store.Quantity(0)
	if line.Fact >= 0 {
		change = receipt.Facts[line.Fact].Entry.Movement.Change
	}
	return w.key("quantity_change").quantity(change).key("error").null()
}

func (w *writer) failedRow(faults []store.Detail) *writer {
	w.key("status").text("failed").key("inventory_id").null().key("quantity_change").quantity(0)
	w.key("error").detail(faults[0]).key("errors").list()
	for _, d := range faults {
		w.detail(d)
	}
	return w.end()
}

func (w *writer) detail(d store.Detail) *writer {
	return w.open().key("pointer").text(d.Pointer).key("code").text(string(d.Code)).key("detail").text(d.Detail).close()
}

// importedBefore finds the rows of stock of a replayed chunk: what is
// remembered names only those whose quantity changed.
func (x *exchange) importedBefore(c *chunk, receipt store.Receipt) map[string]*store.Item {
	if !receipt.Replayed {
		return nil
	}
	items, _ := x.ledger.Items(store.ItemFilter{Locations: []store.ID{c.cmd.Location}, Rooms: []store.Room{c.cmd.Room}}, 0, math.MaxInt32)
	rows := make(map[string]*store.Item, len(items))
	for _, i := range items {
		lot := ""
		if i.Lot != nil {
			lot = i.Lot.PackageTag
		}
		rows[rowKey(i.Product.SKU, lot)] = i
	}
	return rows
}

// rowKey tells rows of stock in one room apart, as an import does.
func rowKey(sku, lot string) string {
	return strings.ToLower(strings.TrimSpace(sku)) + "\n" + strings.ToLower(strings.TrimSpace(lot))
}
