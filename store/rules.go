package store

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// futureLimit is how far ahead occurred_at may be: terminals' clocks differ.
const futureLimit = 5 * time.Minute

// Rules are the settings that decide what is allowed.
type Rules struct {
	// BackdateLimit is how old occurred_at may be without a manager.
	BackdateLimit time.Duration
	// HysteresisPercent is how far above its threshold stock must rise before
	// low stock can fire again.
	HysteresisPercent int
	// ExpiringWithin is how long before the end of its last day a lot that is
	// in stock is told of; 0 for never.
	ExpiringWithin time.Duration
	// NotesAbove asks for notes on movements of more than that quantity,
	// either way, by reason.
	NotesAbove map[Reason]Quantity
	// SubReasons is the table of allowed sub-reasons.
	SubReasons []SubReason
	// KeepKeys is how long idempotency keys are remembered.
	KeepKeys time.Duration
	// SaveEvery is after how many entries balances are saved.
	SaveEvery int64
	// HeadEvery is the time between saved heads while there are new entries.
	HeadEvery time.Duration
	// CatalogueOwner and ThresholdOwner say whose word on products and on
	// low-stock thresholds counts: OwnerCentral, also when empty, or
	// OwnerStore, which refuses commands from central about them.
	CatalogueOwner, ThresholdOwner string
	// SaleSources names the source that books a location's sales, such as
	// pos:vendure, by the location's id or its name in small letters, or under
	// "" for any. Where there is one, sales from anywhere else are refused,
	// because they would be booked twice.
	SaleSources map[string]string
}

// saleSource is the only source of a location's sales, empty for any.
func (r *Rules) saleSource(l *Location) string {
	if len(r.SaleSources) == 0 {
		return ""
	}
	return cmp.Or(r.SaleSources[l.ID.String()], r.SaleSources[strings.ToLower(l.Name)], r.SaleSources[""])
}

// Who may own a group of fields.
const (
	OwnerCentral = "central"
	OwnerStore   = "store"
)

// DefaultRules are the documented defaults.
func DefaultRules() Rules {
	return Rules{
		BackdateLimit:     45 * 24 * time.Hour,
		HysteresisPercent: 10,
		ExpiringWithin:    14 * 24 * time.Hour,
		NotesAbove:        map[Reason]Quantity{Theft: 5 * scale, Adjustment: 50 * scale},
		SubReasons:        DefaultSubReasons(),
		KeepKeys:          30 * 24 * time.Hour,
		SaveEvery:         20_000,
		HeadEvery:         time.Hour,
		CatalogueOwner:    OwnerCentral,
		ThresholdOwner:    OwnerCentral,
	}
}

// DefaultSubReasons is the table of sub-reasons of a store that configured
// none.
func DefaultSubReasons() []SubReason {
	return []SubReason{
		{SubReceived, []Reason{Transfer}, "Received from a supplier or another licence"},
		{SubShipped, []Reason{Transfer}, "Sent to another licence"},
		{"restock", []Reason{Transfer, Return}, "Put back on the shelf"},
		{"cycle_count", []Reason{Audit}, "Found in a scheduled count"},
		{"recount", []Reason{Audit}, "Found when counting again"},
		{"data_entry", []Reason{Adjustment, Audit}, "A typing mistake put right"},
		{"sample", []Reason{Adjustment}, "Given or taken as a sample"},
		{"display", []Reason{Adjustment}, "Opened for display"},
		{"waste", []Reason{Adjustment, Damage}, "Destroyed under waste rules"},
		{"expired", []Reason{Damage, Adjustment}, "Past its expiry"},
		{"broken", []Reason{Damage}, "Broken or spilled"},
		{"defective", []Reason{Damage, Return}, "Faulty as made"},
		{"shoplifting", []Reason{Theft}, "Taken by a visitor"},
		{"internal", []Reason{Theft}, "Taken by staff"},
		{"unwanted", []Reason{Return}, "Returned unopened"},
		{"recall", []Reason{Return, Transfer, Adjustment}, "Called back by the maker or the state"},
	}
}

// builtIn are the sub-reasons the ledger books by itself.
var builtIn = []SubReason{
	{SubOpening, []Reason{Adjustment}, "Opening stock"},
	{SubImport, []Reason{Adjustment}, "Set by an import"},
	{SubAlreadyCounted, []Reason{Audit}, "Already seen by a later count"},
	{SubReceived, []Reason{Transfer}, "Received from a supplier or another licence"},
	{SubShipped, []Reason{Transfer}, "Sent to another licence"},
	{SubReturned, []Reason{Transfer}, "Came back from a transfer"},
	{SubSurplus, []Reason{Audit}, "Came with a transfer and was not on it"},
}

// AllSubReasons lists the configured sub-reasons and those the ledger books
// by itself.
func (r *Rules) AllSubReasons() []SubReason {
	all := slices.Clone(r.SubReasons)
	for _, s := range builtIn {
		if !slices.ContainsFunc(all, func(o SubReason) bool { return o.Code == s.Code }) {
			all = append(all, s)
		}
	}
	return all
}

// checkSubReason refuses a sub-reason that is not in the table, or not below
// this reason.
func (r *Rules) checkSubReason(code string, reason Reason) *Error {
	if code == "" {
		return nil
	}
	for _, table := range [][]SubReason{r.SubReasons, builtIn} {
		for _, s := range table {
			if s.Code == code && s.allows(reason) {
				return nil
			}
			if s.Code == code {
				return refuse(CodeUnknownReason, "sub_reason %q does not belong to %s.", code, reason)
			}
		}
	}
	return refuse(CodeUnknownReason, "%.60q is not a configured sub_reason.", code)
}
