package store

// Reason is one of the seven reason codes of a movement.
type Reason uint8

// The seven reason codes; there is never an eighth.
const (
	Sale Reason = 1 + iota
	Return
	Adjustment
	Damage
	Theft
	Transfer
	Audit
)

// Reasons lists the reason codes in their documented order.
var Reasons = []Reason{Sale, Return, Adjustment, Damage, Theft, Transfer, Audit}

var reasonNames = [...]string{"", "SALE", "RETURN", "ADJUSTMENT", "DAMAGE", "THEFT", "TRANSFER", "AUDIT"}

var reasonTexts = [...]string{
	"", "Retail sale", "Customer return", "Manual adjustment", "Damaged goods",
	"Theft/shrinkage", "Inter-location transfer", "Audit correction",
}

// ParseReason reads a reason code. ok is false for any but the seven.
func ParseReason(s string) (r Reason, ok bool) {
	for _, r := range Reasons {
		if reasonNames[r] == s {
			return r, true
		}
	}
	return 0, false
}

// String gives the reason code.
func (r Reason) String() string { return reasonNames[r] }

// Text describes the reason code in two words.
func (r Reason) Text() string { return reasonTexts[r] }

// Sign is the sign a movement with this reason must have: -1, +1, or 0 when
// either will do.
func (r Reason) Sign() int {
	switch r {
	case Sale, Damage, Theft:
		return -1
	case Return:
		return 1
	}
	return 0
}

// MarshalText gives the reason code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(reasonNames[r]), nil }

// UnmarshalText reads a reason code; code unknown_reason for any but the seven.
func (r *Reason) UnmarshalText(b []byte) error {
	v, ok := ParseReason(string(b))
	if !ok {
		return refuse(CodeUnknownReason, "%.40q is not a reason code.", b)
	}
	*r = v
	return nil
}

// SubReason is a finer reason below one or more of the seven, from the
// configured table.
type SubReason struct {
	Code        string
	Reasons     []Reason
	Description string
}

// The sub-reasons the ledger itself books; any configured table must allow
// them, so they are always known.
const (
	SubOpening        = "opening"
	SubImport         = "import"
	SubAlreadyCounted = "already_counted"
	SubReversal       = "reversal"
	SubReceived       = "received"
	SubShipped        = "shipped"
	SubReturned       = "returned"
	SubSurplus        = "surplus"
)

// allows tells whether the sub-reason may stand below r.
func (s SubReason) allows(r Reason) bool {
	for _, x := range s.Reasons {
		if x == r {
			return true
		}
	}
	return len(s.Reasons) == 0
}
