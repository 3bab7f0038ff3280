package central_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// chain is two stores, and everything that central ever had to tell them.
type chain struct {
	t     *rapid.T
	shops [2]*storetest.Shop
	rows  [2]map[string]store.ID
	mail  [2][]central.Dispatch
	known map[[32]byte]bool
	// sent are the shipments of each store.
	sent [2][]store.ID
}

var skus = []string{"A", "B"}

const initial = 50

func openChain(t *rapid.T, tb testing.TB) *chain {
	c := &chain{t: t, known: map[[32]byte]bool{}}
	for n := range c.shops {
		s := storetest.Open(tb)
		c.shops[n], c.rows[n] = s, map[string]store.ID{}
		for _, sku := range skus {
			c.rows[n][sku] = s.Stocked(sku, initial)
		}
	}
	return c
}

func (c *chain) id(n int) store.ID { return c.shops[n].Meta().Store }

// do does a command in a store and lets central see what came of it.
func (c *chain) do(n int, cmd store.Command) (store.Receipt, error) {
	r, err := c.shops[n].Do(context.Background(), store.Request{Actor: "a", Source: "api", Manager: true}, cmd)
	for _, f := range r.Facts {
		d, ok := f.Of.(*store.TransferDocument)
		if !ok {
			continue
		}
		for _, m := range central.TransferCommands(c.id(n), d, c.shops[n].Product) {
			if m.To != c.id(1-n) {
				c.t.Fatalf("a command for %s", m.To)
			}
			if !c.known[m.Once] {
				c.known[m.Once] = true
				c.mail[1-n] = append(c.mail[1-n], m)
			}
		}
	}
	return r, err
}

func (c *chain) must(n int, cmd store.Command) {
	if _, err := c.do(n, cmd); err != nil {
		c.t.Fatalf("%+v: %v", cmd, err)
	}
}

// deliver gives a store a command, new or old.
func (c *chain) deliver(n int, m central.Dispatch) {
	r, err := c.do(n, &store.Obey{N: c.shops[n].Command() + 1, Kind: m.Kind, Body: m.Body})
	if err != nil {
		c.t.Fatal(err)
	}
	var done store.CommandDone
	last := r.Facts[len(r.Facts)-1].Entry.Event
	if err := json.Unmarshal(last.Body, &done); err != nil || done.Status != store.CommandApplied {
		c.t.Fatalf("%s %s → %s, %v", m.Kind, m.Body, last.Body, err)
	}
}

func (c *chain) pick(what string, n int) int { return rapid.IntRange(0, n-1).Draw(c.t, what) }

func (c *chain) units(what string, most store.Quantity) store.Quantity {
	return store.Quantity(rapid.Int64Range(0, int64(most/10_000)).Draw(c.t, what)) * 10_000
}

