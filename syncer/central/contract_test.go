package central_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// side is one of two centrals that have to answer alike.
type side struct {
	url, key string
}

// contract is a fake and a real central that are asked the same.
type contract struct {
	t          testing.TB
	fake, real side
	office     *central.Central
	store      store.ID
	pretender  *fake
}

func openContract(t testing.TB) *contract {
	t.Helper()
	office, err := central.Open(t.Context(), central.Config{Database: centraltest.Start(t), Clock: store.SystemClock()})
	must(t, err)
	t.Cleanup(office.Close)
	c := &contract{t: t, office: office, store: storetest.NewID(), pretender: newFake(t)}
	server := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	c.fake, c.real = side{server(c.pretender), key}, side{server(office.Handler()), ""}
	code, err := office.Enrol(t.Context(), "Main Street", time.Hour)
	must(t, err)
	var in wire.Enrolled
	c.send(c.real, enrolling(code, c.store), func(resp *http.Response) { must(t, wire.ReadAnswer(resp, &in, wire.MaxMessage)) })
	c.real.key = in.Key
	return c
}

// call is one request of the protocol.
type call struct {
	method, path string
	header       http.Header
	body         []byte
	// key stands in for the right one.
	key string
}

func get(path string) call { return call{method: http.MethodGet, path: path} }

func message(path string, v any) call {
	body, _ := json.Marshal(v) // plain structs
	return call{http.MethodPost, path, http.Header{wire.HeaderDigest: {wire.Digest(body)}, "Content-Type": {wire.TypeJSON}}, body, ""}
}

func enrolling(code string, id store.ID) call {
	return message(wire.PathEnroll, wire.Enrolment{Code: code, Store: id, Name: "Main Street"})
}

func (c *contract) send(to side, q call, read func(*http.Response)) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), q.method, to.url+q.path, bytes.NewReader(q.body))
	must(c.t, err)
	if q.header != nil {
		r.Header = q.header.Clone()
	}
	if q.key == "" {
		q.key = to.key
	}
	r.Header.Set("Authorization", "Bearer "+q.key)
	resp, err := http.DefaultClient.Do(r)
	must(c.t, err)
	defer resp.Body.Close()
	read(resp)
}

// own are the members that each central has its own words or clock for, and
// what only one that folds can say.
var own = []string{"title", "detail", "server_time", "synced_at", "created_at", "verdicts"}

// said is an answer as far as the two have to agree.
func (c *contract) said(resp *http.Response) any {
	c.t.Helper()
	if resp.Header.Get("Content-Type") == wire.TypeBatch {
		in, err := wire.ReadBatchAnswer(resp)
		must(c.t, err)
		return fmt.Sprintf("%+v", in)
	}
	var v map[string]any
	err := wire.ReadAnswer(resp, &v, wire.MaxMessage)
	if err != nil {
		raw, _ := json.Marshal(err) // a *wire.Problem
		must(c.t, json.Unmarshal(raw, &v))
	}
	commands, _ := v["commands"].([]any)
	for _, name := range own {
		delete(v, name)
		for _, one := range commands {
			delete(one.(map[string]any), name)
		}
	}
	return v
}

// same asks both: they have to answer alike, and with that code, "" for no
// refusal.
func (c *contract) same(name string, q call, code wire.ProblemCode) {
	c.t.Helper()
	ask := func(to side) (status int, said any) {
		c.send(to, q, func(resp *http.Response) { status, said = resp.StatusCode, c.said(resp) })
		return status, said
	}
	first, a := ask(c.real)
	second, b := ask(c.fake)
	if first != second || !reflect.DeepEqual(a, b) {
		c.t.Errorf("%s: central answers %d %v, the fake %d %v", name, first, a, second, b)
	}
	got := ""
	if v, ok := a.(map[string]any); ok && v["code"] != nil {
		got = v["code"].(string)
	}
	if got != string(code) {
		c.t.Errorf("%s: central answers %v, want %q", name, a, code)
	}
}

// chain is a made-up ledger: lines that no fold can read.
type chain struct {
	lines []string
}

func (h *chain) at(seq int64) (head store.Head) {
	head.Seq = seq
	for _, line := range h.lines[:seq] {
		head.Hash = head.Hash.Next([]byte(line))
	}
	return head
}

