package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestLastUnit_is_sold_once_to_a_hundred_buyers(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 1)
	start := make(chan struct{})
	var sold, refused atomic.Int64
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			<-start
			cmd := store.Command(&store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
			if n%3 == 0 {
				cmd = &store.BulkAdjust{Lines: []*store.Adjust{{Item: item, Change: units(-1), Reason: store.Sale}}}
			}
			switch _, err := try(s, cmd); store.CodeOf(err) {
			case "":
				sold.Add(1)
			case store.CodeInsufficientStock:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	if i, _ := s.Item(item); sold.Load() != 1 || refused.Load() != 99 || i.Quantity != 0 {
		t.Fatalf("%d sold, %d refused, %s left", sold.Load(), refused.Load(), i.Quantity)
	}
}

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

func TestItems_are_linearizable(t *testing.T) {
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
	r, err := try(s, &store.Adjust{Item: item, Change: units(change), Reason: store.Audit})
	if store.CodeOf(err) == store.CodeInsufficientStock {
		return shelfOutput{refused: true}
	}
	if err != nil {
		t.Error(err)
		return shelfOutput{refused: true}
	}
	return shelfOutput{quantity: int64(r.Facts[0].After.Quantity / 10_000)}
}

// TestReaders_are_safe_while_the_ledger_saves_its_state fails by a fatal error
// of the runtime when saving writes to a map that readers read.
func TestReaders_are_safe_while_the_ledger_saves_its_state(t *testing.T) {
	s := storetest.Open(t, func(r *store.Rules) { r.SaveEvery = 1 })
	product := s.AddProduct("A")
	item := s.OpenItem(product, store.SalesFloor, 100_000)
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, "T" }}).Facts[0].Of.(*store.Lot).ID
	for n := range 30 {
		s.AddProduct(fmt.Sprintf("P%d", n))
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, a := s.Product(product)
				_, b := s.ProductBySKU("p7")
				_, c := s.Lot(lot)
				_, d := s.Ledger.Location(s.Location)
				_, total := s.Items(store.ItemFilter{LowStock: false}, 0, 10)
				if !a || !b || !c || !d || total != 1 {
					t.Error("something is missing")
					return
				}
			}
		})
	}
	for range 100 {
		s.Adjust(item, -1, store.Sale)
	}
	close(stop)
	readers.Wait()
}

func TestItems_stay_whole_while_prices_change(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A", func(p *store.Product) { p.Barcodes = []string{"1", "2"}; p.UnitPrice, p.UnitCost = 0, 0 })
	item := s.OpenItem(product, store.SalesFloor, 100_000)
	kept, _ := s.Item(item)
	before := kept.Product.Barcodes[0]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range store.Money(200) {
			s.Must(&store.EditProduct{ID: product, Edit: func(p *store.Product) {
				p.UnitPrice, p.UnitCost, p.Barcodes[0] = n, n, fmt.Sprint(int64(n)+100)
			}})
		}
	}()
	for {
		select {
		case <-done:
			if kept.Product.Barcodes[0] != before {
				t.Fatal("an old version was changed under its reader")
			}
			return
		default:
			i, _ := s.Item(item)
			if i.Product.UnitPrice != i.Product.UnitCost {
				t.Fatalf("price %s, cost %s", i.Product.UnitPrice, i.Product.UnitCost)
			}
		}
	}
}
