package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shelfd/shelfd/store"
)

// Backups tell how the newest backup went.
type Backups interface{ LastBackup() BackupStatus }

// BackupStatus is how the newest backup went.
type BackupStatus struct {
	// At is when the newest good one was made, 0 for never, Bytes its size.
	At    store.Instant
	Bytes int64
	// TriedAt is when one was tried last, 0 for never, and Failed whether that
	// one failed.
	TriedAt store.Instant
	Failed  bool
	// Scheduled tells that the server makes them by itself.
	Scheduled bool
}

// noBackups is of a server that nobody makes backups of.
type noBackups struct{}

// LastBackup gives none.
func (noBackups) LastBackup() BackupStatus { return BackupStatus{} }

// write writes the member backup. Health is open to everyone: it says nothing of where.
func (b BackupStatus) write(w *writer) *writer {
	w = w.key("backup").open()
	w = w.key("made_at").time(b.At).key("tried_at").time(b.TriedAt)
	return w.key("failed").bool(b.Failed).key("scheduled").bool(b.Scheduled).close()
}

// backupCollector reads how the newest backup went at the moment of asking.
type backupCollector struct {
	backups Backups
	ledger  *store.Ledger
}

var (
	backupAge  = figure("backup_age_seconds", "Age of the newest good backup, in seconds; absent when there is none.")
	backupSize = figure("backup_bytes", "Size of the newest good backup, in bytes; absent when there is none.")
	backupGood = figure("backup_ok", "1 when the newest backup went well, 0 when it failed; absent when none was tried.")
)

// Describe names the figures.
func (backupCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- backupAge
	ch <- backupSize
	ch <- backupGood
}

// Collect gives the figures.
func (c backupCollector) Collect(ch chan<- prometheus.Metric) {
	b := c.backups.LastBackup()
	if b.At > 0 {
		now, _ := c.ledger.Now()
		ch <- prometheus.MustNewConstMetric(backupAge, prometheus.GaugeValue, max(0, now.Sub(b.At).Seconds()))
		ch <- prometheus.MustNewConstMetric(backupSize, prometheus.GaugeValue, float64(b.Bytes))
	}
	if b.TriedAt > 0 {
		good := 1.0
		if b.Failed {
			good = 0
		}
		ch <- prometheus.MustNewConstMetric(backupGood, prometheus.GaugeValue, good)
	}
}
