package dutchie

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// list is an answer of rows, each read by itself, so that a bad one does not
// take the others with it. Dutchie writes [] for none; null is no list.
type list []json.RawMessage

// UnmarshalJSON takes the rows apart.
func (l *list) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '[' {
		return &json.UnmarshalTypeError{Value: "value", Field: "list", Type: reflect.TypeFor[list]()}
	}
	return json.Unmarshal(b, (*[]json.RawMessage)(l))
}

// readList takes the rows of an answer apart.
func readList(a *pos.Answer) (rows list, err error) {
	err = a.Decode(&rows)
	return rows, err
}

// readRow reads one row into v, as far as it can be. problem is a sentence
// when something of it cannot; what else there is has been read all the same.
func readRow(raw json.RawMessage, v any) (problem string) {
	err := json.Unmarshal(raw, v)
	if err == nil {
		return ""
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && kind.Field != "" {
		return fmt.Sprintf("Its %.40s is of another type than it should be.", kind.Field)
	}
	return "It is not what such a row should be."
}

// id writes one of Dutchie's numbers as ours; empty for none. Dutchie's begin
// at 1: 0 is a field that was not filled in.
func id(n int64) string {
	if n < 1 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// instant reads one of Dutchie's dates, 0 for none. Those without a zone are
// UTC. Its servers write the year 1 for a date that is not there.
func instant(text string) store.Instant {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 2000 {
			return store.InstantOf(t)
		}
	}
	return 0
}

// date writes a moment for a question.
func date(i store.Instant) string { return i.Time().Format("2006-01-02T15:04:05.000Z") }

// units are the names that Dutchie has for our units.
var units = map[string]store.Unit{
	"each": "each", "ea": "each", "qty": "each", "unit": "each", "units": "each",
	"g": "g", "gram": "g", "grams": "g",
	"mg": "mg", "milligram": "mg", "milligrams": "mg",
	"oz": "oz", "ounce": "oz", "ounces": "oz",
	"ml": "ml", "milliliter": "ml", "milliliters": "ml",
}

// unit gives ours of one of Dutchie's units.
func unit(text string) (u store.Unit, ok bool) {
	u, ok = units[strings.ToLower(strings.TrimSpace(text))]
	return u, ok
}

// said gives what a text says, nil when it is empty: Dutchie writes null and
// "" for the same.
func said(text string) *string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return &text
}
