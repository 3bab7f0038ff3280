package store

import (
	"encoding/json"
	"fmt"
	"slices"
)

// encodeDocument makes the canonical body of a document: the JSON of its
// struct, whose field order is fixed.
func encodeDocument(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain fields: cannot fail
	}
	return b
}

// applyDocument folds a new version of a document.
func (s *state) applyDocument(e *Entry) (any, error) {
	of, err := decodeDocument(e)
	if err != nil {
		return nil, err
	}
	switch v := of.(type) {
	case *Product:
		s.putProduct(v)
	case *Location:
		s.putLocation(v)
	case *Lot:
		s.putLot(v)
	case *TransferDocument:
		s.putTransfer(v)
	case *itemDocument:
		return s.putItemDocument(e, v)
	}
	return of, nil
}

// decodeDocument reads the version of a document that an entry made.
func decodeDocument(e *Entry) (any, error) {
	if e.Document.of != nil {
		return e.Document.of, nil
	}
	of, err := readDocument(e)
	if err != nil {
		return nil, fmt.Errorf("entry %s: %w", e.Position, err)
	}
	e.Document.of = of
	return of, nil
}

func readDocument(e *Entry) (of any, err error) {
	switch e.Document.Type {
	case DocProduct:
		of = &Product{Version: e.Seq}
	case DocLocation:
		of = &Location{Version: e.Seq}
	case DocLot:
		of = &Lot{Version: e.Seq}
	case DocItem:
		of = new(itemDocument)
	case DocTransfer:
		of = &TransferDocument{Version: e.Seq}
	default:
		return nil, fmt.Errorf("document type %q: %w", e.Document.Type, ErrNewer)
	}
	if err := json.Unmarshal(e.Document.Body, of); err != nil {
		return nil, err
	}
	var id ID
	switch v := of.(type) {
	case *Product:
		id = v.ID
		v.index()
	case *Location:
		id = v.ID
		err = v.load()
	case *Lot:
		id = v.ID
	case *itemDocument:
		id = v.ID
	case *TransferDocument:
		id = v.ID
	}
	if err == nil && id != e.Document.ID {
		err = fmt.Errorf("the document of %s says that it is %s", e.Document.ID, id)
	}
	return of, err
}

func (s *state) putProduct(p *Product) {
	old, ok := s.products.get(p.ID)
	if ok && skuKey(old.SKU) != skuKey(p.SKU) {
		s.skus.put(skuKey(old.SKU), ID{})
	}
	s.skus.put(skuKey(p.SKU), p.ID)
	s.products.put(p.ID, p)
	if !ok {
		return
	}
	for _, location := range s.locationIDs() {
		g, ok := s.groups.get(groupKey{p.ID, location})
		if !ok {
			continue
		}
		for _, id := range g.items {
			was, _ := s.items.get(id)
			next := *was
			next.Product = p
			s.putItem(was, &next)
		}
	}
}

func (s *state) putLocation(l *Location) {
	_, known := s.locations.get(l.ID)
	s.locations.put(l.ID, l)
	if !known {
		return
	}
	for _, was := range s.allItems() {
		if was.Location.ID == l.ID {
			next := *was
			next.Location = l
			s.putItem(was, &next)
		}
	}
}

func (s *state) putLot(l *Lot) {
	old, known := s.lots.get(l.ID)
	if known && old.key() != l.key() {
		s.tags.put(old.key(), ID{})
	}
	s.tags.put(l.key(), l.ID)
	s.lots.put(l.ID, l)
	if !known {
		return
	}
	for _, location := range s.locationIDs() {
		g, ok := s.groups.get(groupKey{l.ProductID, location})
		if !ok {
			continue
		}
		for _, id := range g.items {
			if was, _ := s.items.get(id); was.Lot != nil && was.Lot.ID == l.ID {
				next := *was
				next.Lot = l
				s.putItem(was, &next)
			}
		}
	}
}

func (s *state) putItemDocument(e *Entry, d *itemDocument) (*Item, error) {
	was, known := s.items.get(d.ID)
	next := &Item{ID: d.ID, No: d.No, Room: d.Room, Opened: e.Seq}
	if known {
		*next = *was
	} else {
		was = nil
		next.Product, _ = s.products.get(d.ProductID)
		next.Location, _ = s.locations.get(d.LocationID)
		next.Lot, _ = s.lots.get(d.LotID)
		s.itemCountDraft++
	}
	if next.Product == nil || next.Location == nil || next.No != d.No || (!known && d.No != s.itemCountDraft) {
		return nil, fmt.Errorf("entry %s opens an item of nothing known", e.Position)
	}
	next.Threshold, next.ArchivedAt = d.Threshold, d.ArchivedAt
	next.Seq, next.edited, next.UpdatedAt = e.Seq, e.Seq, e.RecordedAt
	s.putItem(was, next)
	return next, nil
}

// locationIDs lists the locations through all layers; there are few.
func (s *state) locationIDs() []ID {
	var ids []ID
	for _, layer := range []map[ID]*Location{s.locations.base, s.locations.batch, s.locations.draft} {
		for id := range layer {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// allItems lists the newest version of every item through all layers.
func (s *state) allItems() []*Item {
	all := make([]*Item, 0, s.itemCountDraft)
	for _, layer := range []map[ID]*Item{s.items.draft, s.items.batch} {
		for id := range layer {
			if i, _ := s.items.get(id); !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	for id, i := range s.items.base {
		if newest, _ := s.items.get(id); newest == i {
			all = append(all, i)
		}
	}
	return all
}
