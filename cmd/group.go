package cmd

import (
	"context"
	"sync"
)

// group is parts of a program that run beside each other and end together: the
// first error ends the context of all.
type group struct {
	parts sync.WaitGroup
	stop  context.CancelFunc
	first sync.Once
	err   error
}

// newGroup makes a group without parts, and the context of its parts.
func newGroup(ctx context.Context) (*group, context.Context) {
	ctx, stop := context.WithCancel(ctx)
	return &group{stop: stop}, ctx
}

// run starts a part.
func (g *group) run(part func() error) {
	g.parts.Go(func() {
		if err := part(); err != nil {
			g.first.Do(func() { g.err = err })
			g.stop()
		}
	})
}

// wait gives the first error when all parts have ended.
func (g *group) wait() error {
	g.parts.Wait()
	g.stop()
	return g.err
}
