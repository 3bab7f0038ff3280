package central

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

// load makes sure that the replica has what entries touch.
func (s *session) load(ctx context.Context, entries []*store.Entry) error {
	if s.replica == nil {
		s.replica = s.c.replicas.take(s.standing)
	}
	for {
		need := s.replica.Missing(entries)
		if need.Empty() {
			return nil
		}
		l := loader{items: map[store.ID]bool{}}
		if !s.again {
			if err := l.read(ctx, s, need); err != nil {
				return err
			}
		}
		if err := s.replica.Put(l.records, l.docs); err != nil {
			return err
		}
	}
}

// loader gathers records, each item once.
type loader struct {
	items   map[store.ID]bool
	records []store.ItemRecord
	docs    []store.DocumentRecord
}

const (
	stockColumns = `m.item, m.no, m.product, m.location, m.lot, m.room, m.quantity, m.reserved, m.value, m.low,
  m.seq, m.opened, m.edited, m.lit, m.updated_at, m.counted_at, m.archived_at, m.threshold`
	selectMates = "SELECT " + stockColumns + ` FROM stock i JOIN stock m
  ON m.store = i.store AND m.product = i.product AND m.location = i.location WHERE i.store = $1 AND i.item = ANY($2)`
	selectGroups = "SELECT " + stockColumns + ` FROM unnest($2::uuid[], $3::uuid[]) g (product, location)
  JOIN stock m ON m.store = $1 AND m.product = g.product AND m.location = g.location`
	selectOfProducts = "SELECT " + stockColumns + ` FROM stock m WHERE m.store = $1 AND m.product = ANY($2)`
	selectDocuments  = `SELECT type, id, seq, body FROM document WHERE store = $1 AND (id = ANY($2)
  OR id IN (SELECT unnest(ARRAY[product, location, lot]) FROM stock WHERE store = $1 AND item = ANY($3)))`
)

// read asks for everything that is needed in one round trip.
func (l *loader) read(ctx context.Context, s *session, need store.Needed) error {
	var q pgx.Batch
	me := uid(s.id)
	if len(need.Items) > 0 {
		q.Queue(selectMates, me, uids(need.Items)).Query(l.stock)
	}
	if len(need.Groups) > 0 {
		var products, locations []store.ID
		for _, g := range need.Groups {
			products, locations = append(products, g.Product), append(locations, g.Location)
		}
		q.Queue(selectGroups, me, uids(products), uids(locations)).Query(l.stock)
	}
	if len(need.ItemsOfProducts) > 0 {
		q.Queue(selectOfProducts, me, uids(need.ItemsOfProducts)).Query(l.stock)
	}
	documents := append(append(need.Products, need.Locations...), need.Lots...)
	if len(documents)+len(need.Items) > 0 {
		q.Queue(selectDocuments, me, uids(documents), uids(need.Items)).Query(l.documents)
	}
	return s.conn.SendBatch(ctx, &q).Close()
}

func (l *loader) stock(rows pgx.Rows) error {
	for rows.Next() {
		r, err := scanStock(rows)
		if err != nil {
			return err
		}
		if !l.items[r.ID] {
			l.items[r.ID] = true
			l.records = append(l.records, r)
		}
	}
	return rows.Err()
}

// scanStock reads stockColumns.
func scanStock(row pgx.Row) (r store.ItemRecord, err error) {
	var id, product, location, lot pgtype.UUID
	var room int16
	var threshold *int64
	err = row.Scan(&id, &r.No, &product, &location, &lot, &room, (*int64)(&r.Quantity), (*int64)(&r.Reserved),
		(*int64)(&r.Value), &r.Low, &r.Seq, &r.Opened, &r.Edited, &r.Lit, (*int64)(&r.UpdatedAt),
		(*int64)(&r.CountedAt), (*int64)(&r.ArchivedAt), &threshold)
	r.ID, r.Product, r.Location, r.Lot, r.Room = id.Bytes, product.Bytes, location.Bytes, lot.Bytes, store.Room(room)
	r.Threshold = (*store.Quantity)(threshold)
	return r, err
}

func (l *loader) documents(rows pgx.Rows) error {
	for rows.Next() {
		var d store.DocumentRecord
		var id pgtype.UUID
		if err := rows.Scan((*string)(&d.Type), &id, &d.Seq, (*[]byte)(&d.Body)); err != nil {
			return err
		}
		d.ID = id.Bytes
		l.docs = append(l.docs, d)
	}
	return rows.Err()
}
