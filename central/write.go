package central

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

// write queues what folding made, to go out with the commit.
func (f *folding) write(s *session) {
	me, w := uid(s.id), &s.writes
	f.writeDocuments(w, me)
	f.writeStock(w, me)
	for _, v := range f.said {
		w.Queue(insertVerdict, me, v.Seq, string(v.Code), clean(v.Detail), int64(s.now))
	}
	if len(f.erased) > 0 {
		w.Queue(eraseAbandoned, me, f.erased)
		w.Queue(eraseNotes, me, f.erased)
	}
	for _, d := range f.done {
		f.writeDone(s, d)
	}
	f.writeDispatches(s)
}

const (
	insertVerdict = `INSERT INTO verdict (store, seq, code, detail, at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (store, seq, code) DO UPDATE SET detail = excluded.detail, resolved_at = NULL`
	raiseMailbox = `INSERT INTO mailbox (store, newest) VALUES ($1, $2)
  ON CONFLICT (store) DO UPDATE SET newest = greatest(mailbox.newest, excluded.newest)`
	updateCommand = `UPDATE command SET status = $3, code = $4, detail = $5, done_at = $6, done_seq = $7
  WHERE store = $1 AND n = $2`
	insertVersions = `INSERT INTO document_version (store, id, seq)
  SELECT $1, v.id, v.seq FROM unnest($2::uuid[], $3::bigint[]) v (id, seq) ON CONFLICT DO NOTHING`
	upsertDocuments = `INSERT INTO document (store, id, seq, type, body, name_key, category_key, sku_key, search)
  SELECT $1, d.* FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[],
    $9::text[]) d (id, seq, type, body, name_key, category_key, sku_key, search)
  ON CONFLICT (store, id) DO UPDATE SET seq = excluded.seq, type = excluded.type, body = excluded.body,
    name_key = excluded.name_key, category_key = excluded.category_key, sku_key = excluded.sku_key,
    search = excluded.search`
	// An entry that was cut off and came back has the same salt.
	eraseAbandoned = `UPDATE abandoned SET salt = NULL, notes = NULL WHERE store = $1
  AND salt IN (SELECT salt FROM entry WHERE store = $1 AND seq = ANY($2))`
	eraseNotes = "UPDATE entry SET salt = NULL, notes = NULL WHERE store = $1 AND seq = ANY($2)"
	// Rows that show a product or lot that changed.
	updateTexts = `UPDATE stock s SET name_key = p.name_key, category_key = p.category_key, sku_key = p.sku_key,
    search = p.search || coalesce(l.search, '')
  FROM stock o JOIN document p ON p.store = o.store AND p.id = o.product
    LEFT JOIN document l ON l.store = o.store AND l.id = o.lot
  WHERE o.store = $1 AND o.product = ANY($2) AND s.store = $1 AND s.item = o.item`
)

// refused is the verdict about a command that the store did not want.
const refused = "command_refused"

func (f *folding) writeDone(s *session, d done) {
	me := uid(s.id)
	s.writes.Queue(updateCommand, me, d.N, clean(d.Status), clean(string(d.Code)), clean(d.Detail), int64(d.at), d.seq)
	if d.N > s.commands {
		// Another head office numbered it, before this one.
		s.commands = d.N
		s.writes.Queue(raiseMailbox, me, d.N)
	}
	if d.Status == store.CommandRefused {
		s.writes.Queue(insertVerdict, me, d.seq, refused, clean(string(d.Code)+": "+d.Detail), int64(s.now))
	}
}

func (f *folding) writeDocuments(w *pgx.Batch, me pgtype.UUID) {
	if len(f.versions) > 0 {
		ids, seqs := make([]store.ID, 0, len(f.versions)), make([]int64, 0, len(f.versions))
		for _, v := range f.versions {
			ids, seqs = append(ids, v.id), append(seqs, v.seq)
		}
		w.Queue(insertVersions, me, uids(ids), seqs)
	}
	if len(f.docs) == 0 {
		return
	}
	n := len(f.docs)
	ids, seqs, types, bodies := make([]store.ID, n), make([]int64, n), make([]string, n), make([][]byte, n)
	names, categories, skus, searches := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for n, d := range f.docs {
		k := keysOf(d)
		ids[n], seqs[n], types[n], bodies[n] = d.ID, d.Seq, clean(string(d.Type)), d.Body
		names[n], categories[n], skus[n], searches[n] = k.name, k.category, k.sku, k.search
	}
	w.Queue(upsertDocuments, me, uids(ids), seqs, types, bodies, names, categories, skus, searches)
}

// writeStock rewrites whole rows where a document made or changed the item,
// and only the balance of the others.
func (f *folding) writeStock(w *pgx.Batch, me pgtype.UUID) {
	var whole, moved []store.ItemRecord
	for _, i := range f.items {
		if i.Edited > f.newest {
			whole = append(whole, i)
		} else {
			moved = append(moved, i)
		}
	}
	if len(whole) > 0 {
		w.Queue(upsertStock, stockArguments(me, whole)...)
	}
	if len(moved) > 0 {
		w.Queue(updateStock, balanceArguments(me, moved)...)
	}
	if shown := f.shownProducts(); len(shown) > 0 {
		w.Queue(updateTexts, me, uids(shown))
	}
}
