package httpapi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// rateText is how often a point of sale may be asked: 5/s, 120/m, 1000/h.
type rateText struct {
	requests int
	per      time.Duration
}

var rateUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

func (r *rateText) parse(text string) error {
	count, unit, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	per, ok := rateUnits[unit]
	if err != nil || !ok || n < 1 || n > 1_000_000 {
		return errors.New("must be requests per second, minute or hour, such as 5/s, 120/m or 1000/h")
	}
	*r = rateText{n, per}
	return nil
}

// perSecond is 0 for no bound.
func (r rateText) perSecond() float64 {
	if r.per == 0 {
		return 0
	}
	return float64(r.requests) / r.per.Seconds()
}

// String says it in words, empty for no bound.
func (r rateText) String() string {
	switch r.per {
	case time.Second:
		return fmt.Sprintf("%d requests a second", r.requests)
	case time.Minute:
		return fmt.Sprintf("%d requests a minute", r.requests)
	case time.Hour:
		return fmt.Sprintf("%d requests an hour", r.requests)
	}
	return ""
}
