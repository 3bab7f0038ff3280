package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

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
