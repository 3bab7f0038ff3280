package test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// shelfInput is one operation on one item: a change, or a look.
type shelfInput struct {
	item   int
	change int64 // whole units; 0 looks
}

type shelfOutput struct {
	quantity int64
	refused  bool
}

// shelfModel is an item that never has less than nothing.
var shelfModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byItem := map[int][]porcupine.Operation{}
		for _, op := range history {
			item := op.Input.(shelfInput).item
			byItem[item] = append(byItem[item], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byItem {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return int64(3) },
	Step: func(state, input, output any) (bool, any) {
		quantity, in, out := state.(int64), input.(shelfInput), output.(shelfOutput)
		after := quantity + in.change
		if in.change < 0 && after < 0 {
			return out.refused, quantity
		}
		return !out.refused && out.quantity == after, after
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// TestItemsAreLinearizable keeps its ledgers in memory where there is a place
// for that: what the disk does is not the point, and a slow one makes the
// histories too long to check.
func TestItemsAreLinearizable(t *testing.T) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	for history := range uint64(16) {
		s := storetest.Open(t)
		items := []store.ID{s.Stocked("A", 3), s.Stocked("B", 3)}
		began := time.Now()
		var mu sync.Mutex
		var ops []porcupine.Operation
		var all sync.WaitGroup
		for client := range 8 {
			all.Go(func() {
				random := rand.New(rand.NewPCG(history, uint64(client)))
				for range 40 {
					in := shelfInput{item: random.IntN(2), change: random.Int64N(5) - 2}
					call := time.Since(began).Nanoseconds()
					out := act(t, s, items[in.item], in.change)
					back := time.Since(began).Nanoseconds()
					mu.Lock()
					ops = append(ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: back})
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if result := porcupine.CheckOperationsTimeout(shelfModel, ops, 10*time.Second); result != porcupine.Ok {
			t.Fatalf("history %d of %d operations: %s", history, len(ops), result)
		}
		if err := s.Ledger.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// act changes an item or looks at it.
func act(t *testing.T, s *storetest.Shop, item store.ID, change int64) shelfOutput {
	if change == 0 {
		i, _ := s.Item(item)
		return shelfOutput{quantity: int64(i.Quantity / 10_000)}
	}
	r, err := s.Do(t.Context(), storetest.Request, &store.Adjust{Item: item, Change: store.Quantity(change * 10_000), Reason: store.Audit})
	if store.CodeOf(err) == store.CodeInsufficientStock {
		return shelfOutput{refused: true}
	}
	if err != nil {
		t.Error(err)
		return shelfOutput{refused: true}
	}
	return shelfOutput{quantity: int64(r.Facts[0].After.Quantity / 10_000)}
}
