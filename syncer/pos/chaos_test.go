package pos_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// TestBothSidesAgreeOrTheDifferenceIsListed has everything happen at every
// moment.
func TestBothSidesAgreeOrTheDifferenceIsListed(t *testing.T) {
	fewChecks(t)
	for name, caps := range modelKinds() {
		for _, owner := range []string{pos.OwnerStore, pos.OwnerPOS} {
			t.Run(strings.ReplaceAll(name, ", ", "_")+"_"+owner, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					m := openModel(t, rt, caps, func(c *pos.Config) {
						c.Quantity = owner
						if caps.Rooms && rapid.Bool().Draw(rt, "one place") {
							c.Rooms[store.Vault] = c.Rooms[store.SalesFloor]
						}
					})
					defer m.Ledger.Close()
					for range rapid.IntRange(1, 25).Draw(rt, "steps") {
						m.anything()
					}
					m.quiet()
					m.agreeOrListed()
				})
			})
		}
	}
}

func (m *model) anything() {
	switch rapid.SampledFrom([]string{
		"book", "book", "book", "move", "sell", "sell", "pull", "push", "push", "full", "refuse", "late", "between", "drift", "pass", "resend", "look", "unlink", "restore", "poison",
	}).Draw(m.rt, "step") {
	case "book":
		m.book()
	case "move":
		m.move()
	case "sell":
		m.sell()
	case "pull":
		m.once(func() error { return m.target.Pull(m.t.Context()) })
	case "push":
		m.pushed()
	case "full":
		force := rapid.Bool().Draw(m.rt, "force")
		m.once(func() error { return m.full(force) })
	case "refuse":
		n := m.product()
		if m.sim.refuse[n] = !m.sim.refuse[n]; !m.sim.refuse[n] {
			delete(m.sim.refuse, n)
		}
	case "poison":
		m.sim.poison = m.sim.place(m.product())
	case "late":
		m.late()
	case "between":
		n, by, here := m.product(), rapid.Int64Range(1, 3).Draw(m.rt, "between"), rapid.Bool().Draw(m.rt, "here")
		m.sim.afterRead = func() {
			m.sim.afterRead = nil
			if here {
				m.change(n, -by, store.Damage)
			} else if m.sim.caps.ReadSales {
				m.sim.sell(n, units(by), "")
			}
		}
	case "drift":
		m.sim.Set(m.product(), units(rapid.Int64Range(50, 120).Draw(m.rt, "drift")))
	case "pass":
		m.Clock.Advance(rapid.SampledFrom([]time.Duration{time.Second, time.Hour, 30 * time.Hour}).Draw(m.rt, "passed"))
	case "resend":
		for _, q := range m.aside() {
			_, _ = m.target.Resend(m.t.Context(), m.Ledger, q)
		}
	case "unlink":
		n := m.product()
		kind, ours, theirs := store.LinkProduct, m.products[n], m.sim.place(n).Product
		if m.sim.caps.State {
			kind, ours, theirs = store.LinkLot, m.lots[n], m.sim.place(n).Lot
		}
		if m.desk.DeleteLink(m.t.Context(), store.Request{}, "till", kind, ours.String()) != nil {
			_, err := m.desk.PutLink(m.t.Context(), store.Request{}, store.Link{Destination: "till", Kind: kind, Ours: ours.String(), Theirs: theirs})
			m.must(err)
		}
	case "restore":
		head := m.Head()
		m.Must(&store.OpenEpoch{Branch: store.Position{Epoch: head.Epoch, Seq: head.Seq}, Hash: head.Hash, Reason: store.EpochRestored})
	case "look":
		_, _ = m.desk.ComparePOS(m.t.Context(), "till")
	}
}

// quiet ends everything that goes wrong, and lets both sides come together.
func (m *model) quiet() {
	m.sim.afterRead, m.sim.poison, m.records.left = nil, store.Place{}, -1
	clear(m.sim.refuse)
	m.synced()
	m.Clock.Advance(time.Hour)
	m.pull()
	m.synced()
	m.Clock.Advance(time.Hour)
	m.must(m.full(false))
	m.synced()
	m.Clock.Advance(time.Hour)
	m.must(m.full(false))
}

func (m *model) agreeOrListed() {
	if !m.sim.caps.ReadStock {
		return
	}
	open, err := m.desk.ComparePOS(m.t.Context(), "till")
	m.must(err)
	writes := m.sim.caps.WriteAbsolute || m.sim.caps.WriteDelta
	for n := 1; n <= m.n; n++ {
		here := m.here(n)
		if i, ok := m.Item(m.vault[n]); ok && m.sim.caps.Rooms && m.cfg.Rooms[store.Vault] == "" {
			here -= i.Quantity
		}
		listed := slices.ContainsFunc(open, func(c store.Case) bool { return c.SKU == sku(n) && c.Theirs != nil })
		if agree := here == m.sim.Stock(n); agree == listed {
			m.rt.Fatalf("product %d: %s here and %s there, and listed: %v (%+v)", n, here, m.sim.Stock(n), listed, open)
		} else if !agree && writes && !m.sim.caps.State {
			m.rt.Fatalf("product %d: %s here and %s there stay apart", n, here, m.sim.Stock(n))
		}
	}
	for _, c := range open {
		if c.Theirs != nil && c.Class != store.CaseQuantity && c.Class != store.CaseUnit {
			m.rt.Fatalf("a difference that nothing explains is %s: %+v", c.Class, c)
		}
	}
}
