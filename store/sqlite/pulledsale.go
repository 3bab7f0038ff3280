package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

const (
	pulledSales = `SELECT external_id, line, product, lot, room, change, reason, reference, at, why,
		movement_epoch, movement_seq, seen_at FROM pulled_sale WHERE destination = ?`
	openSales     = " AND movement_seq IS NULL"
	bySaleTime    = " ORDER BY at, external_id, line"
	putPulledSale = `INSERT OR REPLACE INTO pulled_sale (destination, external_id, line, product, lot, room,
		change, reason, reference, at, why, movement_epoch, movement_seq, seen_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// ListPulledSales reads the pulled sales of a destination in order of their
// time, with open only those that are the same as no movement of ours yet.
func (d *DB) ListPulledSales(ctx context.Context, destination string, open bool) (list []store.PulledSale, err error) {
	query := pulledSales + bySaleTime
	if open {
		query = pulledSales + openSales + bySaleTime
	}
	err = d.read(ctx, "list pulled sales", func(c *conn) error {
		return c.each(func(r row) error {
			list = append(list, readPulledSale(destination, r))
			return nil
		}, query, destination)
	})
	return list, err
}

func readPulledSale(destination string, r row) store.PulledSale {
	// A code that this program does not know reads as none.
	reason, _ := store.ParseReason(r.text(6))
	return store.PulledSale{
		Destination: destination, ExternalID: r.text(0), Line: r.int(1),
		Place: r.place(2), Change: store.Quantity(r.int(5)), Reason: reason, Reference: r.text(7), At: store.Instant(r.int(8)), Why: r.text(9),
		Movement: store.Position{Epoch: r.int(10), Seq: r.int(11)}, SeenAt: store.Instant(r.int(12)),
	}
}

// PutPulledSales writes pulled sales over what was known of them. After an
// error some may be written and some not; that costs pulling them again.
func (d *DB) PutPulledSales(ctx context.Context, list []store.PulledSale) error {
	return writeEach(ctx, d, "put pulled sales", writeRows, list, func(c *conn, p *store.PulledSale) error {
		s, err := c.stmt(putPulledSale)
		if err != nil {
			return err
		}
		s.value(p.Destination).value(p.ExternalID).int(p.Line).place(p.Place)
		s.int(int64(p.Change)).value(p.Reason.String()).value(p.Reference).int(int64(p.At)).value(p.Why)
		return s.positive(p.Movement.Epoch).positive(p.Movement.Seq).int(int64(p.SeenAt)).run()
	})
}

// DeletePulledSales forgets the sales of a destination that are the same as a
// movement of ours and were last seen before a moment.
func (d *DB) DeletePulledSales(ctx context.Context, destination string, before store.Instant) error {
	return d.write(ctx, "delete pulled sales", func(c *conn) error {
		return c.run("DELETE FROM pulled_sale WHERE destination = ? AND movement_seq IS NOT NULL AND seen_at < ?",
			destination, int64(before))
	})
}

// DeletePulledSale forgets one line of a sale.
func (d *DB) DeletePulledSale(ctx context.Context, destination, externalID string, line int64) error {
	return d.write(ctx, "delete pulled sale", func(c *conn) error {
		return c.run("DELETE FROM pulled_sale WHERE destination = ? AND external_id = ? AND line = ?", destination, externalID, line)
	})
}
