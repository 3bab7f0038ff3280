package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestLedger_adjusts_and_is_the_same_after_reopening(t *testing.T) {
	shop := storetest.Open(t)
	item := shop.Stocked("BD-1", 10)
	shop.Adjust(item, -3, store.Sale)
	shop.Reopen()
	got, _ := shop.Item(item)
	if want := store.Quantity(7_0000); got.Quantity != want {
		t.Fatalf("quantity %s, want %s", got.Quantity, want)
	}
}
