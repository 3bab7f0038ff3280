package httpapi

import (
	"bytes"
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/shelfd/shelfd/syncer"
)

// maxPages bounds one reading. At a hundred rows a page it is a million.
const maxPages = 10_000

// read reads a section in pages, and its list before where it has one.
func (c *connector) read(ctx context.Context, r *reading, with vars, page func(*answer, vars) error) error {
	if r.list == nil {
		return c.pages(ctx, r, with, page)
	}
	return c.pages(ctx, r.list, with, func(a *answer, seen vars) error {
		var items []any
		err := r.list.rows.each(ctx, a.value, seen, len(a.body), func(v any) error {
			items = append(items, v)
			return nil
		})
		if err != nil {
			return c.broken(err, false)
		}
		for some := range slices.Chunk(items, r.most) {
			if err := c.pages(ctx, r, with.with("$items", some), page); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages asks page after page, until there is no next one. page gets the
// variables that the expressions on its answer see.
func (c *connector) pages(ctx context.Context, r *reading, with vars, page func(*answer, vars) error) error {
	loop := loopGuard{seed: maphash.MakeSeed(), states: map[string]bool{}}
	for state := any(nil); ; {
		with = with.with("$page", state)
		a, err := c.ask(ctx, &r.request, r.fail, with, false)
		if err != nil {
			return err
		}
		answered := with.with("$headers", a.headers)
		if err := page(a, answered); err != nil {
			return err
		}
		if r.next == nil {
			return nil
		}
		state, err = r.next.one(ctx, a.value, answered, len(a.body))
		if err == nil && !nothing(state) {
			err = loop.check(r.next, a.body, state)
		}
		if err != nil {
			return c.broken(err, false)
		}
		if nothing(state) {
			return nil
		}
	}
}

// loopGuard finds a reading that would never end.
type loopGuard struct {
	seed   maphash.Seed
	states map[string]bool
	body   uint64
}

// check refuses a state that was there before, an answer that is the one
// before it, and too many pages.
func (g *loopGuard) check(next *expr, body []byte, state any) error {
	key, err := gojq.Marshal(state)
	if err != nil {
		return err
	}
	sum := maphash.Bytes(g.seed, bytes.TrimSpace(body))
	switch {
	case g.states[string(key)]:
		return next.wrong("it asks for page %.60s again, so the list would never end", key)
	case sum == g.body:
		return next.wrong("page %.60s follows on an answer that is the one before it, so the list would never end", key)
	case len(g.states) >= maxPages:
		return next.wrong("it asks for more than %d pages", maxPages)
	}
	g.states[string(key)], g.body = true, sum
	return nil
}

// rows gives each row of an answer. fields are those that it may have.
func (c *connector) rows(ctx context.Context, e *expr, a *answer, with vars, fields []string, yield func(*row) error) error {
	err := e.each(ctx, a.value, with, len(a.body), func(v any) error {
		r, err := e.row(v, fields)
		if err != nil {
			return err
		}
		return yield(r)
	})
	if err != nil {
		return c.broken(err, false)
	}
	return nil
}

// row makes a row of what an expression gave.
func (e *expr) row(v any, fields []string) (*row, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, e.wrong("it must give an object for each row, not %s", gojq.TypeOf(v))
	}
	r := &row{fields: object}
	if name := r.unknown(fields); name != "" {
		return nil, e.wrong("there is no field %s; there are %s", name, strings.Join(fields, ", "))
	}
	return r, nil
}

// readAll reads a section and hands over what make makes of each row, a page
// at a time.
func readAll[T any](ctx context.Context, c *connector, r *reading, with vars, fields []string, from func(*row) T, page func([]T) error) error {
	return c.read(ctx, r, with, func(a *answer, seen vars) error {
		var list []T
		err := c.rows(ctx, r.rows, a, seen, fields, func(r *row) error {
			list = append(list, from(r))
			return nil
		})
		if err != nil || len(list) == 0 {
			return err
		}
		return page(list)
	})
}

// notSupported is a question to a point of sale that its file has no section
// for.
func (c *connector) notSupported(section string) error {
	return &syncer.Failure{Class: syncer.Alarm, Code: CodeDescription, Detail: c.file + " has no section " + section + "."}
}
