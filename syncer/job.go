package syncer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/shelfd/shelfd/store"
)

// schedule adds a destination's scheduled runs.
func (e *Engine) schedule(w *worker) error {
	for _, one := range [...][2]string{{store.SyncIncremental, w.to.Incremental}, {store.SyncFull, w.to.Full}} {
		syncType, expression := one[0], one[1]
		if expression == "" {
			continue
		}
		s, err := parseSchedule(expression)
		if err != nil {
			return fmt.Errorf("destination %q: %w", w.to.Name, err)
		}
		j := &job{
			schedule: s, name: w.to.Name, syncType: syncType, zone: w.zone,
			start: func(ctx context.Context) { w.startScheduled(ctx, syncType) },
		}
		if syncType == store.SyncFull {
			j.late = spread(e.cfg.Store, min(e.cfg.Spread, s.interval/4))
		}
		e.keeper.add(j, w.silentFor(j))
	}
	return nil
}

// spread gives a store its share of a time, always the same.
func spread(id store.ID, most time.Duration) time.Duration {
	sum := sha256.Sum256(id[:])
	return time.Duration(float64(most) * (float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)))
}

// silentFor tells how long ago a job last ran, as far as the ledger remembers;
// when it does not, so long that it is due within one interval. So a box that
// is off every night gets its nightly run by day.
func (w *worker) silentFor(j *job) time.Duration {
	for _, r := range w.e.Ledger.Runs() {
		if r.Destination == j.name && r.SyncType == j.syncType {
			return min(max(0, w.e.now().Sub(r.RequestedAt)), 2*j.interval)
		}
	}
	return j.backstop() - j.interval
}

// zone is the time zone of a destination's schedules: its location's, or that
// of the first location for one that takes all.
func (w *worker) zone() *time.Location {
	if l, ok := w.e.Ledger.Location(w.to.LocationID); ok {
		return l.Zone()
	}
	if all := w.e.Ledger.Locations(); len(all) > 0 {
		return all[0].Zone()
	}
	return time.UTC
}

// startScheduled asks for a run that is due, and leaves a destination alone
// that waits for a person.
func (w *worker) startScheduled(ctx context.Context, syncType string) {
	w.e.mu.Lock()
	paused := w.record.State == store.DestinationPaused
	w.e.mu.Unlock()
	if paused {
		return
	}
	err := w.guard(func() error {
		_, _, err := w.e.Request(ctx, store.SystemRequest(), store.RunRequest{
			Type: syncType, Destination: w.to.Name, Location: w.to.LocationID,
		})
		return err
	})
	if err != nil && ctx.Err() == nil {
		w.e.Log.Error("a scheduled sync could not be started", "destination", w.to.Name, "sync_type", syncType, "err", err)
	}
}
