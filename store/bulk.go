package store

import (
	"context"
	"errors"
	"fmt"
)

// MaxBulkLines is how many lines one bulk may have.
const MaxBulkLines = 1000

// BulkAdjust is many adjustments in one step, folded in order: the same item
// twice is seen twice. Atomic unless Partial: then lines that are refused
// leave the others be. Codes: those of Adjust, of every failing line.
type BulkAdjust struct {
	Lines   []*Adjust
	Partial bool
}

func (b *BulkAdjust) recall(ctx context.Context, r Request, j Journal) error {
	for _, line := range b.Lines {
		if err := line.recall(ctx, r, j); err != nil {
			return err
		}
	}
	return nil
}

func (b *BulkAdjust) decide(t *tx) error {
	var p problems
	for i, line := range b.Lines {
		first := len(t.receipt.Facts)
		item, err := line.run(t)
		out := Line{Fact: t.firstMovement(first, line.Item), Item: item}
		if err != nil {
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Code == "" {
				return err
			}
			out.Err = refusal.at(fmt.Sprintf("/updates/%d", i))
			p.add(out.Err)
		} else {
			out.Item, _ = t.s.items.get(item.ID)
		}
		t.receipt.Lines = append(t.receipt.Lines, out)
	}
	if b.Partial {
		return nil
	}
	return p.err()
}

// firstMovement is the index of the first movement of an item among the facts
// from i on, −1 for none.
func (t *tx) firstMovement(i int, item ID) int {
	for ; i < len(t.receipt.Facts); i++ {
		if m := t.receipt.Facts[i].Entry.Movement; m != nil && m.Item == item {
			return i
		}
	}
	return -1
}
