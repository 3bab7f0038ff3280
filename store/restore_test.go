package store_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// TestRestore_brings_back_any_history lets a machine do what it likes, goes
// back to a backup of it, and appends what central has of the rest, in pages
// of any size, some twice, with the power cut between them.
func TestRestore_brings_back_any_history(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t)
		defer m.Ledger.Close()
		backup, branch := m.Crash(t), m.Head().Seq
		rt.Repeat(map[string]func(*rapid.T){
			"adjust": m.adjust, "adjust again": m.adjust, "bulk": m.bulk, "reserve": m.reserve, "end hold": m.endHold, "extend": m.extend,
			"reverse": m.reverse, "open": m.open, "edit product": m.editProduct, "edit item": m.editItem, "import": m.importRows, "wait": m.wait,
			"keyed": func(rt *rapid.T) { m.keyed(rt) },
			"back up": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "backup") == 0 {
					backup, branch = m.Crash(t), m.Head().Seq
				}
			},
		})
		s := *m.Shop
		s.Dir = backup
		if err := s.TryOpen(); err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Ledger.Close() }()
		s.Must(branchAt(t, &s, m.Head().Epoch, branch))
		appendAnyhow(rt, t, &s, m.Shop, branch)
		if d := difference(stock(&s), stock(m.Shop)); d != "" {
			rt.Fatalf("the stock: %s", d)
		}
		sameFacts(t, &s, m.Shop, branch)
		whole(t, &s)
	})
}

// keyed sells under a key, once or twice.
func (m *machine) keyed(rt *rapid.T) {
	id := m.anyItem(rt)
	key := rapid.StringN(1, 8, -1).Draw(rt, "key")
	sale := &store.Adjust{Item: id, Change: -1000, Reason: store.Sale, Offline: true}
	r, err := m.Do(rt.Context(), keyed(key, id.String()), sale)
	if err == nil && !r.Replayed {
		m.m.move(m.m.items[id], -1000)
		m.learn(r)
		m.m.finish()
		m.m.fired = nil
	}
}

// appendAnyhow appends the rest of another shop, a page at a time, and stops
// the machine now and then.
func appendAnyhow(rt *rapid.T, t *testing.T, s, lost *storetest.Shop, branch int64) {
	rows := copies(t, lost, branch)
	for s.Again().Seq < lost.Head().Seq {
		before := s.Again().Seq
		from := max(branch, before-rapid.Int64Range(0, 4).Draw(rt, "overlap"))
		given := page(rows, branch, from, int(before-from)+rapid.IntRange(8, 60).Draw(rt, "rows"))
		if _, err := s.Do(t.Context(), storetest.Request, &store.Reappend{Rows: given}); err != nil {
			rt.Fatal(err)
		}
		if s.Again().Seq <= before {
			rt.Fatalf("nothing was appended again after %s", s.Again())
		}
		if rapid.IntRange(0, 9).Draw(rt, "power cut") > 0 {
			continue
		}
		crashed := s.Crash(t)
		_ = s.Ledger.Close()
		s.Dir = crashed
		if err := s.TryOpen(); err != nil {
			rt.Fatal(err)
		}
	}
}
