package pos_test

import (
	"flag"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/pos"
)

// modelKinds are the kinds of points of sale that the model runs against.
func modelKinds() map[string]pos.Capabilities {
	all := maps.Clone(kinds)
	all["changes with keys, no counts"] = pos.Capabilities{ReadStock: true, ReadSales: true, WriteDelta: true, Keys: true, Most: 3}
	return all
}

// fewChecks has rapid try each kind a few times: there are many. -rapid.checks
// says otherwise.
func fewChecks(t testing.TB) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = flag.Set(checks.Name, strconv.Itoa(storetest.Some(8, 200)))
		t.Cleanup(func() { _ = flag.Set(checks.Name, checks.DefValue) })
	}
}

// model is what both sides should have of a product.
type model struct {
	*driver
	rt *rapid.T
	// local and sold are the changes here and the sales there by product, n how
	// many products there are.
	local, sold map[int]int64
	n           int
}

func openModel(t *testing.T, rt *rapid.T, caps pos.Capabilities, edits ...func(*pos.Config)) *model {
	m := &model{driver: drive(t, newSim(caps), 3, edits...), rt: rt, local: map[int]int64{}, sold: map[int]int64{}, n: 3}
	m.must(m.push())
	m.must(m.save())
	return m
}

// product draws one.
func (m *model) product() int { return rapid.IntRange(1, m.n).Draw(m.rt, "product") }

// book books a change here.
func (m *model) book() {
	n := m.product()
	by := rapid.Int64Range(1, 5).Draw(m.rt, "by")
	reason := rapid.SampledFrom([]store.Reason{store.Adjustment, store.Damage, store.Theft, store.Audit, store.Transfer}).Draw(m.rt, "reason")
	if reason == store.Damage || reason == store.Theft || rapid.Bool().Draw(m.rt, "less") {
		by = -by
	}
	if m.sim.caps.State && reason == store.Transfer {
		reason = store.Audit // a register is not told of transfers
	}
	m.change(n, by, reason)
	m.local[n] += by
}

// sell is a sale there.
func (m *model) sell() {
	if !m.sim.caps.ReadSales {
		return
	}
	n, by := m.product(), rapid.Int64Range(1, 3).Draw(m.rt, "sold")
	m.sim.Sell(n, units(by), "")
	m.sold[n] += by
}

// move takes stock to the vault or back.
func (m *model) move() {
	n := m.product()
	if _, ok := m.vault[n]; !ok {
		m.vault[n] = m.row(n, store.Vault, 0)
	}
	from, to, by := m.items[n], store.Vault, rapid.Int64Range(1, 3).Draw(m.rt, "moved")
	if rapid.Bool().Draw(m.rt, "back") {
		from, to = m.vault[n], store.SalesFloor
	}
	i, _ := m.Item(from)
	if i.Quantity < units(by) {
		return
	}
	m.Must(&store.Adjust{Item: from, Change: -units(by), Reason: store.Transfer, ToRoom: to})
}

// pushed pushes until nothing fails, with something going wrong first. No sale
// comes between: what cannot be told then is told wrong, and put right by a
// full run.
func (m *model) pushed() {
	m.fault()
	for range 30 {
		err := m.push()
		if err == nil && m.records.left < 0 {
			break
		}
		if m.records.left == 0 || err == nil {
			m.records.left = -1
			m.restart()
		}
	}
	m.sim.LoseAnswer(0)
	m.sim.Limit(0)
	if rapid.Bool().Draw(m.rt, "save") {
		m.must(m.save())
	}
}

// once does something once, with something going wrong.
func (m *model) once(do func() error) {
	m.fault()
	err := do()
	m.sim.LoseAnswer(0)
	m.sim.Limit(0)
	if m.records.left >= 0 && err == nil || m.records.left == 0 {
		m.records.left = -1
		m.restart()
	}
}

// fault has something go wrong in what comes next.
func (m *model) fault() {
	switch rapid.SampledFrom([]string{"", "", "lost", "limit", "kill", "kill", "restart"}).Draw(m.rt, "fault") {
	case "lost":
		m.sim.LoseAnswer(rapid.IntRange(1, 2).Draw(m.rt, "answers"))
	case "limit":
		m.sim.Limit(rapid.IntRange(1, 3).Draw(m.rt, "limited"))
	case "kill":
		m.records.left, m.records.after = rapid.IntRange(1, 6).Draw(m.rt, "writes"), rapid.Bool().Draw(m.rt, "after")
	case "restart":
		m.restart()
	}
}

// late adds a product that the other side has as well.
func (m *model) late() {
	m.n++
	m.add(m.n, 100, 100)
}

// TestWhatChangesIsToldOnceWithoutAComparison has nothing happen that cannot
// be told apart: then both sides agree without any full run.
func TestWhatChangesIsToldOnceWithoutAComparison(t *testing.T) {
	fewChecks(t)
	for name, caps := range modelKinds() {
		if !caps.WriteAbsolute && !caps.WriteDelta {
			continue
		}
		t.Run(strings.ReplaceAll(name, ", ", "_"), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				m := openModel(t, rt, caps)
				defer m.Ledger.Close()
				for range rapid.IntRange(1, 20).Draw(rt, "steps") {
					switch rapid.SampledFrom([]string{"book", "book", "book", "sell", "pull", "push", "pass"}).Draw(rt, "step") {
					case "book":
						m.book()
					case "sell":
						m.sell()
					case "pull":
						m.pull()
					case "push":
						m.pushed()
					case "pass":
						m.Clock.Advance(rapid.SampledFrom([]time.Duration{time.Second, time.Hour, 30 * time.Hour}).Draw(rt, "passed"))
					}
				}
				m.Clock.Advance(5 * time.Minute)
				m.pushed()
				m.Clock.Advance(time.Second)
				m.pull()
				m.pushed()
				m.toldOnce()
			})
		})
	}
}

// toldOnce checks that both sides have what happened, once.
func (m *model) toldOnce() {
	for n := 1; n <= m.n; n++ {
		if want := units(100 + m.local[n] - m.sold[n]); m.here(n) != want || m.sim.Stock(n) != want {
			m.rt.Fatalf("product %d: the ledger has %s and the point of sale %s, want %s", n, m.here(n), m.sim.Stock(n), want)
		}
	}
	for _, c := range m.sim.written {
		e, err := m.entry(c.Reference)
		if err != nil {
			m.rt.Fatal(err)
		}
		if e.Source == "pos:till" {
			m.rt.Fatalf("entry %s came from there and was sent back", c.Reference)
		}
	}
	if list := m.aside(); len(list) > 0 {
		m.rt.Fatalf("set aside: %+v", list)
	}
}

// entry finds that of a reference.
func (d *driver) entry(reference string) (*store.Entry, error) {
	var epoch, seq int64
	if _, err := fmt.Sscanf(reference, "%d-%d", &epoch, &seq); err != nil {
		return nil, err
	}
	stored, err := d.Journal().FindEntry(d.t.Context(), seq)
	if err != nil {
		return nil, err
	}
	return stored.Entry()
}
