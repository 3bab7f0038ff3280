package web

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// The benchmarks compare in rounds: each round runs every variant for a
// second in rotated order, and the reported ratio is the median over the
// rounds. docs/performance.md says how to run and read them.

const (
	benchItems   = 100_000
	benchClients = 64
	benchRounds  = 7
	benchSlice   = 1200 * time.Millisecond
)

// bench is a full server on loopback over a full shop.
type bench struct {
	shop  *storetest.Shop
	addr  string
	token string
	items []string
	naive *sql.DB
}

// openBench fills a shop and serves it, with the routes to compare with: the
// same middleware, but a handler that does nothing, sends constant bytes, or
// commits one transaction for each request.
func openBench(b *testing.B) *bench {
	b.Helper()
	shop := storetest.OpenReal(b)
	n := &bench{shop: shop, token: store.TokenPrefix + strings.Repeat("b", 43)}
	n.fill(b)
	shop.Must(&store.IssueToken{Name: "bench", Role: store.RoleAdmin, Terminal: "till-1", Hash: store.HashToken(n.token)})
	n.serve(b)
	return n
}

func (n *bench) fill(b *testing.B) {
	b.Helper()
	for _, room := range []store.Room{store.SalesFloor, store.Vault} {
		for from := 0; from < benchItems/2; from += store.MaxImportRows {
			cmd := &store.Import{Location: n.shop.Location, Room: room}
			for k := range store.MaxImportRows {
				cmd.Rows = append(cmd.Rows, storetest.Row(from+k, 1_000_000))
			}
			for _, line := range n.shop.Must(cmd).Lines {
				n.items = append(n.items, line.Item.ID.String())
			}
		}
	}
	rand.Shuffle(len(n.items), func(i, j int) { n.items[i], n.items[j] = n.items[j], n.items[i] })
}

func (n *bench) serve(b *testing.B) {
	b.Helper()
	cfg := Config{RequestsPerSecond: 1e9, Burst: 1e9}
	s, err := New(cfg, Deps{
		Ledger: n.shop.Ledger, Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	n.compare(b, s)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	n.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan error, 1)
	door := behindDoor(b, cfg, s)
	go func() { stopped <- door.Serve(ctx, ln) }()
	b.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			b.Error(err)
		}
	})
}

// compare mounts what the API is compared with.
func (n *bench) compare(b *testing.B, s *Server) {
	b.Helper()
	item, _ := n.shop.Item(mustID(n.items[0]))
	w := newWriter().open()
	w.item(item, look{})
	row := bytes.Clone(w.close().b)
	page := newWriter().open().key("data").list()
	list, total := n.shop.Items(store.ItemFilter{}, 0, 50)
	for _, i := range list {
		page.open().item(i, look{})
		page.close()
	}
	page.end().key("pagination").open().key("page").int(1).key("limit").int(50).key("total").int(int64(total)).close()
	constant := bytes.Clone(page.close().b)
	n.openNaive(b)
	send := func(body []byte) handler {
		return func(x *exchange) error {
			w := newWriter()
			w.b = append(w.b, body...)
			return x.send(http.StatusOK, w)
		}
	}
	for _, r := range []*route{
		{method: http.MethodGet, path: "/bench/none/:id", role: store.RoleViewer, handle: send(row)},
		{method: http.MethodPatch, path: "/bench/none/:id", role: store.RoleTerminal, writes: true, handle: send(row)},
		{method: http.MethodGet, path: "/bench/constant", role: store.RoleViewer, handle: send(constant)},
		{method: http.MethodPatch, path: "/bench/single/:id", role: store.RoleTerminal, writes: true, handle: n.single(row)},
	} {
		r.observe = s.metrics.route(r.method, r.path)
		s.engine.Handle(r.method, r.path, s.adapt(r))
	}
}

func mustID(s string) store.ID {
	id, ok := store.ParseID(s)
	if !ok {
		panic(s)
	}
	return id
}

