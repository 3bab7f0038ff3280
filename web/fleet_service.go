package web

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pingTime is how long the database may take to answer before it counts as
// away.
const pingTime = 3 * time.Second

func (s *FleetServer) ping(x *exchange) error {
	ctx, cancel := context.WithTimeout(x.Request.Context(), pingTime)
	defer cancel()
	return s.fleet.Ready(ctx)
}

// healthz answers whether head office is well.
func (s *FleetServer) healthz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	status, word := http.StatusOK, "ok"
	w := newWriter().open().key("version").text(s.cfg.Version).key("problems").list()
	if s.ping(x) != nil {
		status, word = http.StatusServiceUnavailable, "failing"
		w.open().key("code").text("database_unreachable").key("detail").text("The database does not answer.").
			key("since").null().key("action").text("Start PostgreSQL, or mend the way to it; nothing is lost meanwhile.").close()
	}
	return x.send(status, w.end().key("status").text(word).close())
}

// readyz answers whether requests are taken now.
func (s *FleetServer) readyz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	ready, status := s.ping(x) == nil, http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	return x.send(status, newWriter().open().key("ready").bool(ready).close())
}

// fleetCollector reads the figures of all stores at the moment of asking.
type fleetCollector struct{ fleet Fleet }

var (
	fleetStores = prometheus.NewDesc("shelfd_fleet_stores", "Stores, by health.", []string{"health"}, nil)
	fleetLag    = figure("fleet_lag_entries", "Entries that stores have said they have and that are not here.")
	fleetItems  = figure("fleet_items", "Rows of stock of all stores.")
	fleetLow    = figure("fleet_low_stock_items", "Rows of all stores that are low.")
)

// Describe names the figures.
func (c fleetCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fleetStores, fleetLag, fleetItems, fleetLow} {
		ch <- d
	}
}

// Collect reads the figures.
func (c fleetCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTime)
	defer cancel()
	all, err := c.fleet.Stores(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(fleetStores, err)
		return
	}
	var lag, items, low int64
	count := map[string]float64{}
	for _, s := range all {
		count[string(s.Health)]++
		lag, items, low = lag+s.Lag, items+s.Items, low+s.LowStock
	}
	for _, health := range healths {
		ch <- prometheus.MustNewConstMetric(fleetStores, prometheus.GaugeValue, count[health], health)
	}
	for d, n := range map[*prometheus.Desc]int64{fleetLag: lag, fleetItems: items, fleetLow: low} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
	}
}
