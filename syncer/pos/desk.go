package pos

import (
	"cmp"
	"context"
	"errors"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// Desk is what people see of a store's points of sale, and do about them.
type Desk struct{ targets []*Target }

// NewDesk makes the desk of some targets.
func NewDesk(targets []*Target) *Desk { return &Desk{targets} }

func (d *Desk) target(name string) (*Target, error) {
	for _, t := range d.targets {
		if t.cfg.Name == name {
			return t, nil
		}
	}
	return nil, &store.Error{Code: store.CodeNotFound, Message: "There is no point of sale " + name + "."}
}

// POS lists the points of sale as they stand.
func (d *Desk) POS(ctx context.Context) ([]store.POS, error) {
	list := make([]store.POS, 0, len(d.targets))
	for _, t := range d.targets {
		p, err := t.status(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (t *Target) status(ctx context.Context) (p store.POS, err error) {
	p = store.POS{
		Name: t.cfg.Name, Kind: t.cfg.Kind.Name, Title: t.cfg.Kind.Title, LocationID: t.cfg.Location, State: t.caps.State,
		Capabilities: t.caps.Names(), Rate: t.caps.Rate, SaleSource: "api",
		CatalogueOwner: t.cfg.Catalogue, QuantityOwner: t.cfg.Quantity,
		Linked: t.links.count(store.LinkProduct), Checked: t.checked.Load(),
	}
	if t.caps.Lots && t.caps.State {
		p.Linked = t.links.count(store.LinkLot)
	}
	if t.cfg.Books {
		p.SaleSource = t.source()
	}
	for _, i := range t.items() {
		if at := t.place(i); at.missing != nil && i.Quantity != 0 {
			p.Unlinked++
		}
	}
	open, err := t.records.ListPulledSales(ctx, t.cfg.Name, true)
	if err != nil {
		return p, err
	}
	cases, err := t.records.ListCases(ctx, store.CaseFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return p, err
	}
	p.SalesOpen, p.OpenCases = int64(len(open)), int64(len(cases))
	if _, p.SalesReadTo, err = t.readTo(ctx); err != nil {
		return p, err
	}
	p.ComparedAt, err = t.comparedAt(ctx)
	return p, err
}

func (t *Target) comparedAt(ctx context.Context) (store.Instant, error) {
	m, err := t.records.FindMark(ctx, t.cfg.Name, comparedStream)
	return m.At, err
}

// items lists the rows of the target's location, none while there is no such.
func (t *Target) items() []*store.Item {
	if t.located() != nil {
		return nil
	}
	filter := store.ItemFilter{Locations: []store.ID{t.cfg.Location}}
	_, total := t.ledger.Items(filter, 0, 0)
	list, _ := t.ledger.Items(filter, 0, total)
	return list
}

// Names lists the capabilities in stable words.
func (c Capabilities) Names() (names []string) {
	for _, v := range []struct {
		has  bool
		name string
	}{
		{c.ReadStock, "read_stock"},
		{c.ReadCatalogue, "read_catalogue"},
		{c.ReadSales, "read_sales"},
		{c.ReadRooms, "read_rooms"},
		{c.ReadReasons, "read_reasons"},
		{c.WriteAbsolute, "write_absolute"},
		{c.WriteDelta, "write_delta"},
		{c.Keys, "idempotency_key"},
		{c.Rooms, "rooms"},
		{c.Lots, "packages"},
		{c.Receive, "receive"},
	} {
		if v.has {
			names = append(names, v.name)
		}
	}
	return names
}

// CheckPOS asks a point of sale who it is. Codes: not_found.
func (d *Desk) CheckPOS(ctx context.Context, name string) (store.POSCheck, error) {
	t, err := d.target(name)
	if err != nil {
		return store.POSCheck{}, err
	}
	return t.Check(ctx), nil
}

// MapPOS links what can be linked by itself. Codes: not_found, unavailable.
func (d *Desk) MapPOS(ctx context.Context, name string) (r store.MapResult, err error) {
	t, err := d.target(name)
	if err != nil {
		return r, err
	}
	r.Known = t.links.count(store.LinkProduct) + t.links.count(store.LinkLot)
	c, err := t.layOut(ctx)
	if err != nil {
		return r, unavailable(err)
	}
	r.Linked = t.links.count(store.LinkProduct) + t.links.count(store.LinkLot) - r.Known
	if c == nil {
		return r, nil
	}
	r.Unlinked = int64(len(c.unplaced))
	for at := range c.there {
		if c.here[at] == nil && !t.linkedProduct(at) {
			r.UnlinkedThere++
		}
	}
	return r, nil
}

// layOut links what can be linked and puts both sides beside each other; nil
// when the stock there cannot be read.
func (t *Target) layOut(ctx context.Context) (*compared, error) {
	if err := t.located(); err != nil {
		return nil, err
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	if err := t.refresh(ctx, comparison{first: true}); err != nil {
		return nil, err
	}
	if _, reads := t.stockReader(); !reads {
		return nil, nil
	}
	there, err := t.readStock(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := t.linkStock(ctx, there); err != nil {
		return nil, err
	}
	return t.lay(there), nil
}

// ComparePOS reads what a point of sale has and compares, sends nothing, and
// gives its open cases. Codes: not_found, unavailable.
func (d *Desk) ComparePOS(ctx context.Context, name string) ([]store.Case, error) {
	t, err := d.target(name)
	if err != nil {
		return nil, err
	}
	if err := t.located(); err != nil {
		return nil, unavailable(err)
	}
	if _, reads := t.stockReader(); !reads {
		return nil, &store.Error{Code: store.CodeUnavailable, Message: t.cfg.Kind.Title + " cannot say what it has, so there is nothing to compare with."}
	}
	if err := t.compare(ctx, comparison{}, nil); err != nil {
		return nil, unavailable(err)
	}
	return t.records.ListCases(ctx, store.CaseFilter{Destination: name, Open: true})
}

// Cases lists differences, newest first.
func (d *Desk) Cases(ctx context.Context, f store.CaseFilter) ([]store.Case, error) {
	if len(d.targets) == 0 {
		return nil, nil
	}
	return d.targets[0].records.ListCases(ctx, f)
}

// unavailable is a failure to reach a point of sale as people are told it.
func unavailable(err error) error {
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		return err
	}
	return &store.Error{Code: store.CodeUnavailable, Message: cmp.Or(f.Detail, "The point of sale cannot be reached."), Err: f}
}