// chainOf has n lines, which differ from those of another kind after seq.
func chainOf(n, after int, kind string) *chain {
	h := &chain{}
	for i := range n {
		word := "one"
		if i >= after {
			word = kind
		}
		h.lines = append(h.lines, fmt.Sprintf(`{"v":9,"n":%d,"of":%q}`, i+1, word))
	}
	return h
}

// batch sends the entries with after < seq ≤ upTo.
func (h *chain) batch(epoch int64, branch string, after, upTo int64, change ...func(*wire.Batch)) call {
	head := h.at(after)
	e := wire.NewEncoder()
	from, _ := store.ParsePosition(branch)
	e.Start(epoch, from, head)
	for _, line := range h.lines[after:upTo] {
		head.Seq, head.Hash = head.Seq+1, head.Hash.Next([]byte(line))
		e.Add(&store.Stored{Seq: head.Seq, Bytes: []byte(line), Hash: head.Hash}, nil)
	}
	b, err := e.Finish()
	if err != nil {
		panic(err) // in memory
	}
	for _, f := range change {
		f(b)
	}
	header := http.Header{}
	b.Header(header)
	return call{http.MethodPost, wire.PathEntries, header, b.Body, ""}
}

func TestContract_of_one_stream(t *testing.T) {
	c := openContract(t)
	one, two := chainOf(9, 9, "one"), chainOf(9, 3, "two")
	c.same("a new store", get(wire.PathCursor), "")
	c.same("a wrong key", call{method: http.MethodGet, path: wire.PathCursor, key: "shelfd_wrong"}, wire.ProblemUnauthorized)
	c.same("a wrong code", enrolling("WRONG", c.store), wire.ProblemUnauthorized)
	c.same("a wrong path", get("/sync/v1/other"), wire.ProblemNotFound)
	c.same("the middle first", one.batch(1, "", 2, 4), wire.ProblemGap)
	c.same("an empty batch", one.batch(1, "", 0, 0), "")
	c.same("the beginning", one.batch(1, "", 0, 3), "")
	c.same("the beginning again", one.batch(1, "", 0, 3), "")
	c.same("half of it again", one.batch(1, "", 1, 5), "")
	c.same("an empty batch at the end", one.batch(1, "", 5, 5), "")
	c.same("an empty batch before it", one.batch(1, "", 2, 2), "")
	c.same("a gap", one.batch(1, "", 6, 8), wire.ProblemGap)
	c.same("another entry before", two.batch(1, "", 5, 7), wire.ProblemFork)
	c.same("other entries", two.batch(1, "", 2, 7), wire.ProblemFork)
	c.same("other entries, known ones first", two.batch(1, "", 0, 4), wire.ProblemFork)
	c.same("another entry long before", two.batch(1, "", 4, 5), wire.ProblemFork)
	c.same("a damaged body", one.batch(1, "", 5, 6, func(b *wire.Batch) { b.Digest = wire.Digest(nil) }), wire.ProblemDigest)
	c.same("no batch", call{method: http.MethodPost, path: wire.PathEntries, header: http.Header{}}, wire.ProblemInvalidBatch)
	for _, at := range []string{"1-1", "1-5"} {
		c.same("the hash at "+at, get(wire.PathCursor+"?at="+at), "")
	}
	for _, at := range []string{"1-6", "2-1"} {
		c.same("no hash at "+at, get(wire.PathCursor+"?at="+at), "")
	}
	c.same("the hash at no position", get(wire.PathCursor+"?at=x"), wire.ProblemInvalidBatch)
	read := func(epoch, after string, limit int) call {
		return get(fmt.Sprintf("%s?epoch=%s&after=%s&limit=%d", wire.PathEntries, epoch, after, limit))
	}
	c.same("two entries", read("1", "0", 2), "")
	c.same("the rest", read("1", "2", 1000), "")
	c.same("nothing after the end", read("1", "5", 10), "")
	c.same("beyond the end", read("1", "6", 10), wire.ProblemNotFound)
	c.same("an unknown stream", read("2", "0", 10), wire.ProblemNotFound)
	c.same("no number", read("1", "x", 10), wire.ProblemInvalidBatch)
	end := one.at(5)
	for name, q := range map[string]wire.Compare{
		"less": {Epoch: 1, Seq: 4, Hash: one.at(4).Hash}, "more": {Epoch: 1, Seq: 6}, "a later epoch": {Epoch: 2, Seq: 5, Hash: end.Hash},
	} {
		c.same("comparing "+name, message(wire.PathCompare, q), wire.ProblemGap)
	}
	c.same("comparing another past", message(wire.PathCompare, wire.Compare{Epoch: 1, Seq: 5, Hash: two.at(5).Hash}), wire.ProblemFork)
}

