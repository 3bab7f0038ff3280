package httpapi

import (
	"net/http"
	"time"
)

// writing changes stock.
type writing struct {
	request, reread            request
	fail, failReread           *expr
	cannot, outcome            *expr
	absolute, both, each, keys bool
	// header carries the key of a batch, "" when the body does or none is
	// wanted.
	header string
	most   int
	oldest time.Duration
}

// defaultMost is how many changes go into one write.
const defaultMost = 100

// writing compiles the section write, nil for none.
func (c *compiler) writing(t *writeText) *writing {
	if t == nil {
		return nil
	}
	variables := []string{"$changes", "$batch"}
	if t.Each {
		variables = append(variables, "$change")
	}
	w := &writing{
		request: c.request(t.Request, variables...), fail: c.fail(t.Error), each: t.Each,
		cannot: c.expr(t.Cannot, "$options"), most: t.Most, oldest: t.Oldest,
	}
	if w.most == 0 {
		w.most = defaultMost
	}
	if t.Mode != nil {
		mode := c.oneOf(t.Mode, "absolute", "delta", "both")
		w.absolute, w.both = mode == "absolute", mode == "both"
	}
	if t.Idempotency != nil {
		w.keys = true
		if t.Idempotency.text != "body" {
			w.header = http.CanonicalHeaderKey(t.Idempotency.text)
		}
	}
	answered := append([]string{"$options", "$headers"}, variables...)
	if t.Reread != nil {
		w.reread, w.failReread = c.request(t.Reread.Request, variables...), c.fail(t.Reread.Error)
		answered = append(answered, "$answer")
	}
	w.outcome = c.expr(t.Outcome, answered...)
	return w
}

// rereads tells whether the point of sale is asked again after a write.
func (w *writing) rereads() bool { return w.reread.path != nil }
