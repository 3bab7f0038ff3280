package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// numbered are the transfers of one direction that have the same number; what
// comes in from different senders may.
type numbered struct{ ids []ID }

func numberKey(direction Direction, number string) string {
	return string(direction) + "\n" + strings.ToLower(number)
}

// putTransfer folds a new version of a transfer document.
func (s *state) putTransfer(d *TransferDocument) {
	key := numberKey(d.Direction, d.Number)
	if old, ok := s.transfers.get(d.ID); ok {
		if was := numberKey(old.Direction, old.Number); was != key {
			s.renumber(was, func(ids []ID) []ID { return slices.DeleteFunc(ids, func(id ID) bool { return id == d.ID }) })
		}
		if old.Shipment != d.Shipment && old.Shipment != old.ID {
			s.shipments.put(old.Shipment, ID{})
		}
	}
	s.renumber(key, func(ids []ID) []ID {
		if slices.Contains(ids, d.ID) {
			return ids
		}
		return append(ids, d.ID)
	})
	if !d.Shipment.IsZero() && d.Shipment != d.ID {
		s.shipments.put(d.Shipment, d.ID)
	}
	s.transfers.put(d.ID, d)
}

func (s *state) renumber(key string, change func([]ID) []ID) {
	old, _ := s.numbered.get(key)
	if old == nil {
		old = &numbered{}
	}
	next := change(slices.Clone(old.ids))
	slices.SortFunc(next, compareIDs)
	switch {
	case len(next) == 0:
		s.numbered.put(key, nil)
	case len(next) != len(old.ids):
		s.numbered.put(key, &numbered{next})
	}
}

// loadTransfers puts documents into the published state.
func (s *state) loadTransfers(list []*TransferDocument) {
	for _, d := range list {
		s.putTransfer(d)
	}
	for _, l := range []layer{&s.transfers, &s.shipments, &s.numbered} {
		l.accept()
		l.publish()
	}
}

// incoming finds the document of what came in under the id that the sender
// gave it.
func (s *state) incoming(shipment ID) (*TransferDocument, bool) {
	id := shipment
	if own, ok := s.shipments.get(shipment); ok {
		id = own
	}
	d, ok := s.transfers.get(id)
	return d, ok && d.Shipment == shipment && d.Direction == DirectionIn
}

// withNumber lists the transfers of a direction that have a number, by id.
func (s *state) withNumber(direction Direction, number string) []*TransferDocument {
	n, _ := s.numbered.get(numberKey(direction, number))
	if n == nil {
		return nil
	}
	var list []*TransferDocument
	for _, id := range n.ids {
		d, _ := s.transfers.get(id)
		list = append(list, d)
	}
	return list
}

// ParseTransfer reads the body of a transfer document that entry seq made.
func ParseTransfer(r DocumentRecord) (*TransferDocument, error) {
	d := &TransferDocument{Version: r.Seq}
	if err := json.Unmarshal(r.Body, d); err != nil {
		return nil, fmt.Errorf("transfer %s: %w", r.ID, err)
	}
	return d, nil
}
