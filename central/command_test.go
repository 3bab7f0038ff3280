package central_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

func (o *outlet) commands(after int64, wait int) *wire.Commands {
	o.t.Helper()
	answer := new(wire.Commands)
	path := fmt.Sprintf("%s?after=%d&wait=%d", wire.PathCommands, after, wait)
	if err := o.do(http.MethodGet, path, nil, http.Header{}, answer); err != nil {
		o.t.Error(err)
	}
	return answer
}

func TestCommand_is_numbered_without_gaps_and_its_result_kept(t *testing.T) {
	d := openDesk(t)
	other := openDeskOver(t, d.database)
	o, _ := d.traded(0)
	silent, _ := d.traded(1)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			desk := []*desk{d, other}[n%2]
			body := fmt.Sprintf(`{"sku":"C-%d","name":"Cherry","unit_price":%d}`, n, n)
			if err := desk.SendCommand(t.Context(), nil, "product", json.RawMessage(body)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := d.SendCommand(t.Context(), []store.ID{o.id}, "nonsense", json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	answer := o.commands(0, 0)
	if len(answer.Commands) != 21 || answer.Newest != 21 || silent.commands(0, 0).Newest != 20 {
		t.Fatalf("%d commands, newest %d", len(answer.Commands), answer.Newest)
	}
	for n, c := range answer.Commands {
		if c.N != int64(n+1) {
			t.Fatalf("command %d is numbered %d", n+1, c.N)
		}
		o.Must(&store.Obey{N: c.N, Kind: c.Kind, Body: c.Body})
	}
	o.push()
	if c := o.cursor(); c.Commands != 21 {
		t.Fatalf("%+v", c)
	}
	const done = "SELECT count(*) FROM command WHERE status = $1 AND done_seq IS NOT NULL AND store = (SELECT id FROM store ORDER BY acked_seq DESC LIMIT 1)"
	if a, r := ask[int](d, done, "applied"), ask[int](d, done, "refused"); a != 20 || r != 1 {
		t.Fatalf("%d applied, %d refused", a, r)
	}
	if code := ask[string](d, "SELECT code FROM command WHERE status = 'refused'"); code != "unknown_command" {
		t.Fatal(code)
	}
	if left := o.commands(20, 0); len(left.Commands) != 1 || left.Commands[0].N != 21 {
		t.Fatalf("%+v", left)
	}
	d.equal(o)
}

func TestCommand_wakes_who_waits_at_another_copy(t *testing.T) {
	d := openDesk(t)
	other := openDeskOver(t, d.database)
	o, _ := d.traded(0)
	got := make(chan *wire.Commands)
	go func() { got <- o.commands(0, 50) }()
	for ask[int](d, "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN shelfd_command' AND datname = current_database()") < 2 {
	}
	start := time.Now()
	if err := other.SendCommand(t.Context(), []store.ID{o.id}, "product", json.RawMessage(`{"sku":"A"}`)); err != nil {
		t.Fatal(err)
	}
	if answer := <-got; len(answer.Commands) != 1 || time.Since(start) > 20*time.Second {
		t.Fatalf("%+v after %s", answer, time.Since(start))
	}
	start = time.Now()
	if answer := o.commands(1, 1); len(answer.Commands) != 0 || time.Since(start) < 900*time.Millisecond {
		t.Fatalf("%+v after %s", answer, time.Since(start))
	}
	go func() { got <- o.commands(1, 50) }()
	d.Drain()
	if answer := <-got; len(answer.Commands) != 0 || answer.Newest != 1 {
		t.Fatalf("%+v", answer)
	}
}

func TestCommand_numbers_go_on_above_those_of_another_head_office(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(0)
	for n := range int64(3) {
		o.Must(&store.Obey{N: n + 1, Kind: "nonsense", Body: json.RawMessage(`{}`)})
	}
	o.push()
	if err := d.SendCommand(t.Context(), []store.ID{o.id}, "product", json.RawMessage(`{"sku":"A"}`)); err != nil {
		t.Fatal(err)
	}
	if answer := o.commands(3, 0); len(answer.Commands) != 1 || answer.Commands[0].N != 4 {
		t.Fatalf("%+v", answer)
	}
}

func TestCommand_waits_for_a_store_that_enrols_later(t *testing.T) {
	d := openDesk(t)
	sender, receiver := storetest.Open(t), storetest.Open(t)
	row := sender.Stocked("A", 5)
	sender.Must(&store.ShipTransfer{
		To: store.Party{Store: receiver.Meta().Store}, Lines: []store.ShipLine{{Item: row, Quantity: 20_000}},
	})
	d.enrol(sender).push()
	if got := d.enrol(receiver).commands(0, 0).Commands; len(got) != 1 || got[0].Kind != "transfer" {
		t.Errorf("the receiver is told %+v", got)
	}
}
