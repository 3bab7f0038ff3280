package httpapi

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// row is an object that an expression gave. What cannot be used of it is its
// problem: one bad row does not take the others with it.
type row struct {
	fields  map[string]any
	problem string
}

// bad keeps the first problem.
func (r *row) bad(format string, args ...any) {
	if r.problem == "" {
		r.problem = fmt.Sprintf(format, args...)
	}
}

// unknown gives a field that is none of these, "" when there is none.
func (r *row) unknown(fields []string) (name string) {
	for field := range r.fields {
		if !slices.Contains(fields, field) && (name == "" || field < name) {
			name = field
		}
	}
	return name
}

// text reads a text, or the number that an id is; empty for null.
func (r *row) text(name string) string {
	switch v := r.fields[name].(type) {
	case nil:
	case string:
		return v
	case int, float64, *big.Int, json.Number:
		return numberText(v)
	default:
		r.bad("Its %s is no text.", name)
	}
	return ""
}

// said is a text that may be left unsaid.
func (r *row) said(name string) *string {
	if r.fields[name] == nil {
		return nil
	}
	text := r.text(name)
	return &text
}

// id is a text that must be there.
func (r *row) id(name string) string {
	text := r.text(name)
	if text == "" {
		r.bad("It has no %s.", name)
	}
	return text
}

// number reads a number, or a text that is one, as it is written.
func (r *row) number(name string) (n pos.Number) {
	var text []byte
	switch v := r.fields[name].(type) {
	case nil:
		return n
	case string:
		text, _ = json.Marshal(v)
	case int, float64, *big.Int, json.Number:
		text = []byte(numberText(v))
	default:
		r.bad("Its %s is no number.", name)
		return n
	}
	if err := n.UnmarshalJSON(text); err != nil {
		r.bad("Its %s is no number.", name)
	}
	return n
}

// quantity reads a quantity that must be there.
func (r *row) quantity(name string) store.Quantity {
	n := r.number(name)
	if !n.Given() {
		r.bad("It has no %s.", name)
		return 0
	}
	q, problem := n.Quantity()
	if problem != "" {
		r.bad("%s", problem)
	}
	return q
}

// money reads an amount, nil when it is not said.
func (r *row) money(name string) *store.Money {
	n := r.number(name)
	if !n.Given() {
		return nil
	}
	m, problem := n.Money()
	if problem != "" {
		r.bad("%s", problem)
		return nil
	}
	return &m
}

// integer reads a whole number, 0 for null.
func (r *row) integer(name string) int64 {
	text := r.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.bad("Its %s %.40q is no whole number.", name, text)
	}
	return n
}

// instant reads an RFC 3339 time with its zone, or milliseconds since 1970; 0
// for null.
func (r *row) instant(name string) store.Instant {
	switch v := r.fields[name].(type) {
	case nil:
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return store.InstantOf(t)
		}
		r.bad("Its %s %.40q is no time with a zone, such as 2026-01-27T10:30:00Z.", name, v)
	case int:
		return store.Instant(v)
	case json.Number:
		if ms, err := v.Int64(); err == nil {
			return store.Instant(ms)
		}
		r.bad("Its %s is no whole number of milliseconds.", name)
	default:
		r.bad("Its %s is no time.", name)
	}
	return 0
}

// flag reads true or false, false for null.
func (r *row) flag(name string) bool {
	v, ok := r.fields[name].(bool)
	if !ok && r.fields[name] != nil {
		r.bad("Its %s is neither true nor false.", name)
	}
	return v
}
