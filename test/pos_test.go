package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
)

// peer is a point of sale that we did not write.
type peer interface {
	// stocked makes products with so many units in the shop.
	stocked(units int, skus ...string)
	// sellAll sells units by SKU, and the goods have left when it returns.
	sellAll(units map[string]int) (order string)
	// setStock is an administrator's hand.
	setStock(sku string, units int)
	stock(sku string) int
	// settings are those of the configuration, with its own address left out.
	settings() (address, lines string)
}

// settings log in as the superadmin.
func (v *vendure) settings() (address, lines string) {
	return v.address, "      file: vendure\n      user: superadmin\n      key: superadmin\n"
}

// posShop is a shop with a point of sale and head office: the program, with a
// network to each of the two that can be cut.
type posShop struct {
	*server
	t      *testing.T
	dir    string
	config string
	peer   peer
	office *office
	till   *link // to the point of sale
	uplink *link // to head office
	skus   []string
	items  map[string]string // ids by SKU
	random *rand.Rand
	// booked are the changes that were made here, by SKU in order.
	booked map[string][]int
	// sold are the units sold at the point of sale by SKU.
	sold map[string]int
	keys int
}

// openPOSShop opens a shop of so many products, each with 1,000 units here and
// at the point of sale, and brings all three together.
func openPOSShop(t *testing.T, peer peer, products int) *posShop {
	t.Helper()
	s := &posShop{
		t: t, dir: t.TempDir(), peer: peer, office: openOffice(t, centraltest.NewCluster(t)),
		items: map[string]string{}, random: rand.New(rand.NewPCG(4, 2)), booked: map[string][]int{}, sold: map[string]int{},
	}
	for n := range products {
		s.skus = append(s.skus, fmt.Sprintf("SKU-%02d", n))
	}
	peer.stocked(1000, s.skus...)
	address, _ := peer.settings()
	s.till, s.uplink = newLink(t, address), newLink(t, s.office.address)
	s.config = filepath.Join(s.dir, "config.yaml")
	s.configure()
	s.server = start(t, s.dir, "--config", s.config)
	s.fill()
	code := s.office.codes(1)[0]
	s.must(t, http.MethodPut, "/api/v1/sync/central", map[string]any{"url": "http://" + s.uplink.address, "code": code}, nil)
	// The location is there only now, and a destination is for one that is.
	s.restart()
	s.run("till", "full", "succeeded")
	return s
}

