package web

import (
	"github.com/shelfd/shelfd/store"
)

// edits are the changes of a document that a body names.
type edits[T any] []func(*T)

func (e *edits[T]) add(change func(*T)) { *e = append(*e, change) }

// apply makes the changes, in the order of the body.
func (e edits[T]) apply(to *T) {
	for _, change := range e {
		change(to)
	}
}

// textField is a text of a document; null or an empty text clears it, where
// that is allowed.
type textField[T any] struct {
	of     func(*T) *string
	clears bool
}

// text reads a member that is one of the text fields.
func (e *edits[T]) text(b *body, fields map[string]textField[T], name string) bool {
	f, ok := fields[name]
	if !ok {
		return false
	}
	var v string
	faults := len(b.problems)
	if b.text(&v); v == "" && !f.clears && len(b.problems) == faults {
		b.add(store.CodeInvalid, name+" is never empty.")
	}
	e.add(func(to *T) { *f.of(to) = v })
	return true
}

// notNull refuses a null where it does not clear; it steps over it.
func (b *body) notNull(name string) bool {
	if !b.null() {
		return true
	}
	b.add(store.CodeInvalid, name+" is never null.")
	return false
}

// decodeEdits reads a body that names changes of a document.
func decodeEdits[T any](x *exchange, missing required, field func(e *edits[T], b *body, name string) bool) (edits[T], error) {
	var e edits[T]
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		return field(&e, b, name)
	})
	if err == nil {
		err = missing.err("")
	}
	if err == nil && len(e) == 0 {
		err = refuseAt("", store.CodeInvalid, "The body names no field to change.")
	}
	if err == nil {
		err = x.query.done()
	}
	return e, err
}

// archive gives the change that takes something out of the lists.
func (s *Server) archive() func(at *store.Instant) {
	now, _ := s.ledger.Now()
	return func(at *store.Instant) {
		if *at == 0 {
			*at = now
		}
	}
}
