package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// query reads query parameters strictly: a parameter nobody asks for, one
// given twice or one of the wrong form is a problem, and all are named.
type query struct {
	values   url.Values
	claimed  []string
	problems []store.Detail
}

func (q *query) parse(raw string) error {
	if raw == "" {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return invalid("The query string cannot be read: " + err.Error() + ".")
	}
	q.values = values
	return nil
}

// text reads a parameter, "" when it is absent.
func (q *query) text(name string) string {
	q.claimed = append(q.claimed, name)
	v := q.values[name]
	if len(v) == 0 {
		return ""
	}
	if len(v) > 1 {
		q.wrong(name, "is there twice")
	}
	if strings.ContainsFunc(v[0], func(r rune) bool { return r < ' ' || r == 0xFFFD }) || len(v[0]) > 4096 {
		q.wrong(name, "holds what is no text")
	}
	return v[0]
}

func (q *query) wrong(name, why string) {
	q.problems = append(q.problems, store.Detail{
		Pointer: name, Code: store.CodeInvalid, Detail: fmt.Sprintf("Parameter %s %s.", name, why),
	})
}

// list reads values joined by commas.
func (q *query) list(name string) []string {
	v := q.text(name)
	if v == "" {
		if len(q.values[name]) > 0 {
			q.wrong(name, "is empty")
		}
		return nil
	}
	var list []string
	for one := range strings.SplitSeq(v, ",") {
		if one = strings.TrimSpace(one); one == "" {
			q.wrong(name, "has an empty value")
			continue
		}
		list = append(list, one)
	}
	return list
}

// ids reads ids joined by commas. One that cannot be an id of ours is kept as
// one that nothing has.
func (q *query) ids(name string) []store.ID {
	var ids []store.ID
	for _, v := range q.list(name) {
		ids = append(ids, idOf(v))
	}
	return ids
}

// flag reads true or false; absent is false.
func (q *query) flag(name string) bool {
	switch v := q.text(name); v {
	case "true":
		return true
	case "", "false":
	default:
		q.wrong(name, "is true or false")
	}
	return false
}

// int reads a whole number within bounds; absent is otherwise.
func (q *query) int(name string, lowest, highest, otherwise int64) int64 {
	v := q.text(name)
	if v == "" && len(q.values[name]) == 0 {
		return otherwise
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < lowest || n > highest {
		q.wrong(name, fmt.Sprintf("is a whole number from %d to %d", lowest, highest))
		return otherwise
	}
	return n
}

// time reads RFC 3339; absent is zero.
func (q *query) time(name string) store.Instant {
	v := q.text(name)
	if v == "" {
		return 0
	}
	at, problem := parseTime(v)
	if problem != "" {
		q.wrong(name, problem)
	}
	return at
}

// parseTime reads RFC 3339 between 1970 and 9999; problem says what is wrong.
func parseTime(v string) (at store.Instant, problem string) {
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return 0, "is a moment in the form 2026-01-27T10:30:00Z"
	}
	if t.Year() < 2000 || t.Year() > 2199 {
		return 0, "is a moment between the years 2000 and 2199"
	}
	return store.InstantOf(t), ""
}

// oneOf reads one of a few words; absent is "".
func (q *query) oneOf(name string, words ...string) string {
	v := q.text(name)
	if v != "" && !slices.Contains(words, v) {
		q.wrong(name, "is one of "+strings.Join(words, ", "))
	}
	return v
}

// listOf reads values joined by commas that each have to be one of a kind.
func listOf[T any](q *query, name string, parse func(string) (T, bool), kind string) []T {
	var list []T
	for _, v := range q.list(name) {
		one, ok := parse(v)
		if !ok {
			q.wrong(name, kind)
			continue
		}
		list = append(list, one)
	}
	return list
}

// rooms reads room types joined by commas.
func (q *query) rooms(name string) []store.Room {
	return listOf(q, name, store.ParseRoom, "is sales_floor, vault, quarantine or secret_menu")
}

// reasons reads reason codes joined by commas.
func (q *query) reasons(name string) []store.Reason {
	return listOf(q, name, store.ParseReason, "is SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER or AUDIT")
}

// done names every problem, parameters that nobody asked for among them.
func (q *query) done() error {
	var unknown []string
	for name := range q.values {
		if !slices.Contains(q.claimed, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	code := store.CodeInvalid
	if len(q.problems) == 0 {
		code = store.CodeUnknownParameter
	}
	for _, name := range unknown {
		q.problems = append(q.problems, store.Detail{
			Pointer: name, Code: store.CodeUnknownParameter,
			Detail: fmt.Sprintf("There is no parameter %.60q here.", name),
		})
	}
	if len(q.problems) == 0 {
		return nil
	}
	text := q.problems[0].Detail
	if n := len(q.problems); n > 1 {
		text = fmt.Sprintf("%d parameters are not right.", n)
	}
	return &problem{status: 400, err: &store.Error{Code: code, Message: text, Details: q.problems}}
}
