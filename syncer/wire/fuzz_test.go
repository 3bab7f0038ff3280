package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// FuzzBody reads any body whose digest is right.
func FuzzBody(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.batch.Body)
	}
	f.Add(refusals(f)["bomb"].Body)
	f.Fuzz(func(t *testing.T, body []byte) { checkRead(t, body, 1) })
}

// FuzzLines reads any lines, compressed as they should be.
func FuzzLines(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(linesOf(f, v.batch.Body))
	}
	f.Add([]byte(goodLine + `{"beside":{"key":null,"salt":null}}` + "\n"))
	f.Fuzz(func(t *testing.T, lines []byte) { checkRead(t, compressed(t, string(lines)), 7) })
}

// checkRead reads a batch; what is accepted is encoded and read again and must
// be the same.
func checkRead(t *testing.T, body []byte, first int64) {
	b := &wire.Batch{Place: wire.Place{Epoch: 1, First: first}, Body: body, Digest: wire.Digest(body)}
	h := http.Header{}
	b.Header(h)
	in, err := wire.ReadBatch(bytes.NewReader(body), h)
	if err != nil {
		if _, ok := errors.AsType[*wire.Problem](err); !ok {
			t.Fatalf("%T %v", err, err)
		}
		return
	}
	e := wire.NewEncoder()
	e.Start(1, store.Position{}, store.Head{Seq: first - 1})
	for i := range in.Lines {
		l := &in.Lines[i]
		if l.Seq != first+int64(i) || bytes.IndexByte(l.Bytes, '\n') >= 0 {
			t.Fatalf("line %d is %+v", i, l)
		}
		e.Add(&store.Stored{Seq: l.Seq, Bytes: l.Bytes, Hash: l.Hash, Notes: l.Notes}, l.Key)
	}
	again, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	back := received(t, again)
	if len(back.Lines) != len(in.Lines) || (len(in.Lines) > 0 && !sameLines(back.Lines, in.Lines)) {
		t.Fatalf("read as %+v\nthen as %+v", in, back)
	}
}

// sameLines takes an outcome of no bytes for none.
func sameLines(a, b []wire.Line) bool {
	for i := range a {
		for _, k := range []*store.Key{a[i].Key, b[i].Key} {
			if k != nil && len(k.Outcome) == 0 {
				k.Outcome = nil
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

// FuzzHeaders reads a good body under any headers.
func FuzzHeaders(f *testing.F) {
	f.Add("1", "1", "00", "1-1", "1-1", "2026-01-27T10:30:00Z")
	f.Add("2", "5", string(bytes.Repeat([]byte("0"), 64)), "1-4", "2-9", "2026-01-27T10:30:00.123Z")
	f.Fuzz(func(t *testing.T, epoch, first, previous, branch, head, at string) {
		b := batchOf(t, 1, store.Position{}, store.Head{}, nil, openingLines[0])
		h := http.Header{}
		b.Header(h)
		h.Set(wire.HeaderEpoch, epoch)
		h.Set(wire.HeaderFirst, first)
		h.Set(wire.HeaderPrevious, previous)
		h.Set(wire.HeaderBranch, branch)
		h.Set(wire.HeaderHead, head)
		h.Set(wire.HeaderTime, at)
		if v := wire.ReadHealth(h); v.Head.Seq < 0 || v.Head.Epoch < 0 {
			t.Fatalf("%+v", v)
		}
		in, err := wire.ReadBatch(bytes.NewReader(b.Body), h)
		if err != nil {
			return
		}
		if in.Epoch < 1 || in.First < 1 || in.Lines[0].Seq != in.First || (in.Epoch == 1 && in.Branch.Seq > 0) {
			t.Fatalf("%+v", in)
		}
	})
}

// FuzzAnswer reads any answer whose digest is right as every message.
func FuzzAnswer(f *testing.F) {
	for _, m := range messages() {
		body, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, body)
		f.Add(409, body)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, m := range messages() {
			w := httptest.NewRecorder()
			resp := w.Result()
			resp.StatusCode, resp.Body = status, http.NoBody
			resp.Header.Set("Content-Type", wire.TypeJSON)
			if status != http.StatusOK {
				resp.Header.Set("Content-Type", wire.TypeProblem)
			}
			resp.Header.Set(wire.HeaderDigest, wire.Digest(body))
			resp.Body = readCloser{bytes.NewReader(body)}
			into := reflect.New(reflect.TypeOf(m).Elem()).Interface()
			err := wire.ReadAnswer(resp, into, wire.MaxMessage)
			if err == nil && status != http.StatusOK {
				t.Fatalf("status %d was taken for a success", status)
			}
			if p, ok := errors.AsType[*wire.Problem](err); ok && (p.Code == "" || p.Status != status || p.RetryAfter < 0) {
				t.Fatalf("%+v", p)
			}
		}
	})
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
