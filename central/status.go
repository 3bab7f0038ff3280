package central

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

// FleetStore is what head office knows of one store.
type FleetStore = store.FleetStore

// silentAfter is how long a store may say nothing: three of its regular syncs.
const silentAfter = 45 * time.Minute

const selectStatus = `SELECT s.id, s.name, s.epoch, s.acked_seq, s.head_seq, s.enrolled_at, coalesce(s.revoked_at, 0),
  s.synced_at, s.last_contact, s.clock_skew_ms, s.version, s.items, s.low_stock, s.fork_at IS NOT NULL,
  s.folded_seq < s.acked_seq, count(v.seq)
  FROM store s LEFT JOIN verdict v ON v.store = s.id AND v.resolved_at IS NULL
    AND v.code IN ('unparsed', 'inconsistent')
  GROUP BY s.id ORDER BY lower(s.name), s.id`

// Stores lists all stores by name.
func (c *Central) Stores(ctx context.Context) ([]FleetStore, error) {
	rows, err := c.pool.Query(ctx, selectStatus)
	if err != nil {
		return nil, told(err)
	}
	now := c.now()
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s FleetStore, err error) {
		var id pgtype.UUID
		var forked, unfolded bool
		err = row.Scan(&id, &s.Name, &s.Epoch, &s.AckedSeq, &s.HeadSeq, (*int64)(&s.EnrolledAt), (*int64)(&s.RevokedAt),
			(*int64)(&s.SyncedAt), (*int64)(&s.LastContact), &s.ClockSkewMillis, &s.Version, &s.Items, &s.LowStock,
			&forked, &unfolded, &s.Verdicts)
		s.ID, s.Lag = id.Bytes, max(s.HeadSeq-s.AckedSeq, 0)
		s.Health = health(&s, now, forked, unfolded)
		return s, err
	})
	return list, told(err)
}

// health gives the worst that is true.
func health(s *FleetStore, now store.Instant, forked, unfolded bool) store.Health {
	switch {
	case s.RevokedAt != 0:
		return store.HealthRevoked
	case forked:
		return store.HealthFork
	case unfolded:
		return store.HealthUnfolded
	case now.Sub(max(s.LastContact, s.EnrolledAt)) > silentAfter:
		return store.HealthSilent
	case s.Lag > 0:
		return store.HealthLate
	}
	return store.HealthOK
}
