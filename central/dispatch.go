package central

import (
	"bytes"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// send gathers the commands that changed transfers make for other stores.
func (f *folding) send(ctx context.Context, s *session) error {
	for _, d := range f.docs {
		if d.Type != store.DocTransfer {
			continue
		}
		t, err := store.ParseTransfer(d)
		if err != nil {
			continue // the fold has read it
		}
		var failed error
		f.dispatch = append(f.dispatch, TransferCommands(s.id, t, func(id store.ID) (*store.Product, bool) {
			p, err := f.product(ctx, s, id)
			if err != nil {
				failed = err
			}
			return p, p != nil
		})...)
		if failed != nil {
			return failed
		}
	}
	return nil
}

// product finds a product as it now is; nil for none.
func (f *folding) product(ctx context.Context, s *session, id store.ID) (*store.Product, error) {
	n := slices.IndexFunc(f.docs, func(d store.DocumentRecord) bool { return d.ID == id && d.Type == store.DocProduct })
	if n >= 0 {
		return store.ParseProduct(f.docs[n])
	}
	rows, err := s.conn.Query(ctx, "SELECT body FROM document WHERE store = $1 AND id = $2 AND type = 'product'", uid(s.id), uid(id))
	if err != nil {
		return nil, err
	}
	var d store.DocumentRecord
	if _, err := pgx.ForEachRow(rows, []any{(*[]byte)(&d.Body)}, func() error { return nil }); err != nil || d.Body == nil {
		return nil, err
	}
	return store.ParseProduct(d)
}

// writeDispatches queues them in one order, so that stores that write to each
// other do not wait for each other.
func (f *folding) writeDispatches(s *session) {
	slices.SortStableFunc(f.dispatch, func(a, b Dispatch) int { return bytes.Compare(a.To[:], b.To[:]) })
	for _, d := range f.dispatch {
		s.writes.Queue(insertDispatch, uid(d.To), d.Kind, []byte(d.Body), int64(s.now), d.Once[:])
		s.writes.Queue(tellCommand, d.To.String())
	}
}
