package store_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// This file is a second, naive replay of the ledger. It reads the canonical
// bytes with encoding/json and counts with fractions, and shares no code with
// the fold.

// naiveEntry is what the naive replay reads of an entry.
type naiveEntry struct {
	seq        int64
	Kind       string      `json:"kind"`
	Occurred   int64       `json:"occurred_at"`
	Recorded   int64       `json:"recorded_at"`
	Item       string      `json:"item"`
	Change     json.Number `json:"quantity_change"`
	HoldChange json.Number `json:"reserved_change"`
	Document   string      `json:"document"`
	Of         string      `json:"of"`
	Body       struct {
		ID         string      `json:"id"`
		Name       string      `json:"name"`
		Price      json.Number `json:"unit_price"`
		Cost       json.Number `json:"unit_cost"`
		ProductID  string      `json:"product_id"`
		LocationID string      `json:"location_id"`
		Archived   int64       `json:"archived_at"`
		Threshold  json.Number `json:"low_stock_threshold"`
	} `json:"body"`
}

// naiveRow is one row of stock as the naive replay finds it.
type naiveRow struct {
	id, name, price, threshold string
	quantity, reserved         string
}

// naiveLedger is a whole ledger in memory.
type naiveLedger []naiveEntry

func readNaively(t testing.TB, s *storetest.Shop) (all naiveLedger) {
	t.Helper()
	err := s.Journal().Scan(t.Context(), 0, s.Head().Seq, func(row *store.Stored) error {
		e := naiveEntry{seq: row.Seq}
		var id struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(row.Bytes, &id); err != nil || id.ID != fmt.Sprintf("1-%d", row.Seq) {
			return fmt.Errorf("row %d is entry %s: %w", row.Seq, id.ID, err)
		}
		err := json.Unmarshal(row.Bytes, &e)
		all = append(all, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// last is the newest entry recorded by a moment.
func (l naiveLedger) last(at int64) (seq int64) {
	for _, e := range l {
		if e.Recorded <= at {
			seq = e.seq
		}
	}
	return seq
}

// naiveMoment is the stock at a moment.
type naiveMoment struct {
	rows            []naiveRow
	quantity, value string
	digest          string
}

// at replays the ledger for a moment; every entry is looked at.
func (l naiveLedger) at(m store.Moment, locations ...string) naiveMoment {
	seq, counts := m.Seq, func(e naiveEntry) bool { return e.seq <= m.Seq }
	if m.Seq == 0 {
		known := int64(len(l))
		if m.KnownAt != 0 {
			known = l.last(int64(m.KnownAt))
		}
		seq = min(l.last(int64(m.AsOf)), known)
		counts = func(e naiveEntry) bool { return e.seq <= known && e.Occurred <= int64(m.AsOf) }
	}
	quantity, reserved := map[string]*big.Rat{}, map[string]*big.Rat{}
	opened, shown, items := map[string]int64{}, map[string]naiveEntry{}, map[string]naiveEntry{}
	var order []string
	for _, e := range l {
		if counts(e) {
			add(quantity, e.Item, e.Change)
			add(reserved, e.Item, e.HoldChange)
		}
		switch {
		case e.Document == "item":
			if opened[e.Of] == 0 {
				opened[e.Of] = e.seq
				order = append(order, e.Of)
			}
			if e.seq <= seq || items[e.Of].seq == 0 {
				items[e.Of] = e
			}
		case e.Document != "" && (e.seq <= seq || shown[e.Of].seq == 0):
			shown[e.Of] = e
		}
	}
	var rows []naiveRow
	sum, value, digest := new(big.Rat), new(big.Rat), sha256.New()
	for _, id := range order {
		doc := items[id].Body
		q, r := ten(quantity[id]), ten(reserved[id])
		if len(locations) > 0 && !slices.Contains(locations, doc.LocationID) {
			continue
		}
		empty := q.Sign() == 0 && r.Sign() == 0
		if empty && (opened[id] > seq || doc.Archived != 0) {
			continue
		}
		product := shown[doc.ProductID].Body
		rows = append(rows, naiveRow{id, product.Name, product.Price.String(), doc.Threshold.String(), plain(q), plain(r)})
		fmt.Fprintf(digest, "%s %s %s\n", id, plain(q), plain(r))
		sum.Add(sum, q)
		value.Add(value, rounded(new(big.Rat).Mul(q, ten(rat(product.Cost)))))
	}
	slices.SortFunc(rows, func(a, b naiveRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.id, b.id))
	})
	return naiveMoment{rows, plain(sum), plain(value), hex.EncodeToString(digest.Sum(nil))}
}

func rat(n json.Number) *big.Rat {
	if n == "" {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic("no number: " + n)
	}
	return r
}

func add(sums map[string]*big.Rat, id string, n json.Number) {
	if r := rat(n); r != nil {
		sums[id] = r.Add(r, ten(sums[id]))
	}
}

func ten(r *big.Rat) *big.Rat {
	if r == nil {
		return new(big.Rat)
	}
	return r
}

// plain writes a fraction with as many decimals as it needs.
func plain(r *big.Rat) string {
	s := r.FloatString(4)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// rounded rounds half away from zero to four decimals.
func rounded(r *big.Rat) *big.Rat {
	out, _ := new(big.Rat).SetString(r.FloatString(4))
	return out
}

// snapshotOf lays out a snapshot like the naive replay's.
func snapshotOf(s *store.Snapshot) naiveMoment {
	digest := s.Digest()
	m := naiveMoment{quantity: s.Quantity.String(), digest: hex.EncodeToString(digest[:])}
	for i := range s.Rows() {
		threshold := ""
		if i.Threshold != nil {
			threshold = i.Threshold.String()
		}
		m.rows = append(m.rows, naiveRow{i.ID.String(), i.Product.Name, i.Product.UnitPrice.String(), threshold, i.Quantity.String(), i.Reserved.String()})
	}
	m.value = store.Quantity(s.Value).String()
	return m
}

func (m naiveMoment) dump() string {
	var b bytes.Buffer
	for _, r := range m.rows {
		fmt.Fprintln(&b, r)
	}
	fmt.Fprintln(&b, m.quantity, m.value, m.digest)
	return b.String()
}
