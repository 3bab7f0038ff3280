package central_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
)

// raw answers with these bytes and nothing else.
func raw(status int, contentType, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

// refuse answers with a problem of central.
func refuse(code wire.ProblemCode, retryAfter int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		p := wire.NewProblem(code, "No.")
		p.RetryAfter = retryAfter
		wire.WriteProblem(w, p)
		return true
	}
}

// signed answers with any body under the right digest.
func signed(body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", wire.TypeJSON)
		w.Header().Set(wire.HeaderDigest, wire.Digest([]byte(body)))
		io.WriteString(w, body)
		return true
	}
}

// cut sends half of an answer and ends the connection, by a reset or not.
func cut(reset bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		body, _ := json.Marshal(&wire.Ack{Epoch: 1, AckedSeq: 24})
		h := w.Header()
		h.Set("Content-Type", wire.TypeJSON)
		h.Set(wire.HeaderDigest, wire.Digest(body))
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:len(body)/2])
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = buffered.Flush()
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
		return true
	}
}

// TestFault_of_any_kind_moves_no_cursor meets each fault when asking for the
// cursor, and again when a batch is sent; and recovers when it is over.
func TestFault_of_any_kind_moves_no_cursor(t *testing.T) {
	s := open(t)
	for name, fault := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		class  syncer.Class
		code   string
		after  time.Duration
	}{
		"500 of a proxy":                {raw(500, "text/html", "<html>oops</html>"), syncer.Retry, "not_central", 0},
		"502 of a proxy":                {raw(502, "text/plain", "bad gateway"), syncer.Retry, "not_central", 0},
		"401 of a portal":               {raw(401, "text/html", "log in"), syncer.Retry, "not_central", 0},
		"captive portal with 200":       {raw(200, "text/html", "<html>Welcome</html>"), syncer.Retry, "not_central", 0},
		"captive portal that redirects": {raw(302, "text/html", ""), syncer.Retry, "not_central", 0},
		"wrong JSON without a digest":   {raw(200, wire.TypeJSON, `{"epoch":1,"acked_seq":1}`), syncer.Retry, "not_central", 0},
		"wrong JSON with a digest":      {signed(`{"epoch":`), syncer.Retry, "not_central", 0},
		"JSON of another form":          {signed(`[1,2]`), syncer.Retry, "not_central", 0},
		"JSON that says nothing":        {signed(`{}`), syncer.Alarm, "bad_ack", 0},
		"503":                           {refuse(wire.ProblemUnavailable, 0), syncer.Retry, "unavailable", 0},
		"503 with Retry-After":          {refuse(wire.ProblemUnavailable, 9), syncer.Retry, "unavailable", 9 * time.Second},
		"429 with Retry-After":          {refuse(wire.ProblemRateLimited, 17), syncer.Retry, "rate_limited", 17 * time.Second},
		"429 for ever":                  {refuse(wire.ProblemRateLimited, math.MaxInt32), syncer.Retry, "rate_limited", time.Hour},
		"507":                           {refuse(wire.ProblemStorageFull, 60), syncer.Retry, "storage_full", time.Minute},
		"damaged on the way":            {refuse(wire.ProblemDigest, 0), syncer.Retry, "digest_mismatch", 0},
		"revoked key":                   {refuse(wire.ProblemRevoked, 0), syncer.Pause, "revoked", 0},
		"wrong key":                     {refuse(wire.ProblemUnauthorized, 0), syncer.Pause, "unauthorized", 0},
		"a newer epoch":                 {refuse(wire.ProblemEpochClosed, 0), syncer.Pause, "superseded", 0},
		"an older central":              {refuse(wire.ProblemNotFound, 0), syncer.Alarm, "not_found", 0},
		"another version":               {refuse(wire.ProblemUnsupportedVersion, 0), syncer.Alarm, "unsupported_version", 0},
		"a code of the future":          {futureProblem, syncer.Alarm, "future", 0},
		"reset mid-body":                {cut(true), syncer.Retry, "unreachable", 0},
		"truncated answer":              {cut(false), syncer.Retry, "unreachable", 0},
		"hung up":                       {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, syncer.Retry, "unreachable", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s.t, s.client, s.streams = t, s.another(central.Deps{}), newFake(t).streams
			for _, when := range []string{wire.PathCursor, wire.PathEntries} {
				s.on(func(w http.ResponseWriter, r *http.Request) bool { return r.URL.Path == when && fault.answer(w, r) })
				err := s.push(t.Context())
				failure(t, err, fault.class, fault.code)
				if f, _ := errors.AsType[*syncer.Failure](err); f.RetryAfter != fault.after {
					t.Errorf("come back after %s, want %s", f.RetryAfter, fault.after)
				}
				if len(s.steps) > 0 {
					t.Fatalf("the cursor moved to %+v", s.steps)
				}
			}
			s.on(nil)
			if s.acked().Seq != 0 {
				t.Fatal("something was taken")
			}
			s.mustPush()
		})
	}
}

