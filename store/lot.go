package store

import (
	"strings"
	"time"
)

// LotStatus says whether units of a lot may be sold.
type LotStatus string

// The lot statuses. A held lot may be moved and adjusted but not sold; a
// closed lot takes no movements but reversals.
const (
	LotActive LotStatus = "active"
	LotHeld   LotStatus = "held"
	LotClosed LotStatus = "closed"
)

// Lot is a package or batch of one product. A value is one immutable version.
type Lot struct {
	ID          ID        `json:"id"`
	ProductID   ID        `json:"product_id"`
	PackageTag  string    `json:"package_tag,omitempty"`
	BatchNumber string    `json:"batch_number,omitempty"`
	ExpiresOn   string    `json:"expires_on,omitempty"`
	Status      LotStatus `json:"status"`
	ExternalID  string    `json:"external_id,omitempty"`
	ArchivedAt  Instant   `json:"archived_at,omitempty"`

	// Version is the seq of the document that made this version.
	Version int64 `json:"-"`
}

// key is what makes a lot unique: its package tag or, without one, its batch
// number within the product.
func (l *Lot) key() string { return lotKey(l.ProductID, l.PackageTag, l.BatchNumber) }

func lotKey(product ID, tag, batch string) string {
	if tag != "" {
		return "tag\n" + strings.ToLower(tag)
	}
	return string(product[:]) + "\n" + strings.ToLower(batch)
}

// ExpiredAt tells whether the lot's last day is over at a moment, in a zone.
// A lot without an expiry never expires.
func (l *Lot) ExpiredAt(t Instant, zone *time.Location) bool {
	end, ok := l.endsAt(zone)
	return ok && t >= end
}

// endsAt is when the lot's last day is over in a zone; not ok for a lot without
// an expiry.
func (l *Lot) endsAt(zone *time.Location) (end Instant, ok bool) {
	if l.ExpiresOn == "" {
		return 0, false
	}
	day, err := time.ParseInLocation(time.DateOnly, l.ExpiresOn, zone)
	return InstantOf(day.AddDate(0, 0, 1)), err == nil
}

// check names every fault of a lot and trims its texts.
func (l *Lot) check(p *problems) {
	p.text("/package_tag", &l.PackageTag, 0, 100)
	p.text("/batch_number", &l.BatchNumber, 0, 100)
	p.text("/external_id", &l.ExternalID, 0, 200)
	if l.PackageTag == "" && l.BatchNumber == "" {
		p.add(refuse(CodeInvalid, "A lot has a package_tag or a batch_number.").at("/package_tag"))
	}
	switch l.Status {
	case LotActive, LotHeld, LotClosed:
	case "":
		l.Status = LotActive
	default:
		p.add(refuse(CodeInvalid, "%.20q is not a lot status: active, held or closed.", l.Status).at("/status"))
	}
	if l.ExpiresOn == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, l.ExpiresOn)
	if err != nil || day.Year() < 2000 || day.Year() > 2199 {
		p.add(refuse(CodeInvalid, "%.20q is not a day from 2000 to 2199 in the form YYYY-MM-DD.", l.ExpiresOn).at("/expires_at"))
	}
}
