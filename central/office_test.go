package central_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// desk is one copy of central behind a real listener, over a database of the
// test's own.
type desk struct {
	*central.Central
	t        testing.TB
	database string
	url      string
	db       *pgxpool.Pool
}

func openDesk(t testing.TB, options ...func(*central.Config)) *desk {
	t.Helper()
	return openDeskOver(t, centraltest.Start(t), options...)
}

// openDeskOver opens one more copy over a database.
func openDeskOver(t testing.TB, database string, options ...func(*central.Config)) *desk {
	t.Helper()
	cfg := central.Config{Database: database, Clock: store.SystemClock(), Version: "test"}
	if testing.Verbose() {
		cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	for _, o := range options {
		o(&cfg)
	}
	c, err := central.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.Handler())
	db, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Drain()
		server.Close()
		c.Close()
		db.Close()
	})
	return &desk{Central: c, t: t, database: database, url: server.URL, db: db}
}

// ask reads one value from the database.
func ask[T any](d *desk, sql string, args ...any) (v T) {
	d.t.Helper()
	if err := d.db.QueryRow(d.t.Context(), sql, args...).Scan(&v); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		d.t.Fatal(err)
	}
	return v
}

// outlet is a store with what it needs to push, over a plain HTTP client.
type outlet struct {
	*storetest.Shop
	t     testing.TB
	url   string
	id    store.ID
	key   string
	epoch int64
	// branch is where the epoch left the one before.
	branch store.Position
	limits wire.Limits
}

// enrol lets a shop in at a desk.
func (d *desk) enrol(shop *storetest.Shop) *outlet {
	d.t.Helper()
	code, err := d.Enrol(d.t.Context(), "Shop", time.Hour)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.enrolWith(shop, code)
}

func (d *desk) enrolWith(shop *storetest.Shop, code string) *outlet {
	d.t.Helper()
	o := &outlet{Shop: shop, t: d.t, url: d.url, epoch: 1, limits: wire.DefaultLimits}
	meta, err := shop.Journal().Meta(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	o.id = meta.Store
	var enrolled wire.Enrolled
	if err := o.post(wire.PathEnroll, wire.Enrolment{Code: code, Store: o.id, Name: "Main Street", Version: "1.0"}, &enrolled); err != nil {
		d.t.Fatal(err)
	}
	o.key = enrolled.Key
	return o
}

// do sends a request and reads the answer, an error when it is a refusal.
func (o *outlet) do(method, path string, body []byte, header http.Header, into any) error {
	resp, err := o.send(method, path, bytes.NewReader(body), header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return wire.ReadAnswer(resp, into, wire.MaxMessage)
}

func (o *outlet) send(method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, body)
	if err != nil {
		return nil, err
	}
	r.Header = header
	r.Header.Set("Authorization", "Bearer "+o.key)
	h := wire.Health{Version: "1.0", LowStock: 3, Time: wire.Time(store.InstantOf(time.Now()))}
	if o.Shop != nil {
		h.Head = store.Position{Epoch: o.epoch, Seq: o.Head().Seq}
	}
	h.Header(r.Header)
	return http.DefaultClient.Do(r)
}

func (o *outlet) post(path string, message, into any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return o.do(http.MethodPost, path, body, http.Header{wire.HeaderDigest: {wire.Digest(body)}}, into)
}

func (o *outlet) cursor() *wire.Cursor {
	o.t.Helper()
	c, err := o.cursorAt("")
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *outlet) cursorAt(at string) (*wire.Cursor, error) {
	path := wire.PathCursor
	if at != "" {
		path += "?" + wire.ParamAt + "=" + at
	}
	c := new(wire.Cursor)
	return c, o.do(http.MethodGet, path, nil, http.Header{}, c)
}

// batch encodes the entries after a head up to a seq, as far as the limits go.
func (o *outlet) batch(after store.Head, upTo int64) *wire.Batch {
	o.t.Helper()
	e := wire.NewEncoder()
	e.Start(o.epoch, o.branch, after)
	keys, err := o.Journal().ListKeys(context.Background(), after.Seq, upTo)
	if err != nil {
		o.t.Fatal(err)
	}
	full := errors.New("full")
	err = o.Journal().Scan(context.Background(), after.Seq, upTo, func(s *store.Stored) error {
		var key *store.Key
		if len(keys) > 0 && keys[0].Seq == s.Seq {
			key, keys = &keys[0], keys[1:]
		}
		e.Add(s, key)
		if e.Full(o.limits) {
			return full
		}
		return nil
	})
	if err != nil && !errors.Is(err, full) {
		o.t.Fatal(err)
	}
	b, err := e.Finish()
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

// put sends a batch.
func (o *outlet) put(b *wire.Batch) (*wire.Ack, error) {
	h := http.Header{}
	b.Header(h)
	ack := new(wire.Ack)
	return ack, o.do(http.MethodPost, wire.PathEntries, b.Body, h, ack)
}

// at is the ledger's head at a seq.
func (o *outlet) at(seq int64) store.Head {
	o.t.Helper()
	if seq == 0 {
		return store.Head{Epoch: o.epoch}
	}
	s, err := o.Journal().FindEntry(context.Background(), seq)
	if err != nil {
		o.t.Fatal(err)
	}
	return store.Head{Epoch: o.epoch, Seq: seq, Hash: s.Hash}
}

// push sends everything that central does not have, in batches.
func (o *outlet) push() {
	o.t.Helper()
	for at := o.cursor().AckedSeq; at < o.Head().Seq; {
		ack, err := o.put(o.batch(o.at(at), o.Head().Seq))
		if err != nil {
			o.t.Fatal(err)
		}
		if ack.AckedHash != o.at(ack.AckedSeq).Hash {
			o.t.Fatal("the ack is of another chain")
		}
		at = ack.AckedSeq
	}
}

// compare asks whether central's fold is the shop's.
func (o *outlet) compare() *wire.Compared {
	o.t.Helper()
	head, digest := o.StateDigest()
	answer := new(wire.Compared)
	err := o.post(wire.PathCompare, wire.Compare{Epoch: o.epoch, Seq: head.Seq, Hash: head.Hash, Digest: digest}, answer)
	if err != nil {
		o.t.Fatal(err)
	}
	return answer
}

// refusedWith checks the code of a refusal and gives it.
func refusedWith(t testing.TB, err error, code wire.ProblemCode) wire.Problem {
	t.Helper()
	p, ok := errors.AsType[*wire.Problem](err)
	if !ok || p.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return *p
}

// keyed is a request under an idempotency key of its own.
func keyed(n int) store.Request {
	r := storetest.Request
	sum := sha256.Sum256([]byte(strconv.Itoa(n)))
	r.Key = &store.IdempotencyKey{Hash: [16]byte(sum[:16]), Print: [16]byte(sum[16:])}
	return r
}