func futureProblem(w http.ResponseWriter, _ *http.Request) bool {
	body := `{"type":"x","title":"x","status":422,"code":"future"}`
	w.Header().Set("Content-Type", wire.TypeProblem)
	w.Header().Set(wire.HeaderDigest, wire.Digest([]byte(body)))
	w.WriteHeader(422)
	io.WriteString(w, body)
	return true
}

// TestFault_409_is_looked_into_before_it_is_believed has central refuse a
// batch that continues its chain.
func TestFault_409_is_looked_into_before_it_is_believed(t *testing.T) {
	for code, want := range map[wire.ProblemCode]struct {
		class syncer.Class
		code  string
	}{
		wire.ProblemGap:           {syncer.Retry, "gap"},
		wire.ProblemFork:          {syncer.Pause, "fork"},
		wire.ProblemUnknownBranch: {syncer.Pause, "fork"},
	} {
		t.Run(string(code), func(t *testing.T) {
			s := open(t)
			times, most := 0, 1
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost {
					return false
				}
				times++
				return times <= most && refuse(code, 0)(w, r)
			})
			s.mustPush()
			s.sell(1)
			times, most = 0, 1000
			s.fails(want.class, want.code)
			if times > 3 {
				t.Errorf("it was sent %d times", times)
			}
		})
	}
}

func TestFault_a_wrong_key_pauses(t *testing.T) {
	s := open(t)
	s.client = s.connect(central.Config{URL: s.url, Key: "shelfd_other"}, central.Deps{})
	s.fails(syncer.Pause, "unauthorized")
	s.client = s.another(central.Deps{})
	s.mustPush()
	s.revoked = true
	s.sell(1)
	s.fails(syncer.Pause, "revoked")
}

func TestFault_a_redirect_is_not_followed(t *testing.T) {
	s := open(t)
	elsewhere := open(t)
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere.url+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	})
	s.fails(syncer.Retry, "not_central")
	if got := elsewhere.requests(); len(got) > 0 {
		t.Errorf("the key was shown to another: %v", got)
	}
}

func TestFault_nobody_there(t *testing.T) {
	s := open(t)
	s.client = s.connect(central.Config{URL: "http://127.0.0.1:1", Key: key}, central.Deps{})
	s.fails(syncer.Retry, "unreachable")
}

func TestFault_a_hang_and_a_slow_drip_end_in_time_and_make_batches_smaller(t *testing.T) {
	for name, hang := range map[string]func(http.ResponseWriter, *http.Request){
		"hang": func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		},
		"slow drip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			for r.Context().Err() == nil {
				w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, central.Config{Timeout: 30 * time.Second}, func(t *testing.T, s *branchStore) {
				arrived := make(chan int, 100)
				s.on(func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodPost {
						return false
					}
					in, err := wire.ReadBatch(r.Body, r.Header)
					must(t, err)
					arrived <- len(in.Lines)
					hang(w, r)
					return true
				})
				for range 4 {
					started := time.Now()
					s.fails(syncer.Retry, "timeout")
					if took := time.Since(started); took < 30*time.Second || took > 31*time.Second {
						t.Errorf("it took %s", took)
					}
				}
				all := int(s.Ledger.Head().Seq)
				for n := range 4 {
					if got := <-arrived; got != all>>n {
						t.Errorf("batch %d has %d entries of %d", n, got, all)
					}
				}
				s.on(nil)
				s.mustPush()
				// The second was made while the first was under way.
				if first, third := s.steps[0].Counts.Sent, s.steps[2].Counts.Sent; first != int64(all/16) || third <= first {
					t.Errorf("afterwards batches of %d, and then %d", first, third)
				}
			})
		})
	}
}

