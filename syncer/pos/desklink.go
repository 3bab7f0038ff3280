package pos

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// Links lists what is linked and what is not. Codes: not_found.
func (d *Desk) Links(_ context.Context, name string, kind store.LinkKind) ([]store.LinkRow, error) {
	t, err := d.target(name)
	if err != nil {
		return nil, err
	}
	var rows []store.LinkRow
	for _, r := range t.linkable(kind) {
		if link, ok := t.links.find(r.Kind, r.Ours); ok {
			r.Link = &link
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// linkable lists what of ours can be linked, of one kind or of all with "".
func (t *Target) linkable(kind store.LinkKind) (rows []store.LinkRow) {
	if kind == store.LinkProduct || kind == "" {
		for _, p := range t.ledger.Products() {
			if p.ArchivedAt == 0 {
				rows = append(rows, store.LinkRow{Kind: store.LinkProduct, Ours: p.ID.String(), Name: p.Name, SKU: p.SKU})
			}
		}
	}
	if kind == store.LinkLot || kind == "" {
		rows = append(rows, t.linkableLots()...)
	}
	if kind == store.LinkRoom || kind == "" {
		for _, r := range store.Rooms {
			rows = append(rows, store.LinkRow{Kind: store.LinkRoom, Ours: r.String(), Name: r.String()})
		}
	}
	if kind == store.LinkReason || kind == "" {
		for _, r := range store.Reasons {
			rows = append(rows, store.LinkRow{Kind: store.LinkReason, Ours: r.String(), Name: r.Text()})
		}
	}
	return rows
}

func (t *Target) linkableLots() (rows []store.LinkRow) {
	for _, l := range t.ledger.Lots() {
		if l.ArchivedAt != 0 {
			continue
		}
		r := store.LinkRow{Kind: store.LinkLot, Ours: l.ID.String(), Tag: lotName(l)}
		if p, ok := t.ledger.Product(l.ProductID); ok {
			r.Name, r.SKU = p.Name, p.SKU
		}
		rows = append(rows, r)
	}
	return rows
}

// PutLink links by hand. Codes: not_found, invalid_request.
func (d *Desk) PutLink(ctx context.Context, r store.Request, l store.Link) (store.LinkRow, error) {
	t, err := d.target(l.Destination)
	if err != nil {
		return store.LinkRow{}, err
	}
	row, ok := t.linkRow(l.Kind, l.Ours)
	if !ok {
		return row, &store.Error{Code: store.CodeNotFound, Message: "There is no " + string(l.Kind) + " " + l.Ours + "."}
	}
	l.Ours, l.How = row.Ours, howManual
	if other, taken := t.links.of(l.Kind, l.Theirs); taken && other != l.Ours && (l.Kind == store.LinkProduct || l.Kind == store.LinkLot) {
		text := l.Theirs + " is linked to " + string(l.Kind) + " " + other + " already. Take that link away first."
		return row, &store.Error{Code: store.CodeInvalid, Message: text, Details: []store.Detail{{Pointer: "/theirs", Code: store.CodeInvalid, Detail: text}}}
	}
	row.Link = &l
	if r.DryRun {
		return row, nil
	}
	return row, t.relink(ctx, l.Kind, l.Ours, func() error { return t.link(ctx, l) })
}

// linkRow finds what of ours a link is about: products by id or SKU, lots by
// id or tag.
func (t *Target) linkRow(kind store.LinkKind, ours string) (store.LinkRow, bool) {
	rows := t.linkable(kind)
	n := slices.IndexFunc(rows, func(r store.LinkRow) bool {
		return strings.EqualFold(r.Ours, ours) || kind == store.LinkProduct && strings.EqualFold(r.SKU, ours) ||
			kind == store.LinkLot && strings.EqualFold(r.Tag, ours)
	})
	if n < 0 || kind == "" {
		return store.LinkRow{Kind: kind}, false
	}
	return rows[n], true
}

// DeleteLink takes a link away. Codes: not_found.
func (d *Desk) DeleteLink(ctx context.Context, r store.Request, name string, kind store.LinkKind, ours string) error {
	t, err := d.target(name)
	if err != nil {
		return err
	}
	row, _ := t.linkRow(kind, ours)
	if _, ok := t.links.find(kind, cmp.Or(row.Ours, ours)); !ok {
		return &store.Error{Code: store.CodeNotFound, Message: "There is no such link."}
	}
	if r.DryRun {
		return nil
	}
	return t.unlink(ctx, kind, cmp.Or(row.Ours, ours))
}

// unlink takes a link away, for good.
func (t *Target) unlink(ctx context.Context, kind store.LinkKind, ours string) error {
	return t.relink(ctx, kind, ours, func() error {
		if err := t.records.DeleteLink(ctx, t.cfg.Name, kind, ours); err != nil {
			return err
		}
		t.links.mu.Lock()
		defer t.links.mu.Unlock()
		t.links.drop(kind, ours)
		return nil
	})
}

// relink changes a link. Places that rows of stock leave or come to by it are
// told their whole number the next time: what they were told before was of
// other rows.
func (t *Target) relink(ctx context.Context, kind store.LinkKind, ours string, change func() error) error {
	rows := t.rowsOf(kind, ours)
	before := t.placesOf(rows)
	if err := change(); err != nil || t.caps.State {
		return err
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	places := slices.Concat(before, t.placesOf(rows))
	known, err := t.records.Levels(ctx, t.cfg.Name, places)
	if err != nil {
		return err
	}
	var list []store.Level
	for _, l := range known {
		l.Seq = 0
		list = append(list, l)
	}
	return t.putLevels(ctx, list)
}

// rowsOf gives the rows of stock that a link is about.
func (t *Target) rowsOf(kind store.LinkKind, ours string) (rows []*store.Item) {
	for _, i := range t.items() {
		lot := kind == store.LinkLot && i.Lot != nil && i.Lot.ID.String() == ours
		if lot || kind == store.LinkProduct && i.Product.ID.String() == ours || kind == store.LinkRoom && i.Room.String() == ours {
			rows = append(rows, i)
		}
	}
	return rows
}

// placesOf gives where rows are there.
func (t *Target) placesOf(rows []*store.Item) (list []store.Place) {
	for _, i := range rows {
		if p := t.place(i); p.missing == nil && !p.out {
			list = append(list, p.Place)
		}
	}
	return list
}