func (s *posShop) configure() {
	s.t.Helper()
	_, lines := s.peer.settings()
	text := fmt.Sprintf(`sync:
  incremental: ""
  full: ""
  pos:
    - name: till
      kind: http
      location: Main Street
      url: http://%s
%s      sale_source: pos
      pull_every: 1s
      overlap: 1m
      grace: 1ms
      requests_per_second: 500
      timeout: 5s
`, s.till.address, lines)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// fill makes the location and the products, with their stock.
func (s *posShop) fill() {
	s.t.Helper()
	var location struct{ ID string }
	s.must(s.t, http.MethodPost, "/api/v1/locations", map[string]any{"name": "Main Street", "timezone": "America/Chicago", "currency": "USD"}, &location)
	for _, sku := range s.skus {
		var product, item struct{ ID string }
		s.must(s.t, http.MethodPost, "/api/v1/products", map[string]any{"sku": sku, "name": sku}, &product)
		s.must(s.t, http.MethodPost, "/api/v1/inventory", map[string]any{
			"product_id": product.ID, "location_id": location.ID, "room_type": "sales_floor", "quantity": 1000,
		}, &item)
		s.items[sku] = item.ID
	}
}

// restart kills the program and starts it again over what it has on disk.
func (s *posShop) restart() {
	s.t.Helper()
	s.kill()
	s.server = start(s.t, s.dir, "--config", s.config)
}

// run asks for a sync run and waits for its end.
func (s *posShop) run(destination, kind, want string) {
	s.t.Helper()
	var run struct {
		ID, Status string
		Error      *struct{ Code, Detail string }
	}
	s.must(s.t, http.MethodPost, "/api/v1/inventory/sync", map[string]any{"destination": destination, "sync_type": kind}, &run)
	deadline := time.Now().Add(2 * time.Minute)
	for run.Status == "queued" || run.Status == "running" {
		if time.Now().After(deadline) {
			s.t.Fatalf("the %s run to %s goes on and on\n%s", kind, destination, s.log)
		}
		wait(20 * time.Millisecond)
		s.must(s.t, http.MethodGet, "/api/v1/sync/runs/"+run.ID, nil, &run)
	}
	if run.Status != want {
		s.t.Fatalf("the %s run to %s ended as %s, want %s: %+v\n%s", kind, destination, run.Status, want, run.Error, s.log)
	}
}

// change books one change here, and repeats it with its key until it is known
// what became of it.
func (s *posShop) change(sku string, units int, reason string) {
	s.t.Helper()
	s.keys++
	key, body := fmt.Sprint("op-", s.keys), map[string]any{"quantity_change": units, "reason_code": reason, "notes": "random"}
	for range 100 {
		status, answer, err := s.try(http.MethodPatch, "/api/v1/inventory/"+s.items[sku], key, body)
		switch {
		case err != nil || status >= 500:
			wait(20 * time.Millisecond)
		case status == http.StatusOK:
			s.booked[sku] = append(s.booked[sku], units)
			return
		default:
			s.t.Fatalf("%s %d %s: %d %s", sku, units, reason, status, answer)
		}
	}
	s.t.Fatalf("%s: no answer", key)
}

// operate does one random thing on one of the sides, or to what is between.
func (s *posShop) operate() {
	sku := s.skus[s.random.IntN(len(s.skus))]
	switch n := s.random.IntN(100); {
	case n < 25:
		s.change(sku, -1-s.random.IntN(5), "DAMAGE")
	case n < 50:
		s.change(sku, 1+s.random.IntN(9), "TRANSFER")
	case n < 62:
		s.change(sku, s.random.IntN(9)-10, "ADJUSTMENT")
	case n < 94:
		order := map[string]int{}
		for range 1 + s.random.IntN(4) {
			order[s.skus[s.random.IntN(len(s.skus))]] = 1 + s.random.IntN(3)
		}
		s.peer.sellAll(order)
		for sku, units := range order {
			s.sold[sku] += units
		}
	case n < 97:
		s.cut(s.till)
	default:
		s.cut(s.uplink)
	}
}

// work does so many random things, kills the program so often, and head
// office and the point of sale once; in the end everything is brought together.
func (s *posShop) work(operations, kills int, restartPeer func()) {
	s.t.Helper()
	for n := range operations {
		s.operate()
		switch {
		case n%(operations/kills) == operations/kills-1:
			s.restart()
		case n == operations/2:
			restartPeer()
		case n == operations/3:
			s.office.kill()
			s.office.start()
		}
	}
	s.quiet()
	s.run("till", "full", "succeeded")
	// What the first sets right is closed by the next look.
	s.run("till", "full", "succeeded")
	s.run("central", "full", "succeeded")
}

// cut takes a network away for a moment, in the middle of whatever goes on.
func (s *posShop) cut(l *link) {
	l.cut()
	for range s.random.IntN(4) {
		s.change(s.skus[0], -1, "DAMAGE")
	}
	l.mend()
}

// quiet waits until both destinations have everything and every sale is here.
func (s *posShop) quiet() {
	s.t.Helper()
	s.run("till", "incremental", "succeeded")
	deadline := time.Now().Add(2 * time.Minute)
	for {
		missing := ""
		for _, sku := range s.skus {
			if here := s.here(sku); here != s.expected(sku) {
				missing = fmt.Sprintf("%s is %d here and should be %d", sku, here, s.expected(sku))
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not every sale was booked: %s\n%s", missing, s.log)
		}
		wait(200 * time.Millisecond)
	}
}

// expected is what the shelf must have: everything that was done on both
// sides, once.
func (s *posShop) expected(sku string) int {
	units := 1000 - s.sold[sku]
	for _, change := range s.booked[sku] {
		units += change
	}
	return units
}

func (s *posShop) here(sku string) int {
	s.t.Helper()
	var item struct{ Quantity int }
	s.must(s.t, http.MethodGet, "/api/v1/inventory/"+s.items[sku], nil, &item)
	return item.Quantity
}

// agree holds the three against each other: every number the same, or a
// difference that is listed with its class.
func (s *posShop) agree() {
	s.t.Helper()
	var office struct {
		Data []struct {
			SKU      string
			Quantity int
		}
	}
	var listed struct{ Data []struct{ SKU string } }
	s.must(s.t, http.MethodGet, "/api/v1/reconciliation", nil, &listed)
	open := map[string]bool{}
	for _, row := range listed.Data {
		open[row.SKU] = true
	}
	for _, sku := range s.skus {
		here, there, want := s.here(sku), s.peer.stock(sku), s.expected(sku)
		if here != want || (there != want && !open[sku]) {
			s.t.Errorf("%s: %d here, %d at the point of sale, want %d; listed: %t", sku, here, there, want, open[sku])
		}
	}
	if len(listed.Data) != 0 {
		s.t.Errorf("differences are left: %+v\n%s", listed.Data, s.explain())
	}
	s.office.query("SELECT coalesce(json_agg(json_build_object('sku', upper(p.sku_key), 'quantity', s.quantity / 10000))::text, '[]') FROM stock s JOIN document p ON p.store = s.store AND p.id = s.product",
		nil, &rawJSON{&office.Data})
	for _, row := range office.Data {
		if want := s.expected(row.SKU); row.Quantity != want {
			s.t.Errorf("head office has %d of %s, want %d", row.Quantity, row.SKU, want)
		}
	}
	if len(office.Data) != len(s.skus) {
		s.t.Errorf("head office has %d products", len(office.Data))
	}
}

// explain gives what the program says about differences.
func (s *posShop) explain() string {
	var text strings.Builder
	for _, path := range []string{"/api/v1/reconciliation", "/api/v1/sync/status", "/api/v1/sync/work-items", "/api/v1/sync/quarantine", "/api/v1/pos/till/links?kind=product"} {
		_, answer, err := s.try(http.MethodGet, path, "", nil)
		fmt.Fprintf(&text, "%s %v: %s\n", path, err, answer)
	}
	return text.String() + s.log.String()
}

// rawJSON scans a text of JSON into what it points at.
type rawJSON struct{ into any }

// Scan reads the text.
func (r *rawJSON) Scan(v any) error { return json.Unmarshal([]byte(v.(string)), r.into) }

// once proves by Vendure's own ledger that nothing was sent twice and nothing
// that came from there was sent back: step by step, what was adjusted there is
// what was changed here up to some moment, and in the end all of it.
//
// Vendure takes numbers, and cannot be told to take one only if nothing else
// changed. So a sale may come between our look and our number, which then puts
// back what was sold; the sale stands before the adjustment in the ledger, and
// a full run takes it out again. When both are under way at once, Vendure's own
// stock and ledger part: the ledger has the sale and the stock does not, until a
// full run adjusts it.
func (s *posShop) once(v *vendure) {
	s.t.Helper()
	for _, sku := range s.skus {
		w := walk{sums: []int{0}, may: map[stand]bool{{}: true}}
		for _, change := range s.booked[sku] {
			w.sums = append(w.sums, w.sums[len(w.sums)-1]+change)
		}
		ledger := v.movements(sku)
		parted := v.stock(sku) - onHand(ledger, v.location)
		if parted != 0 {
			s.t.Logf("Vendure's stock of %s is %+d beside Vendure's own ledger", sku, parted)
		}
		ledger = ledger[1:] // the first is the opening stock
		for n, m := range ledger {
			if m.Type != "ADJUSTMENT" {
				continue
			}
			if w.step(m.Quantity, swallowable(ledger, n), parted); len(w.may) == 0 {
				s.t.Errorf("%s was adjusted to %+d there, which it never was here: %v, %+v", sku, w.adjusted, s.booked[sku], ledger)
				break
			}
		}
		last := len(w.sums) - 1
		if len(w.may) > 0 && (w.adjusted+parted != w.sums[last] || !w.may[stand{last, -parted}]) {
			s.t.Errorf("%s was adjusted by %+d there and changed by %+d here, and its stock is %+d beside its ledger", sku, w.adjusted, w.sums[last], parted)
		}
	}
}

// walk goes along Vendure's ledger of one SKU beside the changes made here, on
// every way that explains it.
type walk struct {
	// sums are the changes up to each moment.
	sums []int
	// adjusted is what was adjusted there so far.
	adjusted int
	may      map[stand]bool
}

// stand is a moment here that Vendure may have reached: what was adjusted are
// the changes up to then, and what put back the units that had been sold.
type stand struct{ at, back int }

// step takes one adjustment, which may have put back any of the sums of sold, or
// taken out what Vendure's stock had beside its ledger.
func (w *walk) step(quantity int, sold []int, parted int) {
	w.adjusted += quantity
	next := map[stand]bool{}
	for from := range w.may {
		backs := map[int]bool{0: true, from.back: true}
		for _, units := range sold {
			backs[from.back+units] = true
		}
		for units := min(0, -parted); units <= max(0, -parted); units++ {
			backs[units] = true
		}
		for at := from.at; at < len(w.sums); at++ {
			if back := w.adjusted - w.sums[at]; backs[back] {
				next[stand{at, back}] = true
			}
		}
	}
	w.may = next
}

// swallowable gives the units that the adjustment at n may have put back: of
// the sales in a row since the adjustment before, and of those that were under
// way meanwhile and so have a later place in the ledger.
func swallowable(ledger []movement, n int) (sums []int) {
	first, last := n, n
	for first > 0 && ledger[first-1].Type != "ADJUSTMENT" {
		first--
	}
	for last+1 < len(ledger) && ledger[last+1].At.Before(ledger[n].At) {
		last++
	}
	for ; first <= last; first++ {
		units := 0
		for _, m := range ledger[first : last+1] {
			if m.Type == "SALE" {
				units -= m.Quantity
				sums = append(sums, units)
			}
		}
	}
	return sums
}

// TestVendureAndCentralAgreeWithTheShelf works at random on both sides, while
// networks are cut and programs killed; then all three agree, and Vendure's
// own ledger shows that each change arrived once.
func TestVendureAndCentralAgreeWithTheShelf(t *testing.T) {
	v := startVendure(t)
	s := openPOSShop(t, v, 12)
	s.work(posOperations, posKills, v.restart)
	s.agree()
	s.once(v)

	t.Run("a hand at Vendure is found and set right", s.drift)
	t.Run("a run with nothing new changes nothing there", func(t *testing.T) { s.still(t, v) })
	s.stop(t)
	verify(t, s.dir)
}

// drift changes a number there by hand: it is found, listed with its class,
// set right, and gone from the list only after the next look.
func (s *posShop) drift(t *testing.T) {
	sku := s.skus[3]
	s.peer.setStock(sku, 7)
	out := s.shelfd(t, 12, "reconcile", "--now")
	if !strings.Contains(out, sku) || !strings.Contains(out, "quantity") {
		t.Fatalf("shelfd reconcile does not show it:\n%s", out)
	}
	s.run("till", "full", "succeeded")
	if have := s.peer.stock(sku); have != s.expected(sku) {
		t.Errorf("it has %d, want %d", have, s.expected(sku))
	}
	s.run("till", "full", "succeeded")
	var listed struct{ Data []json.RawMessage }
	s.must(t, http.MethodGet, "/api/v1/reconciliation?"+url.Values{"destination": {"till"}}.Encode(), nil, &listed)
	if len(listed.Data) != 0 {
		t.Errorf("it is listed still: %s", listed.Data)
	}
}

// still runs everything again, and counts the rows of Vendure's ledger.
func (s *posShop) still(t *testing.T, v *vendure) {
	before := 0
	for _, sku := range s.skus {
		before += len(v.movements(sku))
	}
	s.run("till", "incremental", "succeeded")
	s.run("till", "full", "succeeded")
	for _, sku := range s.skus {
		before -= len(v.movements(sku))
	}
	if before != 0 {
		t.Errorf("%d movements were added", -before)
	}
}

// shelfd runs a command beside the server, which has to end with a code, and
// gives what it writes.
func (s *posShop) shelfd(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append(args, "--data-dir", s.dir, "--config", s.config)...)
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != code {
		t.Fatalf("shelfd %v ended with %d, want %d:\n%s", args, cmd.ProcessState.ExitCode(), code, out)
	}
	return string(out)
}
