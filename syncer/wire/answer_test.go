package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// readAnswer reads what a handler answers.
func readAnswer(handler func(http.ResponseWriter), into any, most int64) error {
	w := httptest.NewRecorder()
	handler(w)
	resp := w.Result()
	defer resp.Body.Close()
	return wire.ReadAnswer(resp, into, most)
}

// readBatchAnswer reads the batch that a handler answers with.
func readBatchAnswer(handler func(http.ResponseWriter)) (*wire.Incoming, error) {
	w := httptest.NewRecorder()
	handler(w)
	resp := w.Result()
	defer resp.Body.Close()
	return wire.ReadBatchAnswer(resp)
}

func TestAnswer_a_message_is_read_as_it_was_written(t *testing.T) {
	want := wire.Ack{Epoch: 1, AckedSeq: 6, AckedHash: hashAfter(4), SyncedAt: 1769509860004}
	var got wire.Ack
	handler := func(w http.ResponseWriter) { wire.WriteAnswer(w, http.StatusOK, &want) }
	if err := readAnswer(handler, &got, wire.MaxMessage); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatal(got, err)
	}
}

func TestAnswer_a_problem_is_an_error_with_everything_it_says(t *testing.T) {
	want := wire.NewProblem(wire.ProblemRateLimited, "Too many at once.")
	want.RetryAfter = 17
	handler := func(w http.ResponseWriter) { wire.WriteProblem(w, want) }
	err := readAnswer(handler, &wire.Ack{}, wire.MaxMessage)
	if got, ok := errors.AsType[*wire.Problem](err); !ok || !reflect.DeepEqual(got, want) {
		t.Fatal(err)
	}
}

func TestAnswer_the_text_of_a_fault_is_not_sent(t *testing.T) {
	handler := func(w http.ResponseWriter) { wire.WriteProblem(w, errors.New("password=hunter2")) }
	err := readAnswer(handler, &wire.Ack{}, wire.MaxMessage)
	if got, ok := errors.AsType[*wire.Problem](err); !ok || got.Code != wire.ProblemUnavailable || strings.Contains(got.Detail, "hunter2") {
		t.Fatal(err)
	}
}

func TestAnswer_a_batch_is_read_as_it_was_written(t *testing.T) {
	b := batchOf(t, 1, store.Position{}, store.Head{}, nil, openingLines...)
	in, err := readBatchAnswer(func(w http.ResponseWriter) { wire.WriteBatch(w, b) })
	if err != nil || in.Head().Hash != b.Hash {
		t.Fatal(err)
	}
	_, err = readBatchAnswer(func(w http.ResponseWriter) { wire.WriteProblem(w, wire.NewProblem(wire.ProblemRevoked, "")) })
	if p, ok := errors.AsType[*wire.Problem](err); !ok || p.Code != wire.ProblemRevoked {
		t.Fatal(err)
	}
}

func TestAnswer_of_anybody_else_is_not_ours(t *testing.T) {
	const ack = `{"epoch":1,"acked_seq":6}`
	send := func(status int, contentType, digest, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set(wire.HeaderDigest, digest)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	problem := `{"type":"about:blank","title":"x","status":503,"code":"unavailable"}`
	for name, handler := range map[string]func(http.ResponseWriter){
		"a captive portal":                       send(200, "text/html", "", "<html>Welcome to the mall</html>"),
		"a captive portal that is JSON":          send(200, wire.TypeJSON, "", ack),
		"another digest":                         send(200, wire.TypeJSON, wire.Digest([]byte("x")), ack),
		"a body that was cut":                    send(200, wire.TypeJSON, wire.Digest([]byte(ack)), ack[:9]),
		"no JSON with a digest":                  send(200, wire.TypeJSON, wire.Digest([]byte("{")), "{"),
		"JSON of another form":                   send(200, wire.TypeJSON, wire.Digest([]byte(`{"epoch":"1"}`)), `{"epoch":"1"}`),
		"another media type":                     send(200, "text/plain", wire.Digest([]byte(ack)), ack),
		"a proxy's error page":                   send(502, "text/html", "", "<html>Bad gateway</html>"),
		"a redirect":                             send(302, "text/html", "", ""),
		"a problem without a code":               send(503, wire.TypeProblem, wire.Digest([]byte("{}")), "{}"),
		"a problem of another status":            send(401, wire.TypeProblem, wire.Digest([]byte(problem)), problem),
		"a body above the bound":                 send(200, wire.TypeJSON, wire.Digest([]byte(strings.Repeat(" ", 2000)+ack)), strings.Repeat(" ", 2000)+ack),
		"a success that is none of the protocol": send(204, wire.TypeJSON, wire.Digest(nil), ""),
	} {
		t.Run(name, func(t *testing.T) {
			if err := readAnswer(handler, &wire.Ack{}, 1000); !errors.Is(err, wire.ErrNotOurs) {
				t.Error(err)
			}
			if _, err := readBatchAnswer(handler); !errors.Is(err, wire.ErrNotOurs) {
				t.Error(err)
			}
		})
	}
}

func TestAnswer_the_cause_of_a_body_that_ended_early_is_kept(t *testing.T) {
	resp := &http.Response{StatusCode: 200, Body: io.NopCloser(failing{}), Header: http.Header{}}
	err := wire.ReadAnswer(resp, &wire.Ack{}, 1000)
	if !errors.Is(err, wire.ErrNotOurs) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, context.DeadlineExceeded }

func TestAnswer_says_that_the_connection_broke_within_a_batch(t *testing.T) {
	e := wire.NewEncoder()
	e.Start(1, store.Position{}, store.Head{})
	b, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}}
	b.Header(resp.Header)
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b.Body[:2]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if _, err := wire.ReadBatchAnswer(resp); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, wire.ErrNotOurs) {
		t.Fatal(err)
	}
}
