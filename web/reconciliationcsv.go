package web

import (
	"encoding/csv"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// reconciledColumns are those of reconciling as CSV.
var reconciledColumns = []string{
	"product_name", "sku", "package_tag", "location_name", "unit", "shelf", "pos", "pos_difference", "state", "state_difference",
	"class", "since", "product_id", "lot_id", "location_id",
}

// sendReconciledCSV answers a line a row, with the first point of sale and the
// first state's register.
func (x *exchange) sendReconciledCSV(rows []store.Reconciled) error {
	x.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	x.Writer.WriteHeader(http.StatusOK)
	out := csv.NewWriter(x.Writer)
	out.UseCRLF = true
	if err := out.Write(reconciledColumns); err != nil {
		return err
	}
	for i := range rows {
		if err := out.Write(reconciledRecord(&rows[i])); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// reconciledRecord gives the cells of a row under reconciledColumns.
func reconciledRecord(r *store.Reconciled) []string {
	of := subjectOf(r)
	pos, state := firstSide(r, false), firstSide(r, true)
	classes, since := openClasses(r)
	return []string{
		plainCell(r.Name), plainCell(r.SKU), plainCell(r.Tag), plainCell(of.place), of.unit,
		quantityCell(r.Shelf), quantityCell(pos), quantityCell(difference(pos, r.Shelf)),
		quantityCell(state), quantityCell(difference(state, r.Shelf)),
		strings.Join(classes, ", "), since.String(), idCell(of.product), idCell(of.lot), idCell(of.location),
	}
}

// firstSide gives what the first point of sale says, or the first state's
// register; nil for nothing.
func firstSide(r *store.Reconciled, state bool) *store.Quantity {
	for i := range r.Sides {
		if r.Sides[i].State == state {
			return r.Sides[i].Quantity
		}
	}
	return nil
}

// quantityCell gives a quantity as a cell, empty for none.
func quantityCell(q *store.Quantity) string {
	if q == nil {
		return ""
	}
	return q.String()
}

// idCell gives an id as a cell, empty for none.
func idCell(id store.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