func TestContract_of_several_streams(t *testing.T) {
	c := openContract(t)
	one, two, three := chainOf(9, 9, "one"), chainOf(9, 4, "two"), chainOf(9, 4, "three")
	c.same("the first stream", one.batch(1, "", 0, 6), "")
	c.same("a branch that is not there", one.batch(2, "1-9", 9, 9), wire.ProblemUnknownBranch)
	c.same("a branch of an unknown epoch", two.batch(9, "7-4", 4, 6), wire.ProblemUnknownBranch)
	c.same("no branch", two.batch(2, "", 0, 6), wire.ProblemUnknownBranch)
	c.same("not right after the branch", two.batch(2, "1-4", 3, 6), wire.ProblemGap)
	c.same("another past at the branch", two.batch(2, "1-5", 5, 6), wire.ProblemUnknownBranch)
	c.same("a branch and nothing more", two.batch(2, "1-4", 4, 4), wire.ProblemUnknownBranch)
	c.same("the second stream", two.batch(2, "1-4", 4, 6), "")
	c.same("the same again", two.batch(2, "1-4", 4, 6), "")
	c.same("more of it", two.batch(2, "1-4", 6, 8), "")
	c.same("the cursor", get(wire.PathCursor), "")
	c.same("the first stream again", one.batch(1, "", 6, 7), wire.ProblemEpochClosed)
	c.same("the same epoch from elsewhere", one.batch(2, "1-3", 3, 5), wire.ProblemFork)
	c.same("another copy of the epoch", three.batch(2, "1-4", 4, 6), wire.ProblemFork)
	c.same("comparing the first", message(wire.PathCompare, wire.Compare{Epoch: 1, Seq: 6, Hash: one.at(6).Hash}), wire.ProblemEpochClosed)
	for _, at := range []string{"1-4", "1-6", "2-2", "2-6", "2-8", "1-7", "2-9"} {
		c.same("the hash at "+at, get(wire.PathCursor+"?at="+at), "")
	}
	for _, from := range []string{"epoch=1&after=0", "epoch=1&after=5", "epoch=2&after=0", "epoch=2&after=5"} {
		c.same("what is "+from, get(wire.PathEntries+"?limit=1000&"+from), "")
	}
	c.same("a third stream, from the second", two.batch(5, "2-7", 7, 8), "")
	c.same("the cursor after it", get(wire.PathCursor), "")
	c.same("the second stream", get(wire.PathEntries+"?limit=1000&epoch=2&after=4"), "")
}

func TestContract_of_a_store_from_another_central(t *testing.T) {
	c := openContract(t)
	one := chainOf(9, 9, "one")
	c.same("not from the beginning", one.batch(3, "", 2, 4), wire.ProblemGap)
	c.same("a branch of what is not there", one.batch(3, "2-4", 4, 6), wire.ProblemUnknownBranch)
	c.same("its beginning", one.batch(3, "", 0, 4), "")
	c.same("what follows", one.batch(3, "", 4, 6), "")
	c.same("the cursor", get(wire.PathCursor), "")
	c.same("an older epoch", one.batch(2, "", 0, 4), wire.ProblemEpochClosed)
	c.same("all of it", get(wire.PathEntries+"?epoch=3&after=0&limit=10"), "")
}

func TestContract_of_commands(t *testing.T) {
	c := openContract(t)
	for n := range 3 {
		body := fmt.Sprintf(`{"sku":"A-%d"}`, n)
		c.pretender.command("product", body)
		must(t, c.office.SendCommand(t.Context(), []store.ID{c.store}, "product", json.RawMessage(body)))
	}
	for _, query := range []string{"?after=0&limit=10", "?after=0&limit=2", "?after=2&limit=10", "?after=3&limit=10", "?after=9&limit=10"} {
		c.same("commands "+query, get(wire.PathCommands+query), "")
	}
	c.same("how many there are", get(wire.PathCursor), "")
}