// openNaive makes the tables that a server without group commit would have.
func (n *bench) openNaive(b *testing.B) {
	b.Helper()
	db, err := sql.Open("sqlite", b.TempDir()+"/naive.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(`CREATE TABLE stock (id TEXT PRIMARY KEY, quantity INTEGER NOT NULL) STRICT;
		CREATE TABLE movement (seq INTEGER PRIMARY KEY, item TEXT, change INTEGER, reason TEXT, notes TEXT, at INTEGER) STRICT`)
	if err != nil {
		b.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range n.items {
		if _, err := tx.Exec("INSERT INTO stock VALUES (?, 1000000)", id); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	n.naive = db
}

// single is a PATCH that commits one transaction for each request.
func (n *bench) single(row []byte) handler {
	update, err := n.naive.Prepare("UPDATE stock SET quantity = quantity + ?1 WHERE id = ?2 AND quantity + ?1 >= 0")
	if err != nil {
		panic(err)
	}
	insert, err := n.naive.Prepare("INSERT INTO movement (item, change, reason, notes, at) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		panic(err)
	}
	return func(x *exchange) error {
		cmd := &store.Adjust{}
		if err := x.decode(func(b *body, name string) bool { return b.adjustment(cmd, name) }); err != nil {
			return err
		}
		tx, err := n.naive.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := execIn(tx, update, int64(cmd.Change), x.Param("id")); err != nil {
			return err
		}
		if err := execIn(tx, insert, x.Param("id"), int64(cmd.Change), cmd.Reason.String(), cmd.Notes, time.Now().UnixMilli()); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		w := newWriter()
		w.b = append(w.b, row...)
		return x.send(http.StatusOK, w)
	}
}

func execIn(tx *sql.Tx, prepared *sql.Stmt, args ...any) error {
	s := tx.Stmt(prepared)
	defer s.Close()
	_, err := s.Exec(args...)
	return err
}

const benchBody = `{"quantity_change":-1,"reason_code":"SALE","notes":"a note of forty characters, as they come"}`

// pick spreads the requests of a client over all items.
func (n *bench) pick(client, i int) string {
	return n.items[(client*7919+i*104729)%len(n.items)]
}

func (n *bench) get(path string) *load {
	return &load{addr: n.addr, clients: benchClients, request: func(b []byte, client, i int) []byte {
		return getRequest(b, n.addr, strings.Replace(path, "{id}", n.pick(client, i), 1), n.token)
	}}
}

func (n *bench) patch(path string, keyed bool) *load {
	start := time.Now().UnixNano()
	return &load{addr: n.addr, clients: benchClients, request: func(b []byte, client, i int) []byte {
		key := ""
		if keyed {
			key = fmt.Sprintf("%x-%d-%d-%x", start, client, i, rand.Uint64())
		}
		return patchRequest(b, n.addr, strings.Replace(path, "{id}", n.pick(client, i), 1), n.token, key, benchBody)
	}}
}

// variant is one of the loads that a round compares.
type variant struct {
	name string
	load *load
}

// rounds runs the variants against each other and reports the rate of each,
// and the median ratio of each to the first.
func rounds(b *testing.B, variants ...variant) {
	b.Helper()
	ratios := map[string][]float64{}
	rates := map[string][]float64{}
	for range b.N {
		for round := range benchRounds {
			got := map[string]float64{}
			for k := range variants {
				v := variants[(k+round)%len(variants)]
				runtime.GC()
				rate, refused := v.load.run(b, benchSlice)
				if refused > int64(rate*benchSlice.Seconds()/100) {
					b.Fatalf("%s: %d answers outside 2xx", v.name, refused)
				}
				got[v.name] = rate
			}
			for _, v := range variants {
				rates[v.name] = append(rates[v.name], got[v.name])
				ratios[v.name] = append(ratios[v.name], got[v.name]/got[variants[0].name])
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, v := range variants {
		b.ReportMetric(median(rates[v.name]), v.name+"/s")
		if v.name != variants[0].name {
			b.ReportMetric(median(ratios[v.name]), v.name+"/"+variants[0].name)
		}
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkHTTP(b *testing.B) {
	n := openBench(b)
	const item = "/api/v1/inventory/{id}"
	b.Run("patch", func(b *testing.B) {
		rounds(b, variant{"noop", n.patch("/bench/none/{id}", false)}, variant{"patch", n.patch(item, false)},
			variant{"keyed", n.patch(item, true)}, variant{"single", n.patch("/bench/single/{id}", false)})
	})
	b.Run("get", func(b *testing.B) {
		rounds(b, variant{"noop", n.get("/bench/none/{id}")}, variant{"get", n.get(item)})
	})
	b.Run("list", func(b *testing.B) {
		rounds(b, variant{"constant", n.get("/bench/constant")}, variant{"list", n.get("/api/v1/inventory?limit=50")},
			variant{"filtered", n.get("/api/v1/inventory?limit=50&room_type=vault&category=Flower")})
	})
	b.Run("bytes", func(b *testing.B) { n.bytes(b) })
	b.Run("memory", func(b *testing.B) { n.memory(b) })
}

// bytes reports how much a PATCH with key and note makes the disk write.
func (n *bench) bytes(b *testing.B) {
	var patches float64
	before := written(b)
	for range b.N {
		rate, _ := n.patch("/api/v1/inventory/{id}", true).run(b, 12*benchSlice)
		patches += rate * (12 * benchSlice).Seconds()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(written(b)-before)/patches, "B/patch")
}

// written is how many bytes this process made the disk write (Linux).
func written(b *testing.B) int64 {
	raw, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skip("counting written bytes needs /proc/self/io:", err)
	}
	for line := range strings.Lines(string(raw)) {
		if v, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// memory reports what the whole process, load included, keeps resident.
func (n *bench) memory(b *testing.B) {
	for range b.N {
		debug.FreeOSMemory()
	}
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("resident memory needs /proc/self/status:", err)
	}
	for line := range strings.Lines(string(raw)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(kb)/1024, "MiB-resident")
		}
	}
}
