package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Put gives the replica records as they are after its head. It answers the
// last Missing as a whole: what that asked for and is not here does not exist.
// Records of what the replica has already are ignored. An error means that the
// records do not belong together.
func (r *Replica) Put(items []ItemRecord, docs []DocumentRecord) error {
	for _, d := range docs {
		if err := r.putDocument(d); err != nil {
			return err
		}
	}
	items = slices.Clone(items)
	for n := range items {
		if _, known := r.s.items.get(items[n].ID); !known {
			r.pending[items[n].ID] = &items[n]
		}
	}
	r.answered()
	return r.settle()
}

// putDocument keeps a document as far as the fold needs it: thresholds, and
// that it exists. What only serves to show it costs more to read than to fold
// the entries.
func (r *Replica) putDocument(d DocumentRecord) error {
	if r.hasDocument(d.ID) {
		return nil
	}
	var of any
	switch d.Type {
	case DocProduct:
		limits, err := readThresholds(d.Body)
		if err != nil {
			return fmt.Errorf("the record of %s %s: %w", d.Type, d.ID, err)
		}
		of = &Product{ID: d.ID, Version: d.Seq, Threshold: limits.General, Thresholds: limits.Own}
	case DocLocation:
		of = &Location{ID: d.ID, Version: d.Seq}
	case DocLot:
		var lot Lot
		if err := json.Unmarshal(d.Body, &lot); err != nil {
			return fmt.Errorf("the record of %s %s: %w", d.Type, d.ID, err)
		}
		lot.Version = d.Seq
		of = &lot
	}
	r.s.keep(of)
	return nil
}

func (r *Replica) hasDocument(id ID) bool {
	_, product := r.s.products.get(id)
	_, location := r.s.locations.get(id)
	_, lot := r.s.lots.get(id)
	return product || location || lot
}

// thresholds are the parts of a product that low stock is judged by.
type thresholds struct {
	General *Quantity           `json:"low_stock_threshold"`
	Own     []LocationThreshold `json:"location_thresholds"`
}

// readThresholds reads them from a product's document. Most documents hold
// one object without escapes, in which a quote never stands within a text:
// there the threshold is found by its name, many times faster.
func readThresholds(body []byte) (t thresholds, err error) {
	const name = "low_stock_threshold"
	if bytes.IndexByte(body, '\\') < 0 && bytes.Count(body, []byte{'{'}) == 1 {
		mentions := bytes.Count(body, []byte(name))
		if mentions == 0 {
			return t, nil
		}
		_, rest, found := bytes.Cut(body, []byte(`"`+name+`":`))
		if end := bytes.IndexAny(rest, ",}"); found && mentions == 1 && end > 0 {
			if q, err := ParseQuantity(string(rest[:end])); err == nil {
				t.General = &q
				return t, nil
			}
		}
	}
	return t, json.Unmarshal(body, &t)
}

// answered takes note of what was asked for: what exists is here by now.
func (r *Replica) answered() {
	n := r.asked
	r.asked = Needed{}
	q := inquiry{r: r}
	for _, id := range n.Items {
		q.item(id)
	}
	for _, id := range n.Products {
		q.product(id)
	}
	for _, id := range n.Locations {
		q.location(id)
	}
	for _, id := range n.Lots {
		q.lot(id)
	}
	for _, ids := range [][]ID{q.Items, q.Products, q.Locations, q.Lots} {
		for _, id := range ids {
			r.absent[id] = true
		}
	}
	for _, g := range n.Groups {
		r.whole[groupKey{g.Product, g.Location}] = true
	}
	for _, id := range n.ItemsOfProducts {
		r.whole[groupKey{product: id}] = true
	}
}

// settle makes items of the pending records once all their documents are here.
func (r *Replica) settle() error {
	if len(r.pending) == 0 {
		return nil
	}
	waiting := inquiry{r: &Replica{s: r.s, pending: r.pending}}
	if waiting.pending(); !waiting.Empty() {
		for _, id := range slices.Concat(waiting.Products, waiting.Locations, waiting.Lots) {
			if r.absent[id] {
				return fmt.Errorf("document %s is missing among the records, and items refer to it", id)
			}
		}
		return nil
	}
	items := make([]*Item, 0, len(r.pending))
	for _, record := range r.pending {
		i, err := record.item(r.s)
		if err != nil {
			return err
		}
		items = append(items, i)
	}
	clear(r.pending)
	slices.SortFunc(items, byNumber)
	return r.link(items)
}

// link gathers items in the groups that came with them.
func (r *Replica) link(items []*Item) error {
	if len(r.s.items.base) == 0 {
		r.s.items.base = make(map[ID]*Item, len(items))
	}
	groups := make(map[groupKey]*group, len(items))
	for _, i := range items {
		key := groupKey{i.Product.ID, i.Location.ID}
		if known, ok := r.s.groups.get(key); ok {
			return fmt.Errorf("item %s comes after the %d others of its product and location", i.ID, len(known.items))
		}
		g := groups[key]
		if g == nil {
			g = &group{armed: true}
			groups[key] = g
		} else {
			i.group = r.s.items.base[g.items[0]].group
		}
		g.items = append(g.items, i.ID)
		g.available += counted(i)
		r.s.items.base[i.ID] = i
	}
	for key, g := range groups {
		first := r.s.items.base[g.items[0]]
		g.low, _ = r.s.judge(g.available, first.Product.ThresholdAt(key.location), true)
		r.s.groups.base[key], r.whole[key] = g, true
	}
	return nil
}
