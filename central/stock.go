package central

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

const (
	// updateStock touches nothing that an index has.
	updateStock = `UPDATE stock s SET quantity = u.quantity, reserved = u.reserved, value = u.value, low = u.low,
    seq = u.seq, lit = u.lit, updated_at = u.updated_at, counted_at = u.counted_at
  FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[]) u (item, quantity, reserved, value, low, seq, lit, updated_at, counted_at)
  WHERE s.store = $1 AND s.item = u.item`

	upsertStock = `INSERT INTO stock (store, item, quantity, reserved, value, low, seq, lit, updated_at, counted_at,
    no, product, location, lot, room, opened, edited, archived_at, threshold,
    name_key, category_key, sku_key, search)
  SELECT $1, u.*, p.name_key, p.category_key, p.sku_key, p.search || coalesce(l.search, '')
  FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::integer[], $12::uuid[], $13::uuid[], $14::uuid[], $15::smallint[],
    $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[])
    u (item, quantity, reserved, value, low, seq, lit, updated_at, counted_at,
       no, product, location, lot, room, opened, edited, archived_at, threshold)
  JOIN document p ON p.store = $1 AND p.id = u.product
  LEFT JOIN document l ON l.store = $1 AND l.id = u.lot
  ON CONFLICT (store, item) DO UPDATE SET quantity = excluded.quantity, reserved = excluded.reserved,
    value = excluded.value, low = excluded.low, seq = excluded.seq, lit = excluded.lit,
    updated_at = excluded.updated_at, counted_at = excluded.counted_at, edited = excluded.edited,
    archived_at = excluded.archived_at, threshold = excluded.threshold, name_key = excluded.name_key,
    category_key = excluded.category_key, sku_key = excluded.sku_key, search = excluded.search`
)

// balanceArguments are those of updateStock.
func balanceArguments(me pgtype.UUID, items []store.ItemRecord) []any {
	n := len(items)
	ids, low := make([]pgtype.UUID, n), make([]bool, n)
	quantity, reserved, value := make([]int64, n), make([]int64, n), make([]int64, n)
	seq, lit, updated, counted := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for n := range items {
		i := &items[n]
		ids[n], low[n] = uid(i.ID), i.Low
		quantity[n], reserved[n], value[n] = int64(i.Quantity), int64(i.Reserved), int64(i.Value)
		seq[n], lit[n], updated[n], counted[n] = i.Seq, i.Lit, int64(i.UpdatedAt), int64(i.CountedAt)
	}
	return []any{me, ids, quantity, reserved, value, low, seq, lit, updated, counted}
}

// stockArguments are those of upsertStock.
func stockArguments(me pgtype.UUID, items []store.ItemRecord) []any {
	n := len(items)
	no, room := make([]int32, n), make([]int16, n)
	product, location, lot := make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	opened, edited, archived := make([]int64, n), make([]int64, n), make([]int64, n)
	threshold := make([]*int64, n)
	for n := range items {
		i := &items[n]
		no[n], room[n] = int32(i.No), int16(i.Room)
		product[n], location[n], lot[n] = uid(i.Product), uid(i.Location), uid(i.Lot)
		opened[n], edited[n], archived[n] = i.Opened, i.Edited, int64(i.ArchivedAt)
		threshold[n] = (*int64)(i.Threshold)
	}
	return append(balanceArguments(me, items), no, product, location, lot, room, opened, edited, archived, threshold)
}
