package web

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/shelfd/shelfd/store"
)

// metrics counts requests and holds what else is read when asked.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	// start and count make request ids that no other run of the server made.
	start string
	count atomic.Uint64
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shelfd_http_requests_total", Help: "Requests answered, by route and class of status.",
		}, []string{"method", "route", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shelfd_http_request_seconds", Help: "Time to answer, in seconds.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"method", "route"}),
	}
	var seed [5]byte
	_, _ = rand.Read(seed[:]) // never fails
	m.start = strconv.FormatUint(uint64(binary.BigEndian.Uint32(seed[:])), 36)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "shelfd_build_info", Help: "Always 1; the version is in the label.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.requests, m.seconds, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// requestID names a request that came without a name.
func (m *metrics) requestID() string {
	b := append(make([]byte, 0, 24), m.start...)
	return string(strconv.AppendUint(append(b, '-'), m.count.Add(1), 36))
}

// route gives the observer of one route.
func (m *metrics) route(method, path string) func(status int, took time.Duration) {
	var classes [6]prometheus.Counter
	for n := 1; n <= 5; n++ {
		classes[n] = m.requests.WithLabelValues(method, path, fmt.Sprintf("%dxx", n))
	}
	seconds := m.seconds.WithLabelValues(method, path)
	return func(status int, took time.Duration) {
		classes[min(max(status/100, 1), 5)].Inc()
		seconds.Observe(took.Seconds())
	}
}

// serveMetrics answers in the Prometheus text format.
func (s *front) serveMetrics(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(x.Writer, x.Request)
	return nil
}

// ledgerCollector reads the ledger's figures at the moment of asking.
type ledgerCollector struct{ ledger *store.Ledger }

var figures = []struct {
	desc  *prometheus.Desc
	value func(store.Stats, store.Head, store.Size) float64
}{
	{figure("ledger_seq", "Position of the newest entry."), func(_ store.Stats, h store.Head, _ store.Size) float64 { return float64(h.Seq) }},
	{figure("items", "Rows of stock."), func(s store.Stats, _ store.Head, _ store.Size) float64 { return float64(s.Items) }},
	{figure("products", "Products."), func(s store.Stats, _ store.Head, _ store.Size) float64 { return float64(s.Products) }},
	{figure("low_stock_items", "Rows that are low."), func(s store.Stats, _ store.Head, _ store.Size) float64 { return float64(s.LowStock) }},
	{figure("open_reservations", "Open reservations."), func(s store.Stats, _ store.Head, _ store.Size) float64 { return float64(s.Reservations) }},
	{figure("idempotency_keys", "Idempotency keys remembered."), func(s store.Stats, _ store.Head, _ store.Size) float64 { return float64(s.Keys) }},
	{figure("database_bytes", "Size of the ledger file, in bytes."), func(_ store.Stats, _ store.Head, z store.Size) float64 { return float64(z.Database) }},
	{figure("wal_bytes", "Size of the write-ahead log, in bytes."), func(_ store.Stats, _ store.Head, z store.Size) float64 { return float64(z.WAL) }},
	{figure("disk_free_bytes", "Free space beside the ledger, in bytes."), func(_ store.Stats, _ store.Head, z store.Size) float64 { return float64(z.Free) }},
}

func figure(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("shelfd_"+name, help, nil, nil)
}

// Describe names the figures.
func (c ledgerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range figures {
		ch <- f.desc
	}
}

// Collect reads the figures.
func (c ledgerCollector) Collect(ch chan<- prometheus.Metric) {
	size, err := c.ledger.Journal().Size(context.Background())
	stats, head := c.ledger.Stats(), c.ledger.Head()
	for _, f := range figures {
		if err != nil {
			ch <- prometheus.NewInvalidMetric(f.desc, err)
			continue
		}
		ch <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, f.value(stats, head, size))
	}
}
