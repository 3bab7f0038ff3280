package central

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// itemColumns are those of store.ItemRecord, after whose it is.
const itemColumns = `s.store, s.item, s.no, s.product, s.location, s.lot, s.room, s.quantity, s.reserved, s.value,
	s.low, s.seq, s.opened, s.edited, s.lit, s.updated_at, s.counted_at, s.archived_at, s.threshold`

// inOrder is the order of every list: by product name, then id.
const inOrder = "s.name_key, s.item, s.store"

// orders are the sorts of the API. Ties are in list order.
var orders = map[string]string{
	"":             inOrder,
	"product_name": inOrder, "-product_name": "s.name_key DESC, s.item, s.store",
	"sku": "s.sku_key, " + inOrder, "-sku": "s.sku_key DESC, " + inOrder,
	"quantity": "s.quantity, " + inOrder, "-quantity": "s.quantity DESC, " + inOrder,
	"available_quantity": "s.quantity - s.reserved, " + inOrder, "-available_quantity": "s.quantity - s.reserved DESC, " + inOrder,
	"updated_at": "s.updated_at, " + inOrder, "-updated_at": "s.updated_at DESC, " + inOrder,
}

// Items gives a page of the rows that a filter chooses and how many there are
// in all. Codes: invalid_request for an unknown sort.
func (c *Central) Items(ctx context.Context, f store.FleetFilter, offset, limit int) (page []store.FleetItem, total int, err error) {
	order, ok := orders[f.Sort]
	if !ok {
		return nil, 0, &store.Error{Code: store.CodeInvalid, Message: fmt.Sprintf("There is no order %.40q.", f.Sort)}
	}
	err = c.reading(ctx, func(tx pgx.Tx) error {
		w, err := c.conditions(ctx, tx, &f)
		if err != nil {
			return err
		}
		if err = tx.QueryRow(ctx, "SELECT count(*) FROM stock s"+w.text(), w.args...).Scan(&total); err != nil {
			return err
		}
		if offset >= total {
			return nil
		}
		records, err := listRecords(ctx, tx, fmt.Sprintf("%s ORDER BY %s LIMIT %d OFFSET %d", w.text(), order, limit, offset), w.args...)
		if err == nil {
			page, err = dressed(ctx, tx, records)
		}
		return err
	})
	return page, total, err
}

// eachPage is how many rows are in memory at once when all are asked for.
const eachPage = 2000

// EachItem gives every row that a filter chooses, in list order.
func (c *Central) EachItem(ctx context.Context, f store.FleetFilter, fn func(*store.Item)) error {
	return c.reading(ctx, func(tx pgx.Tx) error {
		w, err := c.conditions(ctx, tx, &f)
		if err != nil {
			return err
		}
		var last *record
		for {
			next := *w
			if last != nil {
				next.after(last)
			}
			records, err := listRecords(ctx, tx, fmt.Sprintf("%s ORDER BY %s LIMIT %d", next.text(), inOrder, eachPage), next.args...)
			if err != nil || len(records) == 0 {
				return err
			}
			items, err := dressed(ctx, tx, records)
			if err != nil {
				return err
			}
			for _, i := range items {
				fn(i.Item)
			}
			last = &records[len(records)-1]
		}
	})
}

// after joins on that a row comes after another in list order.
func (w *where) after(r *record) {
	n := len(w.args)
	w.args = append(w.args[:n:n], r.name, uid(r.ID), uid(r.store))
	w.parts = append(w.parts[:len(w.parts):len(w.parts)], fmt.Sprintf("(%s) > ($%d, $%d, $%d)", inOrder, n+1, n+2, n+3))
}

// Item finds one row of whichever store has it; not_found when none has.
func (c *Central) Item(ctx context.Context, id store.ID) (item store.FleetItem, err error) {
	err = c.reading(ctx, func(tx pgx.Tx) error {
		records, err := listRecords(ctx, tx, " WHERE s.item = $1", uid(id))
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return &store.Error{Code: store.CodeNotFound, Message: "There is no inventory item " + id.String() + "."}
		}
		items, err := dressed(ctx, tx, records[:1])
		if err == nil {
			item = items[0]
		}
		return err
	})
	return item, err
}

