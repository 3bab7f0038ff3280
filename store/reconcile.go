package store

// maxCaseEvents bounds how many differences one check puts into the ledger one
// by one; what is beyond is counted in a single event.
const maxCaseEvents = 100

// NoteCases puts on record that differences were found, or that a later check
// no longer found them. It never refuses.
type NoteCases struct{ Opened, Closed []Case }

// caseNoted is the body of the events discrepancy_opened and
// discrepancy_closed about a destination.
type caseNoted struct {
	Class       CaseClass `json:"class"`
	CaseID      ID        `json:"case_id"`
	Destination string    `json:"destination"`
	LocationID  ID        `json:"location_id"`
	ProductID   ID        `json:"product_id,omitzero"`
	LotID       ID        `json:"lot_id,omitzero"`
	SKU         string    `json:"sku,omitempty"`
	Tag         string    `json:"package_tag,omitempty"`
	Shelf       *Quantity `json:"shelf_quantity,omitempty"`
	Theirs      *Quantity `json:"their_quantity,omitempty"`
}

// casesNoted is the body of the event about those beyond the bound.
type casesNoted struct {
	Class       string `json:"class"`
	Destination string `json:"destination"`
	Count       int    `json:"count"`
}

func (c *NoteCases) decide(t *tx) error {
	if err := noteCases(t, EventDiscrepancy, c.Opened); err != nil {
		return err
	}
	return noteCases(t, EventReconciled, c.Closed)
}

func noteCases(t *tx, kind EventType, list []Case) error {
	for i := range list[:min(len(list), maxCaseEvents)] {
		v := &list[i]
		err := t.event(kind, caseNoted{
			v.Class, v.ID, v.Destination, v.LocationID, v.ProductID, v.LotID, v.SKU, v.Tag, v.Shelf, v.Theirs,
		})
		if err != nil {
			return err
		}
	}
	if more := len(list) - maxCaseEvents; more > 0 {
		return t.event(kind, casesNoted{"many", list[0].Destination, more})
	}
	return nil
}
