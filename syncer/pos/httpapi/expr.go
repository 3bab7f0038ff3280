package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"
)

// vars are the values of variables by name, such as $page.
type vars map[string]any

// with gives the variables and one more.
func (v vars) with(name string, value any) vars {
	more := make(vars, len(v)+1)
	for k, x := range v {
		more[k] = x
	}
	more[name] = value
	return more
}

// expr is one compiled jq expression of a description. It is safe for
// concurrent use.
type expr struct {
	source
	file string
	vars []string
	code *gojq.Code
}

// evalError is an expression that could not be worked out.
type evalError struct {
	at  *expr
	err error
}

// Error says where and why. It may show a little of what was worked on.
func (e *evalError) Error() string {
	return fmt.Sprintf("%s%s: %s cannot be worked out: %s", e.at.file, e.at.at, e.at.key, e.err)
}

func (e *expr) wrong(format string, args ...any) error {
	return &evalError{e, fmt.Errorf(format, args...)}
}

// each gives every value of the expression. size is that of what is worked on,
// in bytes: the larger it is, the longer it may take. Errors are *evalError,
// that of ctx, or that of yield.
func (e *expr) each(ctx context.Context, in any, with vars, size int, yield func(any) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = e.wrong("it panics: %v", v)
		}
	}()
	b, cancel := newBudget(ctx, size)
	defer cancel()
	values := make([]any, len(e.vars))
	for i, name := range e.vars {
		values[i] = with[name]
	}
	iter := e.code.RunWithContext(b, in, values...)
	for {
		v, ok := iter.Next()
		if !ok {
			return nil
		}
		if err, failed := v.(error); failed {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &evalError{e, err}
		}
		if err := yield(v); err != nil {
			return err
		}
	}
}

// one gives the only value of the expression, null when there is none.
func (e *expr) one(ctx context.Context, in any, with vars, size int) (value any, err error) {
	n := 0
	err = e.each(ctx, in, with, size, func(v any) error {
		if n++; n > 1 {
			return e.wrong("it gives more than one value; put them into an array with [ ]")
		}
		value = v
		return nil
	})
	return value, err
}

// nothing tells null and false, which stand for that there is nothing.
func nothing(v any) bool {
	yes, isBool := v.(bool)
	return v == nil || isBool && !yes
}

const (
	// stepsAtLeast and stepsPerByte bound how many steps one evaluation may
	// take. A step is one instruction of gojq's; a row of a usual answer takes
	// less than one for each of its bytes.
	stepsAtLeast = 2_000_000
	stepsPerByte = 64
	// evalTimeout bounds it besides, for steps that take long.
	evalTimeout = 20 * time.Second
)

var errRunaway = errors.New("it goes on and on, and was ended")

// budget is a context that ends after a number of steps: gojq asks for Done
// before each. So a runaway is ended after the same work on every machine, and
// before it can fill the memory. It serves one evaluation.
type budget struct {
	context.Context
	done  <-chan struct{}
	steps int
}

var spent = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func newBudget(ctx context.Context, size int) (*budget, context.CancelFunc) {
	limited, cancel := context.WithTimeoutCause(ctx, evalTimeout, errRunaway)
	return &budget{limited, limited.Done(), stepsAtLeast + size*stepsPerByte}, cancel
}

// Done is closed when the steps are used up, or the context has ended.
func (b *budget) Done() <-chan struct{} {
	if b.steps--; b.steps < 0 {
		return spent
	}
	return b.done
}

// Err says why it ended.
func (b *budget) Err() error {
	if b.steps < 0 {
		return errRunaway
	}
	return context.Cause(b.Context)
}
