package cmd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

// demo makes up the past of a shop with two locations.
type demo struct {
	ledger  *store.Ledger
	clock   *demoClock
	now     store.Instant
	random  *rand.Rand
	agenda  demoAgenda
	planned int
	shops   []*demoShop
	lots    int
}

// demoShop is a location of the demo.
type demoShop struct {
	*demo
	id    store.ID
	name  string
	zone  *time.Location
	tills []string
	// visits is how many tickets an ordinary day has.
	visits int
	stocks []*demoStock
	// odds are the sums of demand up to each stock.
	odds    []int
	tickets int
	orders  int
}

// demoStock is one product at a location.
type demoStock struct {
	*demoProduct
	front store.Room
	// shelf and vault are its items there, the oldest lot first.
	shelf, vault []store.ID
	// out says that its supplier has none.
	out bool
}

const (
	demoDays = 60
	demoSeed = 417
	// demoLast is how long before now the ordinary day breaks off.
	demoLast = 12 * time.Minute
)

var demoPlaces = []struct {
	name, licence, zone string
	tills               []string
	visits              int
	// every leaves out one product in so many; 0 leaves out none.
	every int
}{
	{"Juniper Street", "DEMO-RET-000417", "America/Los_Angeles", []string{"juniper-till-1", "juniper-till-2", "juniper-till-3"}, 58, 0},
	{"Canyon Road", "DEMO-RET-000982", "America/Denver", []string{"canyon-till-1", "canyon-till-2"}, 38, 4},
}

// demoStart is when the demo's past begins: early in the morning at the
// first location, demoDays ago.
func demoStart(now store.Instant) store.Instant {
	zone, err := time.LoadLocation(demoPlaces[0].zone)
	if err != nil {
		zone = time.UTC
	}
	t := now.Time().In(zone)
	return store.InstantOf(time.Date(t.Year(), t.Month(), t.Day()-demoDays, 6, 30, 0, 0, zone))
}

func newDemo(l *store.Ledger, c *demoClock, now store.Instant) *demo {
	return &demo{ledger: l, clock: c, now: now, random: rand.New(rand.NewPCG(demoSeed, demoDays))}
}

// run makes the catalogue, opens the stock, and lets the days go by.
func (d *demo) run(ctx context.Context) error {
	products := demoProducts(d.random)
	if err := d.open(ctx, products); err != nil {
		return err
	}
	for _, s := range d.shops {
		s.plan()
	}
	if err := d.play(ctx, d.now.Add(-demoLast)); err != nil {
		return err
	}
	return d.finish(ctx)
}

// do has a command done, a second after the one before.
func (d *demo) do(ctx context.Context, r store.Request, cmd store.Command) (store.Receipt, error) {
	d.clock.set(min(store.InstantOf(d.clock.Wall()).Add(time.Second), d.now))
	receipt, err := d.ledger.Do(ctx, r, cmd)
	if err != nil {
		err = fmt.Errorf("demo: %T: %w", cmd, err)
	}
	return receipt, err
}

// office is who does what is done behind the counter.
var demoOffice = store.Request{Actor: "manager-1", Terminal: "office", Source: "ui", Manager: true}

func (d *demo) open(ctx context.Context, products []*demoProduct) error {
	for _, p := range products {
		r, err := d.do(ctx, demoOffice, &store.EditProduct{Edit: func(n *store.Product) {
			id := n.ID
			*n = p.of
			n.ID = id
		}})
		if err != nil {
			return err
		}
		p.id = r.Facts[0].Of.(*store.Product).ID
	}
	for i := range demoPlaces {
		if err := d.openShop(ctx, i, products); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) openShop(ctx context.Context, i int, products []*demoProduct) error {
	place := &demoPlaces[i]
	r, err := d.do(ctx, demoOffice, &store.EditLocation{Edit: func(l *store.Location) {
		l.Name, l.Licence, l.TimeZone, l.Currency = place.name, place.licence, place.zone, "USD"
	}})
	if err != nil {
		return err
	}
	l := r.Facts[0].Of.(*store.Location)
	s := &demoShop{demo: d, id: l.ID, name: place.name, zone: l.Zone(), tills: place.tills, visits: place.visits}
	d.shops = append(d.shops, s)
	for _, p := range products {
		if place.every > 0 && p.number%place.every == place.every-1 {
			continue
		}
		if err := s.stock(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// stock opens the shelf and the vault of a product.
func (s *demoShop) stock(ctx context.Context, p *demoProduct) error {
	k := &demoStock{demoProduct: p, front: store.SalesFloor}
	if p.secret {
		k.front = store.SecretMenu
	}
	lot, err := s.lot(ctx, k)
	if err != nil {
		return err
	}
	shelf, vault := p.demoLine.shelf, p.pack/2+s.random.Int64N(p.pack)
	for _, room := range []store.Room{k.front, store.Vault} {
		units := shelf
		if room == store.Vault {
			units = vault
		}
		r, err := s.do(ctx, demoOffice, &store.OpenItem{Product: p.id, Location: s.id, Lot: lot, Room: room, Opening: demoUnits(units), Notes: "Opening count"})
		if err != nil {
			return err
		}
		k.put(r.Facts[len(r.Facts)-1].After)
	}
	before := 0
	if n := len(s.odds); n > 0 {
		before = s.odds[n-1]
	}
	s.stocks, s.odds = append(s.stocks, k), append(s.odds, before+p.demand*(2+s.random.IntN(9)))
	return nil
}

// lot makes a new lot, good for some months; the zero id for a product that
// is not kept by lot.
func (s *demoShop) lot(ctx context.Context, k *demoStock) (store.ID, error) {
	if !k.lots {
		return store.ID{}, nil
	}
	s.demo.lots++
	made := s.clock.Wall()
	r, err := s.do(ctx, demoOffice, &store.EditLot{Edit: func(l *store.Lot) {
		l.ProductID = k.id
		l.PackageTag = fmt.Sprintf("1A4DEMO%017d", 4170000+s.demo.lots)
		l.BatchNumber = fmt.Sprintf("%s-%s", k.code, made.Format("060102"))
		l.ExpiresOn = made.AddDate(0, 5+s.random.IntN(5), 0).Format(time.DateOnly)
	}})
	if err != nil {
		return store.ID{}, err
	}
	return r.Facts[0].Of.(*store.Lot).ID, nil
}

// put notes an item of the stock, unless it is known.
func (k *demoStock) put(i *store.Item) {
	list := &k.shelf
	switch {
	case i.Room == store.Vault:
		list = &k.vault
	case i.Room != k.front:
		return
	}
	if !slices.Contains(*list, i.ID) {
		*list = append(*list, i.ID)
	}
}

// sum is what some items have available together.
func (d *demo) sum(items []store.ID) (sum store.Quantity) {
	for _, id := range items {
		if i, ok := d.ledger.Item(id); ok {
			sum += i.Available()
		}
	}
	return sum
}
