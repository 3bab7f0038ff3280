package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

// fleetRows is how many rows one snapshot of several stores may have, as it is
// put in order in memory.
const fleetRows = 250_000

// snapshot answers the stock of all stores, or of some, at a moment.
func (s *FleetServer) snapshot(x *exchange) error {
	named := x.query.ids("store_id")
	a, err := x.readAsk()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.Request.Context(), 30*time.Second)
	defer cancel()
	stores, err := s.among(x, named, store.MovementFilter{Locations: a.locations})
	if err == nil {
		err = s.mayJoin(ctx, stores, a)
	}
	if err != nil {
		return err
	}
	p, err := s.past(ctx, x, stores, a)
	if err != nil {
		return err
	}
	return x.sendPast(a, p)
}

// mayJoin refuses what several stores cannot answer together.
func (s *FleetServer) mayJoin(ctx context.Context, stores []store.ID, a ask) error {
	if len(stores) <= 1 {
		return nil
	}
	if a.seq >= 0 {
		return invalid("A seq is a place in the ledger of one store: name it with store_id.")
	}
	all, err := s.fleet.Stores(ctx)
	if err != nil {
		return err
	}
	rows := int64(0)
	for _, one := range all {
		if slices.Contains(stores, one.ID) {
			rows += one.Items
		}
	}
	if rows > fleetRows {
		return invalid(fmt.Sprintf("That is up to %d rows at once; name stores with store_id, or locations, so that it is %d at most.", rows, fleetRows))
	}
	return nil
}

// past joins the snapshots of stores. That of one store is as the store itself
// gives it.
func (s *FleetServer) past(ctx context.Context, x *exchange, stores []store.ID, a ask) (*past, error) {
	now := store.InstantOf(s.clock.Wall())
	whole := &past{Snapshot: &store.Snapshot{At: now}, known: cmp.Or(a.known, now), many: true}
	digest, synced := sha256.New(), map[store.ID]store.Instant{}
	x.synced = func(i *store.Item) store.Instant { return synced[i.Location.ID] }
	var parts []*store.Snapshot
	for _, id := range stores {
		ledger, at, err := s.fleet.Mirror(ctx, id)
		if err != nil {
			return nil, err
		}
		p, err := pastOf(ctx, ledger, a)
		if err != nil {
			return nil, err
		}
		for _, l := range ledger.Locations() {
			synced[l.ID] = at
		}
		if len(stores) == 1 {
			return p, nil
		}
		fmt.Fprintf(digest, "%s %s\n", id, p.digest)
		parts = append(parts, p.Snapshot)
		whole.places = append(whole.places, p.places...)
		whole.partial = whole.partial || p.partial
		whole.known = max(whole.known, p.known)
	}
	if len(parts) > 0 {
		whole.Snapshot = parts[0]
		whole.Join(parts[1:]...)
	}
	whole.digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return whole, nil
}
