package dutchie

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// ReadStock gives what is in each room of each package, one row for each
// place. Dutchie has no question for less than everything, so that is asked
// for whatever only says.
func (c *Connector) ReadStock(ctx context.Context, only []store.Place, page func([]pos.Stock) error) error {
	if only != nil && len(only) == 0 {
		return nil
	}
	a, err := c.get(ctx, "/reporting/inventory", url.Values{
		"includeRoomQuantities": {"true"}, "includeAllocated": {"true"},
	})
	if err != nil {
		return err
	}
	stock, err := readStock(a)
	if err != nil {
		return err
	}
	if only != nil {
		stock = among(stock, only)
	}
	return hand(stock, page)
}

// among keeps the rows of some places.
func among(stock []pos.Stock, only []store.Place) []pos.Stock {
	wanted := make(map[store.Place]bool, len(only))
	for _, place := range only {
		wanted[place] = true
	}
	return slices.DeleteFunc(stock, func(s pos.Stock) bool { return !wanted[s.Place] })
}

// inventoryRow is what Dutchie has of a package, over all rooms.
type inventoryRow struct {
	InventoryID   int64             `json:"inventoryId"`
	ProductID     int64             `json:"productId"`
	PackageID     string            `json:"packageId"`
	SKU           string            `json:"sku"`
	ProductName   string            `json:"productName"`
	Tag           string            `json:"externalPackageId"`
	Unit          string            `json:"quantityUnits"`
	PackageStatus string            `json:"packageStatus"`
	Available     pos.Number        `json:"quantityAvailable"`
	Allocated     pos.Number        `json:"allocatedQuantity"`
	LastModified  string            `json:"lastModifiedDateUtc"`
	Rooms         []json.RawMessage `json:"roomQuantities"`
}

// roomQuantity is what of it is in one room.
type roomQuantity struct {
	RoomID    int64      `json:"roomId"`
	Available pos.Number `json:"quantityAvailable"`
}

func readStock(a *pos.Answer) ([]pos.Stock, error) {
	rows, err := readList(a)
	if err != nil {
		return nil, err
	}
	g := gathering{at: make(map[store.Place]int, len(rows)), seen: make(map[record]bool, len(rows))}
	for _, raw := range rows {
		var r inventoryRow
		problem := readRow(raw, &r)
		for _, s := range r.places(problem) {
			g.add(r.InventoryID, s)
		}
	}
	return g.stock, nil
}

// places gives what is where. A row with a problem still names its places as
// far as it can.
func (r *inventoryRow) places(problem string) []pos.Stock {
	base := r.base(problem)
	allocated, wrong := quantity(r.Allocated, true)
	base.Problem = cmp.Or(base.Problem, wrong)
	if len(r.Rooms) == 0 {
		return r.nowhere(base, allocated)
	}
	if len(r.Rooms) > 1 && allocated != 0 {
		base.Problem = cmp.Or(base.Problem, fmt.Sprintf("Orders hold %s of it, and Dutchie does not say in which of its rooms.", allocated))
	}
	list := make([]pos.Stock, 0, len(r.Rooms))
	for _, raw := range r.Rooms {
		var q roomQuantity
		s := base
		s.Problem = cmp.Or(s.Problem, readRow(raw, &q))
		s.Room = id(q.RoomID)
		if s.Room == "" {
			s.Problem = cmp.Or(s.Problem, "Its room has no id.")
		}
		available, wrong := quantity(q.Available, false)
		s.Quantity, s.Problem = available+allocated, cmp.Or(s.Problem, wrong)
		list = append(list, s)
	}
	return list
}

// base is what all places of a package have in common.
func (r *inventoryRow) base(problem string) pos.Stock {
	s := pos.Stock{
		Place: store.Place{Product: id(r.ProductID), Lot: r.PackageID},
		SKU:   r.SKU, Name: r.ProductName, Tag: r.Tag, Unit: r.Unit,
		UpdatedAt: instant(r.LastModified), Held: held(r.PackageStatus), Problem: problem,
	}
	if u, ok := unit(r.Unit); ok {
		s.Unit = string(u)
	}
	if s.Product == "" {
		s.Problem = cmp.Or(s.Problem, "It has no product.")
	}
	return s
}

// nowhere is a package in no room: gone, or one whose room is not said.
func (r *inventoryRow) nowhere(s pos.Stock, allocated store.Quantity) []pos.Stock {
	available, wrong := quantity(r.Available, false)
	s.Quantity, s.Problem = available+allocated, cmp.Or(s.Problem, wrong)
	if s.Quantity == 0 && s.Problem == "" {
		return nil
	}
	s.Problem = cmp.Or(s.Problem, "Dutchie does not say in which room it is.")
	return []pos.Stock{s}
}

// quantity reads a number. Dutchie leaves an allocated one out, or writes
// null, where there is none.
func quantity(n pos.Number, optional bool) (q store.Quantity, problem string) {
	if !n.Given() && optional {
		return 0, ""
	}
	return n.Quantity()
}

// held tells whether a package of this status may not be sold. Of the statuses
// Dutchie documents only three, as examples: Active, Testing and Quarantine.
func held(status string) bool {
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(status)) {
	case "quarantine", "quarantined", "testing", "hold", "onhold", "recall", "recalled":
		return true
	}
	return false
}

// gathering makes one row of all that are about the same place: goods that
// Dutchie keeps in several records of inventory, without a package.
type gathering struct {
	stock []pos.Stock
	at    map[store.Place]int
	seen  map[record]bool
}

// record names a number of Dutchie's.
type record struct {
	inventory int64
	place     store.Place
}

func (g *gathering) add(inventory int64, s pos.Stock) {
	n, known := g.at[s.Place]
	if !known || s.Product == "" {
		n = len(g.stock)
		g.at[s.Place], g.stock = n, append(g.stock, s)
	} else {
		join(&g.stock[n], s)
	}
	all, r := &g.stock[n], record{inventory, s.Place}
	if g.seen[r] && s.Product != "" {
		all.Problem = cmp.Or(all.Problem, "Dutchie lists it twice.")
	}
	if max(all.Quantity, -all.Quantity) > store.MaxQuantity {
		all.Problem = cmp.Or(all.Problem, "Its quantity is more than fits.")
	}
	g.seen[r] = true
}

// join adds what another record has at the same place.
func join(all *pos.Stock, s pos.Stock) {
	all.Quantity += s.Quantity
	all.Held = all.Held || s.Held
	all.UpdatedAt = max(all.UpdatedAt, s.UpdatedAt)
	all.Problem = cmp.Or(all.Problem, s.Problem)
}
