package pos

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// How a link was found.
const (
	howExternal = "external_id"
	howSKU      = "sku"
	howBarcode  = "barcode"
	howTag      = "tag"
	howName     = "name"
	howType     = "type"
	howOnly     = "only"
	howConfig   = "config"
	howManual   = "manual"
)

// links are what is tied to what at one destination, in memory. They are safe
// for concurrent use.
type links struct {
	mu     sync.RWMutex
	ours   map[linkKey]store.Link
	theirs map[linkKey]string
}

type linkKey struct {
	kind store.LinkKind
	id   string
}

func (l *links) load(ctx context.Context, r Records, destination string) error {
	list, err := r.ListLinks(ctx, destination)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ours, l.theirs = make(map[linkKey]store.Link, len(list)), make(map[linkKey]string, len(list))
	for _, link := range list {
		l.put(link)
	}
	return nil
}

// put takes a link in; the lock is held. The first of several rooms that are
// one of theirs, in the documented order, is what theirs is here.
func (l *links) put(link store.Link) {
	l.drop(link.Kind, link.Ours)
	l.ours[linkKey{link.Kind, link.Ours}] = link
	if link.Theirs == "" {
		return
	}
	there := linkKey{link.Kind, link.Theirs}
	if other, taken := l.theirs[there]; !taken || roomOrder(link.Ours) < roomOrder(other) {
		l.theirs[there] = link.Ours
	}
}

// drop takes a link out; the lock is held.
func (l *links) drop(kind store.LinkKind, ours string) {
	old, ok := l.ours[linkKey{kind, ours}]
	if !ok {
		return
	}
	delete(l.ours, linkKey{kind, ours})
	there := linkKey{kind, old.Theirs}
	if l.theirs[there] != ours {
		return
	}
	delete(l.theirs, there)
	for _, other := range l.ours {
		if other.Kind != kind || other.Theirs != old.Theirs || other.Theirs == "" {
			continue
		}
		if best, taken := l.theirs[there]; !taken || roomOrder(other.Ours) < roomOrder(best) {
			l.theirs[there] = other.Ours
		}
	}
}

func roomOrder(name string) store.Room {
	room, _ := store.ParseRoom(name)
	return room
}

// find gives the link of something of ours.
func (l *links) find(kind store.LinkKind, ours string) (store.Link, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	link, ok := l.ours[linkKey{kind, ours}]
	return link, ok
}

// of gives what of ours something of theirs is.
func (l *links) of(kind store.LinkKind, theirs string) (ours string, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	ours, ok = l.theirs[linkKey{kind, theirs}]
	return ours, ok
}

// idOf is of for products and lots.
func (l *links) idOf(kind store.LinkKind, theirs string) (id store.ID, ok bool) {
	ours, ok := l.of(kind, theirs)
	if !ok {
		return id, false
	}
	return store.ParseID(ours)
}

// configured lists the links that a configuration set.
func (l *links) configured() (list []store.Link) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, link := range l.ours {
		if link.How == howConfig {
			list = append(list, link)
		}
	}
	return list
}

// count gives how many links of a kind there are.
func (l *links) count(kind store.LinkKind) (n int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for key := range l.ours {
		if key.kind == kind {
			n++
		}
	}
	return n
}

// link ties something, for good.
func (t *Target) link(ctx context.Context, list ...store.Link) error {
	if len(list) == 0 {
		return nil
	}
	now, _ := t.ledger.Now()
	for i := range list {
		list[i].Destination, list[i].At = t.cfg.Name, now
	}
	if err := t.records.PutLinks(ctx, list); err != nil {
		return err
	}
	t.links.mu.Lock()
	defer t.links.mu.Unlock()
	for _, link := range list {
		t.links.put(link)
	}
	return nil
}

// configured ties the rooms and reasons that the configuration names.
func (t *Target) configured(ctx context.Context) error {
	wanted := map[linkKey]string{}
	for room, theirs := range t.cfg.Rooms {
		wanted[linkKey{store.LinkRoom, room.String()}] = theirs
	}
	for reason, theirs := range t.cfg.Reasons {
		wanted[linkKey{store.LinkReason, reason.String()}] = theirs
	}
	for _, link := range t.links.configured() {
		if _, still := wanted[linkKey{link.Kind, link.Ours}]; still {
			continue
		}
		if err := t.unlink(ctx, link.Kind, link.Ours); err != nil {
			return err
		}
	}
	for k, theirs := range wanted {
		if err := t.configure(ctx, k.kind, k.id, theirs); err != nil {
			return err
		}
	}
	return nil
}

// configure ties one thing as the configuration says.
func (t *Target) configure(ctx context.Context, kind store.LinkKind, ours, theirs string) error {
	link := store.Link{Kind: kind, Ours: ours, Theirs: theirs, How: howConfig}
	old, ok := t.links.find(kind, ours)
	switch {
	case ok && old.Theirs == theirs && old.How == howConfig:
		return nil
	case ok && old.Theirs != theirs:
		return t.relink(ctx, kind, ours, func() error { return t.link(ctx, link) })
	}
	return t.link(ctx, link)
}

// linkRooms ties rooms by their type or name; where there is only one, it is
// every room but quarantine.
func (t *Target) linkRooms(ctx context.Context, rooms []Room) error {
	return linkEach(ctx, t, store.LinkRoom, store.Rooms, rooms, func(ours store.Room, r Room) store.Link {
		return store.Link{Theirs: r.ID, Name: r.Name, How: matchRoom(ours, r, len(rooms) == 1)}
	})
}

// linkReasons ties reasons that have the same name there.
func (t *Target) linkReasons(ctx context.Context, reasons []Reason) error {
	return linkEach(ctx, t, store.LinkReason, store.Reasons, reasons, func(ours store.Reason, r Reason) store.Link {
		l := store.Link{Theirs: r.ID, Name: r.Name}
		if strings.EqualFold(strings.TrimSpace(r.Name), ours.String()) {
			l.How = howName
		}
		return l
	})
}

// linkEach ties what has no link yet to the first of theirs that fits: whose
// link says how.
func linkEach[O fmt.Stringer, T any](ctx context.Context, t *Target, kind store.LinkKind, ours []O, theirs []T, fits func(O, T) store.Link) error {
	var list []store.Link
	for _, o := range ours {
		if _, known := t.links.find(kind, o.String()); known {
			continue
		}
		for _, r := range theirs {
			if l := fits(o, r); l.How != "" {
				l.Kind, l.Ours = kind, o.String()
				list = append(list, l)
				break
			}
		}
	}
	return t.link(ctx, list...)
}

func matchRoom(ours store.Room, r Room, only bool) (how string) {
	words := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(r.Name)))
	switch {
	case r.Type == ours:
		return howType
	case words == ours.String():
		return howName
	case only && r.Type == 0 && ours != store.Quarantine:
		return howOnly
	}
	return ""
}
