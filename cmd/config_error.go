package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// keyError is one fault of the configuration: which key, set where, and in a
// clause what is wrong and what is allowed.
type keyError struct {
	Key  string
	At   origin
	Text string
}

// origin is where a value was set: a place in a file, or the name of a
// variable or flag with no line. The zero origin is the default.
type origin struct {
	Source       string
	Line, Column int
}

// String gives file:line:column, or what there is of it.
func (o origin) String() string {
	if o.Line == 0 {
		return o.Source
	}
	return fmt.Sprintf("%s:%d:%d", o.Source, o.Line, o.Column)
}

// Error gives place, key and clause.
func (e *keyError) Error() string {
	s := e.Text
	if e.Key != "" {
		s = e.Key + ": " + s
	}
	if e.At.Source != "" {
		s = e.At.String() + ": " + s
	}
	return s
}

// keyErrors gathers faults, so that all are told at once.
type keyErrors []*keyError

func (k *keyErrors) add(key, format string, args ...any) {
	*k = append(*k, &keyError{Key: key, Text: fmt.Sprintf(format, args...)})
}

// err joins the faults in the order of their places; nil for none.
func (k keyErrors) err() error {
	slices.SortStableFunc(k, func(a, b *keyError) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	list := make([]error, len(k))
	for i, e := range k {
		list[i] = e
	}
	return errors.Join(list...)
}
