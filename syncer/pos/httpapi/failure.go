package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// CodeDescription is the code of failures that are the description's: an
// expression that does not fit an answer, does not end, or gives what cannot
// be used.
const CodeDescription = "description"

// failed works out whether an answer with a good status tells a failure.
func (c *connector) failed(ctx context.Context, a *answer, fail *expr, with vars, writes bool) error {
	if fail == nil {
		return nil
	}
	var found any
	err := fail.each(ctx, a.value, with.with("$headers", a.headers), len(a.body), func(v any) error {
		if found == nil && !nothing(v) {
			found = v
		}
		return nil
	})
	if err != nil {
		return c.broken(err, writes)
	}
	f, err := c.failure(fail, found, writes)
	if err != nil {
		return c.broken(err, writes)
	}
	if f != nil {
		return f
	}
	return nil
}

// classes are what a failure can be, by the word for it.
var classes = map[string]syncer.Failure{
	"retry":   {Class: syncer.Retry, Code: pos.CodeServer},
	"unknown": {Class: syncer.Retry, Code: pos.CodeServer},
	"pause":   {Class: syncer.Pause, Code: pos.CodeRefused},
	"login":   {Class: syncer.Pause, Code: pos.CodeUnauthorized},
	"refuse":  {Class: syncer.Alarm, Code: pos.CodeRefused},
}

var failureFields = []string{"message", "class", "code", "retry_after"}

// failure makes a failure of what an expression gave, nil for none.
func (c *connector) failure(at *expr, v any, writes bool) (*syncer.Failure, error) {
	if text, ok := v.(string); ok {
		v = map[string]any{"message": text}
	}
	object, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, at.wrong("it must give a text or an object, not %s", gojq.TypeOf(v))
	}
	if v == nil {
		return nil, nil
	}
	r, err := at.row(object, failureFields)
	if err != nil {
		return nil, err
	}
	word := r.text("class")
	if word == "" {
		word = "refuse"
	}
	f, known := classes[word]
	if !known {
		return nil, at.wrong("the class is %q; there are retry, unknown, pause, login and refuse", word)
	}
	f.Detail = fmt.Sprintf("%s says: %s.", c.Title, strings.TrimSuffix(clipped(r.text("message")), "."))
	f.Unknown = word == "unknown" && writes
	if code := r.text("code"); code != "" && word != "login" {
		f.Code = code
	}
	f.RetryAfter = time.Duration(r.integer("retry_after")) * time.Second
	if r.problem != "" {
		return nil, at.wrong("%s", r.problem)
	}
	return &f, nil
}

// clipped is a text of theirs, short enough to be shown.
func clipped(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 200 {
		return string(runes[:200]) + "…"
	}
	return text
}

// broken makes a failure of an expression that could not be worked out.
// unknown tells that a change may have been made.
func (c *connector) broken(err error, unknown bool) error {
	e, ok := errors.AsType[*evalError](err)
	if !ok {
		return err
	}
	return c.session.scrub(&syncer.Failure{
		Class: syncer.Alarm, Code: CodeDescription, Unknown: unknown,
		Detail: clipped(e.Error()) + ". The file does not fit what " + c.Title + " answers.",
	})
}
