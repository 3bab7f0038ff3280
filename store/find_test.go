package store_test

import (
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestProducts_are_listed_by_name_as_they_are_now(t *testing.T) {
	s := storetest.Open(t)
	names := func() (list []string) {
		for _, p := range s.Products() {
			list = append(list, p.Name)
		}
		return list
	}
	want := func(when string, want ...string) {
		t.Helper()
		if got := names(); !slices.Equal(got, want) {
			t.Errorf("%s there are %q, want %q", when, got, want)
		}
	}
	want("at first")
	b := s.AddProduct("B")
	s.AddProduct("a")
	want("after two were made", "Product a", "Product B")
	item := s.OpenItem(b, store.Vault, 3)
	kept := s.Products()
	s.Adjust(item, 1, store.Return)
	if again := s.Products(); &again[0] != &kept[0] {
		t.Error("a movement makes the list anew")
	}
	s.Must(&store.EditProduct{ID: b, Edit: func(p *store.Product) { p.Name = "1" }})
	want("after one was renamed", "1", "Product a")
	s.Reopen()
	want("after a new start", "1", "Product a")
}
