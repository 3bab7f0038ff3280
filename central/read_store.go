package central

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// Holders lists the stores that have what a filter names: one of its
// locations, its product and its item. Without any of them it lists all.
func (c *Central) Holders(ctx context.Context, f store.MovementFilter) ([]store.ID, error) {
	w := &where{parts: []string{"true"}}
	if len(f.Locations) > 0 {
		w.add("EXISTS (SELECT FROM document d WHERE d.store = s.id AND d.id = ANY(%s) AND d.type = 'location')", uids(f.Locations))
	}
	if !f.Product.IsZero() {
		w.add("EXISTS (SELECT FROM document d WHERE d.store = s.id AND d.id = %s AND d.type = 'product')", uid(f.Product))
	}
	if !f.Item.IsZero() {
		w.add("s.id IN (SELECT k.store FROM stock k WHERE k.item = %s)", uid(f.Item))
	}
	rows, err := c.pool.Query(ctx, "SELECT s.id FROM store s"+w.text()+" ORDER BY s.id", w.args...)
	if err != nil {
		return nil, told(err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (id store.ID, err error) {
		return id, r.Scan((*[16]byte)(&id))
	})
	return list, told(err)
}

// Locations lists a store's locations by name.
func (c *Central) Locations(ctx context.Context, id store.ID) (list []*store.Location, err error) {
	w := &where{}
	w.add("s.store = %s", uid(id))
	w.add("s.type = %s", string(store.DocLocation))
	var broken error
	err = eachDocument(ctx, c.pool, w, func(_ store.ID, d store.DocumentRecord) {
		l := &store.Location{Version: d.Seq}
		broken = errors.Join(broken, json.Unmarshal(d.Body, l))
		list = append(list, l)
	})
	slices.SortFunc(list, func(a, b *store.Location) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID.String(), strings.ToLower(b.Name)+b.ID.String())
	})
	return list, errors.Join(told(err), broken)
}

// ProductEverywhere gives what each store has of a product by its SKU, without
// regard to letter case, or by the id that it has in one store: its SKU there
// is then what is looked for. Stores come by name; not_found when no store
// has it in its catalogue.
func (c *Central) ProductEverywhere(ctx context.Context, name string) (list []store.ProductStock, err error) {
	err = c.reading(ctx, func(tx pgx.Tx) error {
		sku := key(name)
		if id, ok := store.ParseID(name); ok {
			err := tx.QueryRow(ctx, "SELECT sku_key FROM document WHERE id = $1 AND type = 'product' LIMIT 1", uid(id)).Scan(&sku)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
		}
		list, err = productBySKU(ctx, tx, sku)
		return err
	})
	if err == nil && len(list) == 0 {
		err = &store.Error{Code: store.CodeNotFound, Message: "No store has a product " + shortened(name) + "."}
	}
	return list, err
}

// shortened is what is repeated of a text that someone sent.
func shortened(text string) string { return string([]rune(text)[:min(60, len([]rune(text)))]) }

func productBySKU(ctx context.Context, tx pgx.Tx, sku string) (list []store.ProductStock, err error) {
	const sums = `SELECT t.id, t.name, t.synced_at, d.seq, d.body, count(k.item),
			coalesce(sum(k.quantity), 0)::bigint, coalesce(sum(k.reserved), 0)::bigint, coalesce(bool_or(k.low), false)
		FROM document d JOIN store t ON t.id = d.store
		LEFT JOIN stock k ON k.store = d.store AND k.product = d.id AND k.archived_at = 0
		WHERE d.type = 'product' AND d.sku_key = $1
		GROUP BY t.id, t.name, t.synced_at, d.store, d.id, d.seq, d.body ORDER BY lower(t.name), t.id, d.id`
	rows, err := tx.Query(ctx, sums, sku)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (p store.ProductStock, err error) {
		var seq int64
		var body []byte
		if err := r.Scan((*[16]byte)(&p.Store), &p.Name, &p.SyncedAt, &seq, &body, &p.Items, &p.Quantity, &p.Reserved, &p.Low); err != nil {
			return p, err
		}
		p.Product = &store.Product{Version: seq}
		return p, json.Unmarshal(body, p.Product)
	})
}
