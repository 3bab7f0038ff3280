package httpapi

import (
	"cmp"
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// connector speaks to the point of sale of one description. It has the
// methods for all that a description can say; its capabilities tell which of
// them this one is for.
type connector struct {
	*program
	client  *pos.Client
	session *session
	// common are the variables that every expression has.
	common vars
}

var (
	_ pos.StockReader     = (*connector)(nil)
	_ pos.CatalogueReader = (*connector)(nil)
	_ pos.SaleReader      = (*connector)(nil)
	_ pos.RoomReader      = (*connector)(nil)
	_ pos.ReasonReader    = (*connector)(nil)
	_ pos.Writer          = (*connector)(nil)
)

func newConnector(p *program, client *pos.Client, s pos.Settings, options map[string]string) *connector {
	values, secrets := map[string]any{}, map[string]string{"user": s.User, "key": s.Key}
	for name, value := range options {
		values[name], secrets["options."+name] = value, value
	}
	c := &connector{program: p, client: client, common: vars{"$options": values}}
	c.session = newSession(c, secrets)
	return c
}

// Capabilities follow from the sections of the description.
func (c *connector) Capabilities() pos.Capabilities {
	p := pos.Capabilities{
		ReadStock: c.stock != nil, ReadCatalogue: c.catalogue != nil, ReadSales: c.sales != nil,
		ReadRooms: c.rooms != nil, ReadReasons: c.reasons != nil, Rooms: c.rooms != nil, Lots: c.Lots,
		Rate: c.Rate.String(),
	}
	if c.description.Sales != nil {
		p.Window = c.description.Sales.Window
	}
	if w := c.write; w != nil {
		p.WriteAbsolute, p.WriteDelta, p.Keys, p.Most, p.Oldest = w.absolute, !w.absolute, w.keys, w.most, w.oldest
	}
	return p
}

// Check asks what the section check says.
func (c *connector) Check(ctx context.Context) (id pos.Identity, err error) {
	a, err := c.ask(ctx, &c.check.request, c.check.fail, c.common, false)
	if err != nil {
		return id, err
	}
	err = c.check.name.of(ctx, a, c.common, func(r *row) { id.Name = r.text("value") })
	if err == nil {
		err = c.check.time.of(ctx, a, c.common, func(r *row) { id.Time = r.instant("value") })
	}
	if err != nil {
		return id, c.broken(err, false)
	}
	id.Name = cmp.Or(id.Name, c.Title)
	if id.Time == 0 {
		id.Time = c.client.Time()
	}
	return id, nil
}

// of works out an expression that may be left out, of an answer, and hands its
// value to read.
func (e *expr) of(ctx context.Context, a *answer, with vars, read func(*row)) error {
	if e == nil {
		return nil
	}
	v, err := e.one(ctx, a.value, with.with("$headers", a.headers), len(a.body))
	if err != nil {
		return err
	}
	r := row{fields: map[string]any{"value": v}}
	if read(&r); r.problem != "" {
		return e.wrong("%s", r.problem)
	}
	return nil
}

// instantText is a time as variables have it: always with milliseconds, so
// that it compares with those of JavaScript as text.
func instantText(i store.Instant) string {
	return i.Time().Format("2006-01-02T15:04:05.000Z")
}
