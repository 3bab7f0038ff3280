package web

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shelfd/shelfd/store"
)

// syncCollector reads how the destinations stand at the moment of asking.
type syncCollector struct {
	sync   Syncer
	ledger *store.Ledger
}

// syncFigures are said of each destination.
var syncFigures = []struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(d *store.DestinationStatus, now store.Instant) float64
}{
	{
		syncFigure("lag_entries", "Entries that the destination does not have yet."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.Lag) },
	},
	{
		syncFigure("lag_seconds", "Age of the oldest entry that the destination does not have yet, in seconds."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, now store.Instant) float64 {
			if d.OldestUnsent == 0 {
				return 0
			}
			return max(0, now.Sub(d.OldestUnsent).Seconds())
		},
	},
	{
		syncFigure("last_success_timestamp_seconds", "When the destination last confirmed anything, in seconds since 1970; 0 for never."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.SyncedAt) / 1000 },
	},
	{
		syncFigure("failures", "Attempts that failed since the last success."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.Failures) },
	},
	{
		syncFigure("paused", "1 when nothing is sent until a person acts."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 {
			if d.State == store.DestinationPaused {
				return 1
			}
			return 0
		},
	},
	{
		syncFigure("retries_total", "Attempts that followed a failure, since the start."), prometheus.CounterValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.Retries) },
	},
	{
		syncFigure("quarantined_entries", "Entries set aside because the destination refused them every time."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.Quarantined) },
	},
	{
		syncFigure("open_work_items", "What the destination cannot do and nobody has done yet."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.WorkItems) },
	},
	{
		syncFigure("verdicts", "Entries that the destination stored but could not use."), prometheus.GaugeValue,
		func(d *store.DestinationStatus, _ store.Instant) float64 { return float64(d.Verdicts) },
	},
}

func syncFigure(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("shelfd_sync_"+name, help, []string{"destination"}, nil)
}

// Describe names the figures.
func (c syncCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range syncFigures {
		ch <- f.desc
	}
}

// Collect reads the figures.
func (c syncCollector) Collect(ch chan<- prometheus.Metric) {
	list, err := c.sync.Status(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(syncFigures[0].desc, err)
		return
	}
	now, _ := c.ledger.Now()
	for i := range list {
		for _, f := range syncFigures {
			ch <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(&list[i], now), list[i].Name)
		}
	}
}
