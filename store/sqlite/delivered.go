package sqlite

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/shelfd/shelfd/store"
)

const (
	// packsOnce is how many packs one transaction writes, and rowsOnce how many
	// deliveries by themselves: an entry that waits for it waits little.
	packsOnce = 4
	rowsOnce  = 100
	putPack   = `INSERT INTO delivered (webhook, first, last, count, body) VALUES (?, ?, ?, ?, ?)`
)

func putPacks(ctx context.Context, d *DB, packs []pack) error {
	return writeEach(ctx, d, "put deliveries", packsOnce, packs, func(c *conn, p *pack) error {
		s, err := c.stmt(putPack)
		if err != nil {
			return err
		}
		return s.blob(p.webhook[:]).blob(p.first[:]).blob(p.last[:]).int(int64(len(p.list))).blob(p.encode()).run()
	})
}

// listPacked reads what is wanted of the packs, newest first.
func listPacked(c *conn, f store.DeliveryFilter) (list []store.Delivery, err error) {
	if f.Failed {
		return nil, nil
	}
	query, args := "SELECT webhook, last, body FROM delivered WHERE true", []any(nil)
	if !f.Webhook.IsZero() {
		query, args = query+" AND webhook = ?", append(args, f.Webhook[:])
	}
	if !f.Before.IsZero() {
		query, args = query+" AND first < ?", append(args, f.Before[:])
	}
	s, err := c.stmt(query + " ORDER BY last DESC")
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		s.value(a)
	}
	err = s.each(func(r row) error {
		// Packs of several endpoints lie across each other.
		if f.Limit > 0 && len(list) >= f.Limit {
			list = newestOf(list, f.Limit)
			if bytes.Compare(list[f.Limit-1].ID[:], r.blob(1)) > 0 {
				return errStop
			}
		}
		return eachPacked(r.blob(0), r.blob(2), func(d *store.Delivery) {
			if matches(&f, d) {
				list = append(list, *d)
			}
		})
	})
	return newestOf(list, f.Limit), err
}

func eachPacked(webhook, body []byte, fn func(*store.Delivery)) error {
	if len(webhook) != len(store.ID{}) {
		return errors.New("the endpoint of what was delivered cannot be read")
	}
	all, err := unpack(store.ID(webhook), body)
	for i := range all {
		fn(&all[i])
	}
	return err
}

// newestOf sorts newest first and keeps up to limit, all for 0.
func newestOf(list []store.Delivery, limit int) []store.Delivery {
	slices.SortFunc(list, func(a, b store.Delivery) int { return older(b, a) })
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list
}

func matches(f *store.DeliveryFilter, d *store.Delivery) bool {
	return (f.NewsID == "" || f.NewsID == d.NewsID) && (f.Type == "" || f.Type == d.Type) &&
		(f.Before.IsZero() || bytes.Compare(d.ID[:], f.Before[:]) < 0)
}

// findPacked reads one delivery of the packs, nil for none.
func findPacked(c *conn, id store.ID) (found *store.Delivery, err error) {
	err = c.each(func(r row) error {
		return eachPacked(r.blob(0), r.blob(1), func(d *store.Delivery) {
			if d.ID == id {
				v := *d
				found = &v
			}
		})
	}, "SELECT webhook, body FROM delivered WHERE last >= ?1 AND first <= ?1", id[:])
	return found, err
}

// prunePacked takes away the packs of an endpoint of which nothing is among
// the newest that are to be kept, or nothing from after bound.
func prunePacked(ctx context.Context, d *DB, webhook store.ID, keep int, bound store.ID) error {
	err := d.read(ctx, "prune deliveries", func(c *conn) error {
		r, err := c.first(`SELECT last FROM (SELECT last, sum(count) OVER (ORDER BY last DESC) AS newer FROM delivered WHERE webhook = ?)
			WHERE newer >= ? ORDER BY last DESC LIMIT 1`, webhook[:], int64(keep))
		if r != nil && bytes.Compare(r.blob(0), bound[:]) > 0 {
			return errors.Join(err, r.fill(0, bound[:]))
		}
		return err
	})
	if err != nil {
		return err
	}
	return pruneSome(ctx, d, packsOnce, `DELETE FROM delivered WHERE no IN
		(SELECT no FROM delivered WHERE webhook = ? AND last < ? ORDER BY last LIMIT ?)`, webhook[:], bound[:], int64(packsOnce))
}
