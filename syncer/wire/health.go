package wire

import (
	"net/http"
	"strconv"

	"github.com/shelfd/shelfd/store"
)

// Health is what a store says about itself with every request.
type Health struct {
	// Head is its newest position, so that the lag is known.
	Head store.Position
	// Version is its program.
	Version string
	// LowStock is how many items are low.
	LowStock int64
	// Time is its own clock.
	Time Time
}

// Header writes the health into the headers of a request.
func (v *Health) Header(h http.Header) {
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set(HeaderHead, v.Head.String())
	set(HeaderVersion, v.Version)
	set(HeaderLowStock, strconv.FormatInt(v.LowStock, 10))
	set(HeaderTime, v.Time.String())
}

// maxVersion is how much of a program's version is kept.
const maxVersion = 64

// ReadHealth reads the headers of a request. What is missing or malformed is
// zero: health is never a reason to refuse.
func ReadHealth(h http.Header) (v Health) {
	v.Head, _ = store.ParsePosition(h.Get(HeaderHead))
	v.Version = printable(h.Get(HeaderVersion), maxVersion)
	v.LowStock, _ = strconv.ParseInt(h.Get(HeaderLowStock), 10, 64)
	v.LowStock = max(v.LowStock, 0)
	if v.Time.UnmarshalText([]byte(h.Get(HeaderTime))) != nil {
		v.Time = 0
	}
	return v
}

// printable cuts s to its first bytes, and to nothing unless they are ASCII.
func printable(s string, most int) string {
	s = s[:min(len(s), most)]
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}
