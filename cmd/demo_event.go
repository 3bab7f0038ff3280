package cmd

import (
	"cmp"
	"container/heap"
	"context"

	"github.com/shelfd/shelfd/store"
)

// demoEvent is something that happens in the demo's past.
type demoEvent struct {
	at store.Instant
	no int // order of what happens at the same moment
	do func(context.Context) error
}

// demoAgenda is what is going to happen, the next first.
type demoAgenda []demoEvent

// Len is that of heap.Interface.
func (a demoAgenda) Len() int { return len(a) }

// Less is that of heap.Interface.
func (a demoAgenda) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(a[i].at, a[j].at), cmp.Compare(a[i].no, a[j].no)) < 0
}

// Swap is that of heap.Interface.
func (a demoAgenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is that of heap.Interface.
func (a *demoAgenda) Push(x any) { *a = append(*a, x.(demoEvent)) }

// Pop is that of heap.Interface.
func (a *demoAgenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// at plans something.
func (d *demo) at(t store.Instant, do func(context.Context) error) {
	d.planned++
	heap.Push(&d.agenda, demoEvent{t, d.planned, do})
}

// play lets happen what was planned before a moment.
func (d *demo) play(ctx context.Context, until store.Instant) error {
	for len(d.agenda) > 0 && d.agenda[0].at < until {
		e := heap.Pop(&d.agenda).(demoEvent)
		d.clock.set(e.at)
		if err := e.do(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
