package metrc

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

func (s *sim) facility(number, name string) any {
	return s.row("Facilities/Facility", map[string]any{"License.Number": number, "Name": name, "DisplayName": name})
}

func (s *sim) listPackages(w http.ResponseWriter, q url.Values, wanted func(*simPackage) bool) {
	var rows []listed
	for _, p := range s.packages {
		if wanted(p) {
			rows = append(rows, listed{s.packageRow(p), p.modified})
		}
	}
	s.list(w, q, rows, true)
}

func (s *sim) showPackage(w http.ResponseWriter, label string) {
	i := slices.IndexFunc(s.packages, func(p *simPackage) bool { return p.label == label })
	if i < 0 {
		say(w, http.StatusNotFound, nil)
		return
	}
	say(w, http.StatusOK, s.packageRow(s.packages[i]))
}

// packageRow shows a package as it is, or was when reads are behind.
func (s *sim) packageRow(p *simPackage) any {
	quantity := p.quantity
	if p.stale > 0 {
		p.stale--
		quantity = p.shown
	}
	fields := map[string]any{
		"Id": 9000 + p.n, "Label": p.label, "Quantity": quantity, "UnitOfMeasureName": p.unit,
		"Item.Id": itemID(p.n), "Item.Name": p.item, "IsOnHold": p.onHold, "IsOnRecall": p.recall, "IsFinished": p.finished,
		"LastModified": stamp(p.modified),
	}
	if p.archived {
		fields["ArchivedDate"] = p.modified.Format(time.DateOnly)
	}
	return s.row("Packages/PackagesPackage", fields)
}

func (s *sim) listReasons(w http.ResponseWriter, q url.Values) {
	var rows []listed
	for _, r := range s.reasons {
		rows = append(rows, listed{row: s.row("Packages/AdjustReason", map[string]any{
			"Name": r.name, "RequiresNote": r.note, "RequiresWasteWeight": r.waste,
		})})
	}
	slices.Reverse(rows)
	s.list(w, q, rows, false)
}

func (s *sim) listLocations(w http.ResponseWriter, q url.Values) {
	var rows []listed
	for _, l := range s.locations {
		rows = append(rows, listed{s.row("Locations/LocationsLocation", map[string]any{
			"Id": l.id, "Name": l.name, "LocationTypeName": l.kind, "ForPackages": l.packages,
		}), l.modified})
	}
	s.list(w, q, rows, true)
}

func (s *sim) listReceipts(w http.ResponseWriter, q url.Values, archived bool) {
	var rows []listed
	for _, r := range s.receipts {
		if r.archived == archived {
			rows = append(rows, listed{s.receiptRow(r, false), r.modified})
		}
	}
	s.list(w, q, rows, true)
}

func (s *sim) showReceipt(w http.ResponseWriter, id string) {
	i := slices.IndexFunc(s.receipts, func(r *simReceipt) bool { return strconv.Itoa(r.id) == id && !r.noDetail })
	if i < 0 {
		say(w, http.StatusNotFound, nil)
		return
	}
	say(w, http.StatusOK, s.receiptRow(s.receipts[i], true))
}

// receiptRow shows a receipt. Only one asked for by itself has its lines.
func (s *sim) receiptRow(r *simReceipt, detail bool) any {
	fields := map[string]any{
		"Id": r.id, "ReceiptNumber": "000" + strconv.Itoa(r.id), "ExternalReceiptNumber": r.reference,
		"SalesDateTime": stamp(r.at), "RecordedDateTime": stamp(r.at), "LastModified": stamp(r.modified),
		"TotalPackages": len(r.lines),
	}
	if r.archived {
		fields["ArchivedDate"] = r.modified.Format(time.DateOnly)
	}
	schema := "Sales/ActiveReceipt"
	if detail {
		schema = "Sales/Receipt"
		lines := []any{}
		for _, l := range r.lines {
			lines = append(lines, map[string]any{
				"PackageLabel": l.label, "QuantitySold": l.sold, "UnitOfMeasureName": l.unit, "TotalPrice": 10, "ArchivedDate": nil,
			})
		}
		fields["Transactions"] = lines
	}
	row := s.row(schema, fields)
	if r.noOffset {
		row["SalesDateTime"] = r.at.Format("2006-01-02T15:04:05.000")
	}
	return row
}
