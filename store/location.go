package store

import (
	"strings"
	"time"
)

// Location is a licensed premises. A value is one immutable version.
type Location struct {
	ID         ID      `json:"id"`
	Name       string  `json:"name"`
	Licence    string  `json:"licence_number,omitempty"`
	TimeZone   string  `json:"timezone"`
	Currency   string  `json:"currency"`
	AllowBelow bool    `json:"allow_negative_stock,omitempty"`
	ExternalID string  `json:"external_id,omitempty"`
	ArchivedAt Instant `json:"archived_at,omitempty"`

	// Version is the seq of the document that made this version.
	Version int64 `json:"-"`
	zone    *time.Location
}

// Zone is the location's time zone.
func (l *Location) Zone() *time.Location {
	if l.zone == nil {
		return time.UTC
	}
	return l.zone
}

// check names every fault of a location.
func (l *Location) check(p *problems) {
	p.text("/name", &l.Name, 1, 200)
	p.text("/licence_number", &l.Licence, 0, 100)
	p.text("/external_id", &l.ExternalID, 0, 200)
	if len(l.Currency) != 3 || strings.Trim(l.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		p.add(refuse(CodeInvalid, "currency is a three-letter ISO 4217 code such as USD.").at("/currency"))
	}
	if err := l.load(); err != nil || l.TimeZone == "" || l.TimeZone == "Local" {
		p.add(refuse(CodeInvalid, "%.60q is not an IANA time zone such as America/Chicago.", l.TimeZone).at("/timezone"))
	}
}

// load resolves the time zone's rules.
func (l *Location) load() (err error) {
	l.zone, err = time.LoadLocation(l.TimeZone)
	return err
}
