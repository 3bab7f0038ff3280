// Package fleettest opens head offices for tests: a real central over a real
// PostgreSQL, and ledgers that push what they have to it. It is imported by
// tests only.
package fleettest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Office is a head office and the keys of the stores that it let in.
type Office struct {
	*central.Central
	t    testing.TB
	keys map[store.ID]string
	// URL is the address of its database.
	URL string
}

// Open opens an empty head office, closed when the test ends.
func Open(t testing.TB, clock store.Clock) *Office {
	t.Helper()
	url := centraltest.Start(t)
	c, err := central.Open(t.Context(), central.Config{Database: url, Clock: clock, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &Office{Central: c, t: t, keys: map[store.ID]string{}, URL: url}
}

// Enroll lets a ledger in.
func (o *Office) Enroll(l *store.Ledger, name string) {
	o.t.Helper()
	code, err := o.Enrol(o.t.Context(), name, time.Hour)
	if err != nil {
		o.t.Fatal(err)
	}
	o.EnrollWith(l, code)
}

// EnrollWith lets a ledger in with a code.
func (o *Office) EnrollWith(l *store.Ledger, code string) {
	o.t.Helper()
	body, err := json.Marshal(wire.Enrolment{Code: code, Store: l.Meta().Store, Version: "test"})
	if err != nil {
		o.t.Fatal(err)
	}
	var in wire.Enrolled
	o.ask(http.MethodPost, wire.PathEnroll, body, http.Header{wire.HeaderDigest: {wire.Digest(body)}}, &in)
	o.keys[l.Meta().Store] = in.Key
}

// Push brings everything that a ledger has to head office, and gives when that
// was done.
func (o *Office) Push(l *store.Ledger) (synced store.Instant) {
	o.t.Helper()
	var at wire.Cursor
	key := http.Header{"Authorization": {"Bearer " + o.keys[l.Meta().Store]}}
	o.ask(http.MethodGet, wire.PathCursor, nil, key, &at)
	encoder, after, epoch := wire.NewEncoder(), at.Head(), max(1, l.Head().Epoch)
	branch, hash := l.Branch()
	if epoch > at.Epoch {
		after = store.Head{Epoch: branch.Epoch, Seq: branch.Seq, Hash: hash}
	}
	for {
		encoder.Start(epoch, branch, after)
		for after.Seq < l.Head().Seq && !encoder.Full(wire.DefaultLimits) {
			after.Seq = o.add(encoder, l, after.Seq)
		}
		b, err := encoder.Finish()
		if err != nil {
			o.t.Fatal(err)
		}
		header := key.Clone()
		b.Header(header)
		health := wire.Health{Head: store.Position{Epoch: epoch, Seq: l.Head().Seq}, Version: "test", LowStock: int64(l.Stats().LowStock)}
		health.Header(header)
		var ack wire.Ack
		o.ask(http.MethodPost, wire.PathEntries, b.Body, header, &ack)
		if len(ack.Verdicts) > 0 {
			o.t.Fatalf("head office does not understand: %+v", ack.Verdicts)
		}
		if after = (store.Head{Epoch: epoch, Seq: ack.AckedSeq, Hash: ack.AckedHash}); after.Seq == l.Head().Seq {
			return store.Instant(ack.SyncedAt)
		}
	}
}

// add puts the next entries into a batch, as many as are read at once.
func (o *Office) add(to *wire.Encoder, l *store.Ledger, after int64) (last int64) {
	last = after
	upTo := min(after+100, after+int64(wire.MaxEntries-to.Entries()))
	err := l.History().Scan(o.t.Context(), after, upTo, func(s *store.Stored) error {
		to.Add(s, nil)
		last = s.Seq
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return last
}

// Commands gives what a store is told after a number.
func (o *Office) Commands(l *store.Ledger, after int64) []wire.Command {
	o.t.Helper()
	var mail wire.Commands
	path := fmt.Sprintf("%s?%s=%d", wire.PathCommands, wire.ParamAfter, after)
	o.ask(http.MethodGet, path, nil, http.Header{"Authorization": {"Bearer " + o.keys[l.Meta().Store]}}, &mail)
	return mail.Commands
}

// ask makes one request of the protocol, which has to be answered.
func (o *Office) ask(method, path string, body []byte, header http.Header, into any) {
	o.t.Helper()
	req := httptest.NewRequestWithContext(o.t.Context(), method, path, io.NopCloser(bytes.NewReader(body)))
	req.Header, req.ContentLength = header, int64(len(body))
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, req)
	if err := wire.ReadAnswer(w.Result(), into, wire.MaxMessage); err != nil {
		o.t.Fatalf("%s %s: %v", method, path, err)
	}
}
