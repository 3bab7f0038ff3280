package central

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// Older makes c a program that cannot read some entries.
func (c *Central) Older(unreadable func(canonical []byte) bool) {
	c.parse = func(b []byte) (*store.Entry, error) {
		if unreadable(b) {
			return nil, store.ErrNewer
		}
		return store.ParseEntry(b)
	}
}

// Occupy takes a store's turn, as folding everything anew does, until leave.
func (c *Central) Occupy(id store.ID) (leave func()) {
	leave, err := c.turns.enter(context.Background(), id)
	if err != nil {
		panic(err)
	}
	return leave
}

// FoldOnce folds one store on, as after the start.
func (c *Central) FoldOnce(ctx context.Context, id store.ID) error { return c.foldOnce(ctx, id) }