func TestFault_the_end_of_the_caller_is_no_failure(t *testing.T) {
	inBubble(t, central.Config{}, func(t *testing.T, s *branchStore) {
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return true
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.push(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, ok := errors.AsType[*syncer.Failure](s.push(ctx)); ok {
			t.Error("it counts as a failure")
		}
	})
}

// TestPush_makes_the_next_batch_while_one_is_under_way holds the first batch
// back, and finds that the second was encoded by then.
func TestPush_a_slow_central_is_never_sent_two_batches_at_once(t *testing.T) {
	inBubble(t, central.Config{}, func(t *testing.T, s *branchStore) {
		under, most := 0, 0
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == wire.PathCursor {
				wire.WriteAnswer(w, http.StatusOK, &wire.Cursor{Epoch: 1, Limits: wire.Limits{Entries: 20, Bytes: 1 << 20}})
				return true
			}
			s.fake.mu.Lock()
			under++
			most = max(most, under)
			s.fake.mu.Unlock()
			<-time.After(5 * time.Second)
			s.fake.mu.Lock()
			under--
			s.fake.mu.Unlock()
			return false
		})
		started := time.Now()
		s.mustPush()
		batches := len(s.steps)
		if took := time.Since(started); most != 1 || batches < 10 || took < time.Duration(batches)*5*time.Second {
			t.Errorf("%d batches in %s, %d at once", batches, took, most)
		}
	})
}

// certificate makes a self-signed one for 127.0.0.1.
func certificate(t *testing.T, until time.Time) (tls.Certificate, string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "central"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, path
}

func TestFault_TLS_is_verified(t *testing.T) {
	for name, c := range map[string]struct {
		valid   time.Duration
		ca      bool
		refused string
	}{
		"known":                {time.Hour, true, ""},
		"of nobody known":      {time.Hour, false, "unknown authority"},
		"expired":              {-time.Minute, true, "expired"},
		"expired, of nobody":   {-time.Minute, false, "certificate"},
		"not before next week": {8 * 24 * time.Hour, true, "not yet valid"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			certificate, ca := certificate(t, time.Now().Add(c.valid))
			server := httptest.NewUnstartedServer(s.fake)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			defer server.Close()
			cfg := central.Config{URL: server.URL, Key: key}
			if c.ca {
				cfg.CAFile = ca
			}
			s.client = s.connect(cfg, central.Deps{})
			if c.refused == "" {
				s.mustPush()
				return
			}
			s.fails(syncer.Retry, "tls", c.refused)
			if got := s.requests(); len(got) > 0 {
				t.Errorf("it was told %v", got)
			}
		})
	}
}

func TestNew_refuses_addresses_that_are_not_safe(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://central.example": true, "https://central.example/below": true, "http://127.0.0.1:8443": true, "http://[::1]:1": true,
		"http://localhost:9": true, "http://central.example": false, "http://10.0.0.7": false, "central.example": false, "": false,
		"ftp://central.example": false, "https://": false, "http://localhost.example": false, "https://a b": false,
	} {
		_, err := central.New(central.Config{URL: address}, central.Deps{Clock: store.SystemClock(), Log: silent})
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, ca := range []string{filepath.Join(t.TempDir(), "none.pem"), "fault_test.go"} {
		if _, err := central.New(central.Config{URL: "https://x", CAFile: ca}, central.Deps{}); err == nil {
			t.Errorf("%s was taken for authorities", ca)
		}
	}
}

func TestEnrol_trades_a_code_for_a_key(t *testing.T) {
	s := open(t)
	cfg := central.Config{URL: s.url, Version: "1.0.0"}
	deps := central.Deps{Clock: s.Clock, Log: silent}
	id := s.Meta().Store
	got, err := central.Enrol(t.Context(), cfg, deps, wire.Enrolment{Code: "CODE", Store: id, Name: "Main Street"})
	if err != nil || got.Key != key || got.Name != "Main Street" {
		t.Fatal(got, err)
	}
	_, err = central.Enrol(t.Context(), cfg, deps, wire.Enrolment{Code: "USED", Store: id})
	failure(t, err, syncer.Pause, "unauthorized")
	s.on(signed(`{}`))
	_, err = central.Enrol(t.Context(), cfg, deps, wire.Enrolment{Code: "CODE", Store: id})
	failure(t, err, syncer.Alarm, "not_central")
}
