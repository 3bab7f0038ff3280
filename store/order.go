package store

import (
	"slices"
	"strings"
)

// cell names one maintained order: the items that share a location, a room
// type, a category and low stock, each of which may be left open.
type cell struct {
	location ID
	room     Room
	category string
	low      bool
}

// anyCategory leaves the category of a cell open; no category can be this.
const anyCategory = "\x00"

// orders keeps, for every combination of the list filters, the numbers of the
// matching items sorted by product name, then id: a page and its exact total
// cost the page.
type orders struct{ lists map[cell][]int32 }

// compareItems is the order of every list: product name without regard to
// letter case, then id.
func compareItems(a, b *Item) int {
	if a.Product != b.Product {
		if c := strings.Compare(a.Product.sortName, b.Product.sortName); c != 0 {
			return c
		}
	}
	return slices.Compare(a.ID[:], b.ID[:])
}

// sameCells tells whether two versions of an item stand at the same place in
// the same orders.
func sameCells(a, b *Item) bool {
	if a.Low != b.Low || (a.ArchivedAt == 0) != (b.ArchivedAt == 0) {
		return false
	}
	return a.Product == b.Product || (a.Product.sortName == b.Product.sortName &&
		categoryKey(a.Product.Category) == categoryKey(b.Product.Category))
}

func categoryKey(category string) string { return strings.ToLower(category) }

// cellsOf lists the orders an item is in: none when archived.
func cellsOf(i *Item) []cell {
	if i == nil || i.ArchivedAt != 0 {
		return nil
	}
	cells := make([]cell, 0, 16)
	for _, location := range []ID{{}, i.Location.ID} {
		for _, room := range []Room{0, i.Room} {
			for _, category := range []string{anyCategory, categoryKey(i.Product.Category)} {
				cells = append(cells, cell{location, room, category, false})
				if i.Low {
					cells = append(cells, cell{location, room, category, true})
				}
			}
		}
	}
	return cells
}

// moves gathers which items leave and enter which orders.
type moves struct {
	leave, enter map[cell][]int32
}

func (m *moves) add(old, next *Item) {
	if m.leave == nil {
		m.leave, m.enter = map[cell][]int32{}, map[cell][]int32{}
	}
	for _, c := range cellsOf(old) {
		m.leave[c] = append(m.leave[c], int32(old.No))
	}
	for _, c := range cellsOf(next) {
		m.enter[c] = append(m.enter[c], int32(next.No))
	}
}

// apply takes the leaving items out by number, since their sort keys may have
// changed, and merges the entering ones in.
func (o *orders) apply(m moves, byNo []*Item) {
	for c, gone := range m.leave {
		slices.Sort(gone)
		o.lists[c] = slices.DeleteFunc(o.lists[c], func(no int32) bool {
			_, found := slices.BinarySearch(gone, no)
			return found
		})
	}
	for c, added := range m.enter {
		o.lists[c] = merge(o.lists[c], added, byNo)
	}
	for c := range m.leave {
		if len(o.lists[c]) == 0 {
			delete(o.lists, c)
		}
	}
}

// merge adds numbers to a sorted list. Each finds its place by halving, from
// the last on, so that what stands between two places moves once.
func merge(list, added []int32, byNo []*Item) []int32 {
	compare := func(a, b int32) int { return compareItems(byNo[a-1], byNo[b-1]) }
	slices.SortFunc(added, compare)
	end := len(list)
	list = append(list, added...)
	for j := len(added) - 1; j >= 0; j-- {
		at, _ := slices.BinarySearchFunc(list[:end], added[j], compare)
		copy(list[at+j+1:], list[at:end])
		list[at+j] = added[j]
		end = at
	}
	return list
}

// build makes all orders from items that a full state gave in list order. Items
// that share location, room type, category and low stock share all orders.
func (o *orders) build(sorted []*Item) {
	if !slices.IsSortedFunc(sorted, compareItems) {
		sorted = slices.SortedFunc(slices.Values(sorted), compareItems)
	}
	lists := map[cell]*[]int32{}
	leaves := map[cell][]*[]int32{}
	for _, i := range sorted {
		if i.ArchivedAt != 0 {
			continue
		}
		leaf := cell{i.Location.ID, i.Room, i.Product.Category, i.Low}
		in, known := leaves[leaf]
		if !known {
			for _, c := range cellsOf(i) {
				if lists[c] == nil {
					lists[c] = new([]int32)
				}
				in = append(in, lists[c])
			}
			leaves[leaf] = in
		}
		for _, list := range in {
			*list = append(*list, int32(i.No))
		}
	}
	o.lists = map[cell][]int32{}
	for c, list := range lists {
		o.lists[c] = slices.Clip(*list)
	}
}