// reading runs what must see one moment of the database. Codes: those of told.
func (c *Central) reading(ctx context.Context, fn func(pgx.Tx) error) error {
	return told(pgx.BeginTxFunc(ctx, c.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn))
}

// record is a row of stock as it is kept.
type record struct {
	store.ItemRecord
	store  store.ID
	name   string
	synced store.Instant
}

// listRecords reads rows of stock; rest is what comes after FROM.
func listRecords(ctx context.Context, q querier, rest string, args ...any) (list []record, err error) {
	rows, err := q.Query(ctx, "SELECT "+itemColumns+", s.name_key, t.synced_at FROM stock s JOIN store t ON t.id = s.store"+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r record
		var lot *[16]byte
		if err := rows.Scan((*[16]byte)(&r.store), (*[16]byte)(&r.ID), &r.No, (*[16]byte)(&r.Product), (*[16]byte)(&r.Location), &lot,
			&r.Room, &r.Quantity, &r.Reserved, &r.Value, &r.Low, &r.Seq, &r.Opened, &r.Edited, &r.Lit,
			&r.UpdatedAt, &r.CountedAt, &r.ArchivedAt, &r.Threshold, &r.name, &r.synced); err != nil {
			return nil, err
		}
		if lot != nil {
			r.Lot = *lot
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// dressed gives records their documents. Those of two stores are kept apart,
// even if they should have the same id.
func dressed(ctx context.Context, q querier, records []record) ([]store.FleetItem, error) {
	docs, err := documentsOf(ctx, q, records)
	if err != nil {
		return nil, err
	}
	own, places := map[store.ID][]store.ItemRecord{}, map[store.ID][]int{}
	for n := range records {
		id := records[n].store
		own[id], places[id] = append(own[id], records[n].ItemRecord), append(places[id], n)
	}
	list := make([]store.FleetItem, len(records))
	for id := range own {
		items, err := store.MakeItems(own[id], docs[id])
		if err != nil {
			return nil, err
		}
		for k, n := range places[id] {
			list[n] = store.FleetItem{Item: items[k], Store: id, SyncedAt: records[n].synced}
		}
	}
	return list, nil
}

// documentsOf reads the documents that rows show, by store.
func documentsOf(ctx context.Context, q querier, records []record) (map[store.ID][]store.DocumentRecord, error) {
	w, seen := &where{}, map[pair]bool{}
	var wanted []pair
	for n := range records {
		for _, id := range []store.ID{records[n].Product, records[n].Location, records[n].Lot} {
			if p := (pair{records[n].store, id}); !id.IsZero() && !seen[p] {
				seen[p] = true
				wanted = append(wanted, p)
			}
		}
	}
	w.pairs("id", wanted)
	docs := map[store.ID][]store.DocumentRecord{}
	return docs, eachDocument(ctx, q, w, func(of store.ID, d store.DocumentRecord) { docs[of] = append(docs[of], d) })
}

// eachDocument reads the documents of a condition, which calls them s.
func eachDocument(ctx context.Context, q querier, w *where, fn func(of store.ID, d store.DocumentRecord)) error {
	rows, err := q.Query(ctx, "SELECT s.store, s.type, s.id, s.seq, s.body FROM document s"+w.text(), w.args...)
	if err != nil {
		return err
	}
	var of store.ID
	var d store.DocumentRecord
	_, err = pgx.ForEachRow(rows, []any{(*[16]byte)(&of), (*string)(&d.Type), (*[16]byte)(&d.ID), &d.Seq, (*[]byte)(&d.Body)}, func() error {
		fn(of, d)
		d.Body = nil // the next row must not be read over it
		return nil
	})
	return err
}
