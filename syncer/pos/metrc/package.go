package metrc

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	pathActive   = "/packages/v2/active"
	pathOnHold   = "/packages/v2/onhold"
	pathPackages = "/packages/v2/"
	// few is how many packages are asked for one by one rather than looked
	// for in the lists.
	few = 50
	// maxKnown bounds what is remembered of packages.
	maxKnown = 100_000
)

// labelPattern keeps what is no label out of paths.
var labelPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// packageRow is a package as METRC writes it.
type packageRow struct {
	Label                                   string
	Quantity                                pos.Number
	UnitOfMeasureName                       string
	Item                                    item
	IsOnHold, IsOnRecall, IsOnInvestigation bool
	IsOnHoldCombined, IsOnRecallCombined    bool
	IsOnInvestigationHold                   bool
	IsOnInvestigationRecall                 bool
	IsFinished                              bool
	ArchivedDate, LastModified              string
}

type item struct {
	ID   int64 `json:"Id"`
	Name string
}

// pack is a package, read.
type pack struct {
	label, item, name, unit string
	quantity                store.Quantity
	updatedAt               store.Instant
	// held: it may not be sold, nor adjusted. gone: it was discontinued.
	held, finished, gone bool
	// problem is a sentence when the row cannot be used.
	problem string
}

// readPackage reads a row.
func (o *options) readPackage(raw object) pack {
	var r packageRow
	p := pack{problem: decodeRow(raw, &r)}
	p.label, p.name, p.unit = strings.TrimSpace(r.Label), r.Item.Name, unitOf(r.UnitOfMeasureName)
	p.updatedAt = o.moment(r.LastModified)
	p.held = r.IsOnHold || r.IsOnRecall || r.IsOnInvestigation || r.IsOnHoldCombined || r.IsOnRecallCombined ||
		r.IsOnInvestigationHold || r.IsOnInvestigationRecall
	p.finished, p.gone = r.IsFinished, r.ArchivedDate != ""
	if r.Item.ID > 0 {
		p.item = strconv.FormatInt(r.Item.ID, 10)
	}
	quantity, problem := r.Quantity.Quantity()
	p.quantity = quantity
	switch {
	case p.problem != "":
	case p.label == "":
		p.problem = "It has no label."
	case p.item == "":
		p.problem = "It has no item."
	default:
		p.problem = problem
	}
	return p
}

// stock says it in the words of the contract.
func (p *pack) stock() pos.Stock {
	return pos.Stock{
		Place: store.Place{Product: p.item, Lot: p.label}, Name: p.name, Tag: p.label, Unit: p.unit,
		Quantity: p.quantity, UpdatedAt: p.updatedAt, Held: p.held, Problem: p.problem,
	}
}

// units are METRC's names of our units.
var units = map[store.Unit]string{"each": "Each", "g": "Grams", "mg": "Milligrams", "oz": "Ounces", "ml": "Milliliters"}

// unitOf gives our unit for METRC's, or METRC's name where we have none.
func unitOf(theirs string) string {
	for ours, name := range units {
		if strings.EqualFold(name, theirs) {
			return string(ours)
		}
	}
	return theirs
}

// unitName gives METRC's name for what unitOf gave.
func unitName(unit string) string {
	if name, ok := units[store.Unit(unit)]; ok {
		return name
	}
	return unit
}

// find asks for one package by its label; found is false when METRC has none.
func (c *connector) find(ctx context.Context, label string) (p pack, found bool, err error) {
	if !labelPattern.MatchString(label) {
		return p, false, nil
	}
	raw, found, err := c.one(ctx, pathPackages+label)
	if err != nil || !found {
		return p, false, err
	}
	p = c.readPackage(raw)
	if p.problem == "" && !strings.EqualFold(p.label, label) {
		p.problem = "METRC answered with another package."
	}
	p.label = label
	c.known.put(&p)
	return p, true, nil
}

// known remembers which item a package is of, and in which unit: a receipt
// does not say.
type known struct {
	mu       sync.Mutex
	packages map[string]pack
}

func (k *known) put(p *pack) {
	if p.problem != "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.packages == nil || len(k.packages) >= maxKnown {
		k.packages = make(map[string]pack)
	}
	k.packages[p.label] = pack{label: p.label, item: p.item, unit: p.unit}
}

func (k *known) get(label string) (p pack, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok = k.packages[label]
	return p, ok
}
