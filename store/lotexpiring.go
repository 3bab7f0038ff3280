package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// tellOnce is how many lots one commit tells of; the next look goes on.
const tellOnce = 500

// lotPlace is a lot at a location.
type lotPlace struct{ lot, location ID }

func compareLotPlaces(a, b lotPlace) int {
	return cmp.Or(bytes.Compare(a.lot[:], b.lot[:]), bytes.Compare(a.location[:], b.location[:]))
}

// lotExpiring is the body of a lot_expiring event.
type lotExpiring struct {
	LotID     ID       `json:"lot_id"`
	ProductID ID       `json:"product_id"`
	Location  ID       `json:"location_id"`
	ExpiresOn string   `json:"expires_on"`
	Quantity  Quantity `json:"quantity"`
}

// applyLotExpiring notes which day was told of a lot at a location.
func (s *state) applyLotExpiring(e *Entry) error {
	var body lotExpiring
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return fmt.Errorf("entry %s: %w", e.Position, err)
	}
	s.expiring.put(lotPlace{body.LotID, body.Location}, body.ExpiresOn)
	return nil
}

// expiryWatch is what the writer has to look at: everything, or only some lots,
// and when the next lot is due.
type expiryWatch struct {
	all  bool
	lots map[ID]bool
	next Instant
}

// touch takes note of an entry that may make a lot one to tell of: a lot that
// changed, stock of one that was out, a location with another zone. item is the
// entry's, nil for none.
func (w *expiryWatch) touch(e *Entry, item *Item) {
	switch {
	case e.Document != nil && e.Document.Type == DocLot:
		w.lots[e.Document.ID] = true
	case e.Document != nil && e.Document.Type == DocLocation:
		w.all = true
	case e.Movement != nil && item.Lot != nil && item.Lot.ExpiresOn != "" &&
		e.Movement.After > 0 && e.Movement.After <= e.Movement.Change:
		w.lots[item.Lot.ID] = true
	}
}

// tellExpiring tells of the lots that expire soon. It looks at the lots that
// something happened to or, when one has become due, at all. While the clock is
// not trusted it waits.
func (l *Ledger) tellExpiring(now Instant) {
	w := &l.expiry
	if l.cfg.Rules.ExpiringWithin == 0 || !l.keeper.ok {
		w.all = true
		clear(w.lots)
		return
	}
	if w.all = w.all || now >= w.next; !w.all && len(w.lots) == 0 {
		return
	}
	due := l.s.dueLots(w, now, l.cfg.Rules.ExpiringWithin)
	w.all = len(due) > tellOnce
	clear(w.lots)
	if len(due) > 0 {
		l.process([]*call{newCall(SystemRequest(), &tellLots{due[:min(len(due), tellOnce)]})})
		// A full disk keeps it from being told: it is due until it is.
		w.all = w.all || !l.s.told(due[0])
	}
}

// told tells whether a lot was told of for the day on which it expires now.
func (s *state) told(p lotPlace) bool {
	lot, ok := s.lots.get(p.lot)
	day, _ := s.expiring.get(p)
	return !ok || lot.ExpiresOn == "" || day == lot.ExpiresOn
}

// dueLots lists, in order, the lots that are to be told of, of all or of those
// that the watch names, and moves on when the next one is due.
func (s *state) dueLots(w *expiryWatch, now Instant, within time.Duration) []lotPlace {
	due := map[lotPlace]bool{}
	if w.all {
		w.next = maxInt64
		for _, i := range s.byNo {
			s.expires(w, due, i, now, within)
		}
	}
	for id := range w.lots {
		if lot, ok := s.lots.get(id); ok && !w.all {
			for _, location := range s.locationIDs() {
				for _, i := range s.itemsOfLot(lot, location) {
					s.expires(w, due, i, now, within)
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(due), compareLotPlaces)
}

// itemsOfLot lists the rows of a lot at a location.
func (s *state) itemsOfLot(lot *Lot, location ID) (list []*Item) {
	g, _ := s.groups.get(groupKey{lot.ProductID, location})
	if g == nil {
		return nil
	}
	for _, id := range g.items {
		if i, ok := s.items.get(id); ok && i.Lot != nil && i.Lot.ID == lot.ID {
			list = append(list, i)
		}
	}
	return list
}

// expires adds the lot of a row to those that are due, or notes when it will
// be.
func (s *state) expires(w *expiryWatch, due map[lotPlace]bool, i *Item, now Instant, within time.Duration) {
	if i == nil || i.Lot == nil || i.Quantity <= 0 || i.Lot.ExpiresOn == "" {
		return
	}
	p := lotPlace{i.Lot.ID, i.Location.ID}
	end, ok := i.Lot.endsAt(i.Location.Zone())
	if !ok || due[p] || s.told(p) {
		return
	}
	if from := end.Add(-within); from > now {
		w.next = min(w.next, from)
		return
	}
	due[p] = true
}

// tellLots writes that lots expire soon.
type tellLots struct{ lots []lotPlace }

func (c *tellLots) decide(t *tx) error {
	if !t.clockOK {
		return nil
	}
	for _, p := range c.lots {
		lot, ok := t.s.lots.get(p.lot)
		if !ok || t.s.told(p) {
			continue
		}
		var there Quantity
		for _, i := range t.s.itemsOfLot(lot, p.location) {
			there += max(0, i.Quantity)
		}
		if there == 0 {
			continue
		}
		body := lotExpiring{LotID: lot.ID, ProductID: lot.ProductID, Location: p.location, ExpiresOn: lot.ExpiresOn, Quantity: there}
		if err := t.event(EventLotExpiring, body); err != nil {
			return err
		}
	}
	return nil
}