func (c *chain) ship(*rapid.T) {
	n := c.pick("sender", 2)
	cmd := &store.ShipTransfer{To: store.Party{Store: c.id(1 - n)}}
	left := map[string]store.Quantity{}
	for range 1 + c.pick("lines", 3) {
		sku := skus[c.pick("sku", len(skus))]
		row, _ := c.shops[n].Item(c.rows[n][sku])
		q := min(c.units("quantity", 8*10_000)+10_000, row.Available()-left[sku])
		if left[sku] += max(q, 0); q > 0 {
			cmd.Lines = append(cmd.Lines, store.ShipLine{Item: row.ID, Quantity: q})
		}
	}
	if len(cmd.Lines) == 0 {
		return
	}
	r, err := c.do(n, cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sent[n] = append(c.sent[n], r.Facts[len(r.Facts)-1].Of.(*store.TransferDocument).ID)
}

// receive takes some of what a store knows to be on its way to it.
func (c *chain) receive(*rapid.T) {
	n := c.pick("receiver", 2)
	list := c.shops[n].Transfers(store.TransferFilter{Direction: store.DirectionIn, Status: store.TransferInTransit})
	if len(list) == 0 {
		return
	}
	d := list[c.pick("transfer", len(list))]
	line := store.ReceiveLine{Line: int64(1 + c.pick("line", len(d.Lines))), Room: store.SalesFloor}
	rest := d.InTransit(int(line.Line - 1))
	for _, q := range []*store.Quantity{&line.Received, &line.Refused, &line.Lost} {
		*q = c.units("part", rest)
		rest -= *q
	}
	line.Extra = c.units("extra", 10_000)
	if line.Received+line.Refused+line.Lost+line.Extra > 0 {
		c.must(n, &store.ReceiveTransfer{ID: d.ID, Version: d.Version, Lines: []store.ReceiveLine{line}})
	}
}

// receiveBlind takes goods of which the store may not have heard.
func (c *chain) receiveBlind(*rapid.T) {
	n := c.pick("receiver", 2)
	if len(c.sent[1-n]) == 0 {
		return
	}
	sent, _ := c.shops[1-n].Transfer(c.sent[1-n][c.pick("shipment", len(c.sent[1-n]))])
	if here := c.shops[n].Transfers(store.TransferFilter{Direction: store.DirectionIn, Number: sent.Number}); len(here) > 0 && here[0].Status != store.TransferUnmatched {
		return
	}
	c.must(n, &store.ReceiveTransfer{Number: sent.Number, Lines: []store.ReceiveLine{{
		SKU: skus[c.pick("sku", len(skus))], Received: c.units("quantity", 9*10_000) + 10_000, Room: store.SalesFloor,
	}}})
}

// takeBack books refused goods at their sender.
func (c *chain) takeBack(*rapid.T) {
	n := c.pick("sender", 2)
	for _, id := range c.sent[n] {
		d, _ := c.shops[n].Transfer(id)
		for i := range d.Lines {
			if q := c.units("returned", d.Lines[i].Returning()); q > 0 {
				c.must(n, &store.ReceiveTransfer{ID: id, Lines: []store.ReceiveLine{{Line: int64(i + 1), Returned: q}}})
				return
			}
		}
	}
}

func (c *chain) cancel(*rapid.T) {
	n := c.pick("sender", 2)
	if len(c.sent[n]) > 0 {
		id := c.sent[n][c.pick("shipment", len(c.sent[n]))]
		_, err := c.do(n, &store.CancelTransfer{ID: id})
		if code := store.CodeOf(err); err != nil && code != store.CodeTransferUnbalanced {
			c.t.Fatal(err)
		}
	}
}

// deliverAny delivers any command that ever was.
func (c *chain) deliverAny(*rapid.T) {
	n := c.pick("to", 2)
	if len(c.mail[n]) > 0 {
		c.deliver(n, c.mail[n][c.pick("command", len(c.mail[n]))])
	}
}

// settle delivers everything, in any order, until nothing new comes of it.
func (c *chain) settle() {
	for had := -1; had != len(c.known); {
		had = len(c.known)
		for n := range c.mail {
			for _, m := range rapid.Permutation(slices.Clone(c.mail[n])).Draw(c.t, "order") {
				c.deliver(n, m)
			}
		}
	}
}

// holdsItsOwn: the stock of a store is what its own documents say.
func (c *chain) holdsItsOwn(*rapid.T) {
	for n, s := range c.shops {
		want := map[string]store.Quantity{"A": initial * 10_000, "B": initial * 10_000}
		for _, d := range s.Transfers(store.TransferFilter{}) {
			for i := range d.Lines {
				l := &d.Lines[i]
				if l.Shipped-l.Settled() < 0 || l.Returning() < 0 {
					if !d.Blind || l.Shipped != 0 {
						c.t.Fatalf("line %+v of %s", l, d.Number)
					}
				}
				if d.Direction == store.DirectionIn {
					want[l.SKU] += l.Received + l.Extra
					continue
				}
				gone := l.Shipped
				if d.CanceledAt != 0 {
					gone = l.Settled()
				}
				want[l.SKU] -= gone - l.Returned
			}
		}
		for sku, q := range want {
			if row, _ := s.Item(c.rows[n][sku]); row.Quantity != q {
				c.t.Fatalf("store %d has %s of %s, its transfers say %s", n, row.Quantity, sku, q)
			}
		}
	}
}

// agree: both documents of each transfer say the same, and nothing is lost
// but what was said to be.
func (c *chain) agree() {
	total := map[string]store.Quantity{}
	for n, s := range c.shops {
		for _, sku := range skus {
			row, _ := s.Item(c.rows[n][sku])
			total[sku] += row.Quantity
		}
		for _, id := range c.sent[n] {
			out, _ := s.Transfer(id)
			in := c.shops[1-n].Transfers(store.TransferFilter{Direction: store.DirectionIn, Number: out.Number})
			if len(in) != 1 {
				c.t.Fatalf("%d documents came in as %s", len(in), out.Number)
			}
			if a, b := c.lines(out), c.lines(in[0]); a != b || out.CanceledAt != in[0].CanceledAt || out.Status != in[0].Status {
				c.t.Fatalf("sender (%s) %s\nreceiver (%s) %s", out.Status, a, in[0].Status, b)
			}
			for i, l := range out.Lines {
				total[l.SKU] += out.InTransit(i) + l.Returning() + l.Lost - l.Extra
			}
		}
	}
	for _, sku := range skus {
		if total[sku] != 2*initial*10_000 {
			c.t.Fatalf("there are %s of %s", total[sku], sku)
		}
	}
}

func (c *chain) lines(d *store.TransferDocument) string {
	var b bytes.Buffer
	for i, l := range d.Lines {
		fmt.Fprintf(&b, "%s: %s shipped, %s received, %s refused, %s lost, %s returned, %s extra, %s in transit\n",
			l.SKU, l.Shipped, l.Received, l.Refused, l.Lost, l.Returned, l.Extra, d.InTransit(i))
	}
	return b.String()
}

// However goods and news of them cross, both stores end up saying the same,
// and every unit is somewhere.
func TestStores_agree_on_transfers_whatever_the_order_of_the_news(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := openChain(r, t)
		defer func() {
			for _, s := range c.shops {
				_ = s.Close()
			}
		}()
		r.Repeat(map[string]func(*rapid.T){
			"ship": c.ship, "receive": c.receive, "receive blind": c.receiveBlind, "take back": c.takeBack,
			"cancel": c.cancel, "deliver": c.deliverAny, "deliver more": c.deliverAny, "": c.holdsItsOwn,
		})
		c.settle()
		c.holdsItsOwn(r)
		c.agree()
	})
}
