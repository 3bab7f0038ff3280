package store

import (
	"slices"
	"strings"
)

// ItemFilter chooses items. Empty fields choose all.
type ItemFilter struct {
	Locations  []ID
	Rooms      []Room
	Categories []string
	// LowStock keeps only rows that are low.
	LowStock bool
	// Text is searched in name, SKU, brand, strain, barcodes and lot, word by
	// word, without regard to letter case.
	Text     string
	SKUs     []string
	Barcodes []string
	// Lots match package tags, batch numbers and lot ids.
	Lots     []string
	Products []ID
	// UpdatedAfter keeps items that changed after a moment.
	UpdatedAfter Instant
	// Less orders the page; nil for product name, then id.
	Less func(a, b *Item) int
}

// Items gives a page of the items that the filter chooses and how many there
// are in all. With only locations, rooms, categories and low stock given one
// at a time the cost is that of the page.
func (l *Ledger) Items(f ItemFilter, offset, limit int) (page []*Item, total int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	lists := l.s.lists(f)
	if len(lists) == 1 && f.plain() {
		numbers := lists[0]
		from := min(offset, len(numbers))
		to := from + min(limit, len(numbers)-from)
		page = make([]*Item, 0, to-from)
		for _, no := range numbers[from:to] {
			page = append(page, l.s.byNo[no-1])
		}
		return page, len(numbers)
	}
	chosen := l.s.choose(f, lists)
	if f.Less != nil {
		slices.SortStableFunc(chosen, f.Less)
	}
	from := min(offset, len(chosen))
	return chosen[from : from+min(limit, len(chosen)-from)], len(chosen)
}

// plain tells whether the maintained orders answer the filter by themselves.
func (f *ItemFilter) plain() bool {
	return f.Text == "" && len(f.SKUs) == 0 && len(f.Barcodes) == 0 && len(f.Lots) == 0 &&
		len(f.Products) == 0 && f.UpdatedAfter == 0 && f.Less == nil
}

// lists gives the maintained orders that together hold what the filter may
// choose, each item once.
func (s *state) lists(f ItemFilter) [][]int32 {
	locations, rooms, categories := f.Locations, f.Rooms, f.Categories
	if len(locations) == 0 {
		locations = []ID{{}}
	}
	if len(rooms) == 0 {
		rooms = []Room{0}
	}
	if len(categories) == 0 {
		categories = []string{anyCategory}
	}
	var lists [][]int32
	seen := map[cell]bool{}
	for _, location := range locations {
		for _, room := range rooms {
			for _, category := range categories {
				c := cell{location, room, categoryKey(category), f.LowStock}
				if !seen[c] {
					seen[c] = true
					lists = append(lists, s.orders.lists[c])
				}
			}
		}
	}
	return lists
}

// choose gathers the matching items in list order.
func (s *state) choose(f ItemFilter, lists [][]int32) []*Item {
	match := f.matcher()
	var chosen []*Item
	for _, list := range lists {
		for _, no := range list {
			if i := s.byNo[no-1]; match(i) {
				chosen = append(chosen, i)
			}
		}
	}
	if len(lists) > 1 {
		slices.SortFunc(chosen, compareItems)
	}
	return chosen
}

// matcher tests what the maintained orders do not answer.
func (f *ItemFilter) matcher() func(*Item) bool {
	words := strings.Fields(strings.ToLower(f.Text))
	return func(i *Item) bool {
		switch {
		case f.UpdatedAfter != 0 && i.UpdatedAt <= f.UpdatedAfter,
			len(f.Products) > 0 && !slices.Contains(f.Products, i.Product.ID),
			len(f.SKUs) > 0 && !slices.ContainsFunc(f.SKUs, func(s string) bool { return skuKey(s) == skuKey(i.Product.SKU) }),
			len(f.Barcodes) > 0 && !slices.ContainsFunc(f.Barcodes, func(b string) bool { return slices.Contains(i.Product.Barcodes, b) }),
			len(f.Lots) > 0 && !slices.ContainsFunc(f.Lots, func(lot string) bool { return i.Lot.Named(lot) }):
			return false
		}
		for _, w := range words {
			if !strings.Contains(i.Product.Search, w) && !i.Lot.mentions(w) {
				return false
			}
		}
		return true
	}
}

// Named tells whether a lot is known by a tag or batch number, without regard
// to letter case, or by its id. No lot is known by nothing.
func (l *Lot) Named(name string) bool {
	if l == nil {
		return false
	}
	lower := strings.ToLower
	return lower(l.PackageTag) == lower(name) || lower(l.BatchNumber) == lower(name) || l.ID.String() == name
}

// mentions tells whether a lower-case word is in the lot's names.
func (l *Lot) mentions(word string) bool {
	return l != nil && (strings.Contains(strings.ToLower(l.PackageTag), word) || strings.Contains(strings.ToLower(l.BatchNumber), word))
}
