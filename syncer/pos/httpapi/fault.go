package httpapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a description.
type Fault struct {
	// Line and Column count from 1; both are 0 for the file as a whole.
	Line, Column int
	// Key is the path of the key, such as stock.rows; empty for the file.
	Key string
	// Message goes on where the key ends: is missing, must be a mapping.
	Message string
}

// DescriptionError is all that is wrong with a description, in the order of
// its lines.
type DescriptionError struct {
	File   string
	Faults []Fault
}

// Error gives a line for each fault, as compilers do.
func (e *DescriptionError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = fmt.Sprintf("%s%s: %s", e.File, place{f.Line, f.Column}, strings.TrimSpace(f.Key+" "+f.Message))
	}
	return strings.Join(lines, "\n")
}

// place is where something stands in a file, both from 1.
type place struct{ line, column int }

// String gives :line:column, nothing for the zero place.
func (p place) String() string {
	if p == (place{}) {
		return ""
	}
	return fmt.Sprintf(":%d:%d", p.line, p.column)
}

// faults collects what is wrong with one file.
type faults struct {
	file string
	list []Fault
}

func (f *faults) add(at place, key, format string, args ...any) {
	f.list = append(f.list, Fault{at.line, at.column, key, fmt.Sprintf(format, args...)})
}

// err gives all faults as one error, nil when there are none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	// What sections share is compiled for each of them.
	return &DescriptionError{File: f.file, Faults: slices.Compact(f.list)}
}
