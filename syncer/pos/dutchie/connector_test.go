package dutchie

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// failure wants an error to be a *syncer.Failure without our keys.
func failure(t *testing.T, err error) *syncer.Failure {
	t.Helper()
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		t.Fatalf("the error is %v, not a failure", err)
	}
	if strings.Contains(f.Error(), simKey) {
		t.Errorf("a failure tells the key: %v", f)
	}
	return f
}

// readers are the readings by name, each as one call.
func readers(t *testing.T, c *Connector) map[string]func() error {
	t.Helper()
	return map[string]func() error{
		"Check": func() error { _, err := c.Check(t.Context()); return err },
		"ReadStock": func() error {
			return c.ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil })
		},
		"ReadCatalogue": func() error {
			return c.ReadCatalogue(t.Context(), 0, func([]pos.Product) error { return nil })
		},
		"ReadSales": func() error {
			return c.ReadSales(t.Context(), 1, 2, func([]pos.Sale) error { return nil })
		},
		"ReadRooms": func() error { _, err := c.ReadRooms(t.Context()); return err },
	}
}

func TestCheck_says_whose_key_it_is(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	who, err := c.Check(t.Context())
	if err != nil || who.Name != "Green Door" {
		t.Fatalf("Check gives %+v, %v", who, err)
	}
	if asked, key := s.last(); asked != "GET /whoami" || key != simKey+":" {
		t.Errorf("asked was %q by %q", asked, key)
	}
	// The servers write it so.
	s.Answer(200, "application/json", `{"LocationId":42,"LocationName":"Green Door","CompanyName":"Doors"}`)
	if who, err := c.Check(t.Context()); err != nil || who.Name != "Green Door" {
		t.Errorf("with capitals Check gives %+v, %v", who, err)
	}
}

func TestCheck_tells_the_clock_of_dutchie(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	clock.pass(400 * time.Millisecond)
	who, err := c.Check(t.Context())
	if want := store.InstantOf(newClock().at); err != nil || who.Time != want {
		t.Errorf("its clock is %s, not %s (%v)", who.Time, want, err)
	}
}

func TestAnswers_that_are_not_dutchies_are_failures_of_every_reading(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	for _, bad := range []struct {
		name, contentType, body string
		status                  int
		class                   syncer.Class
		code                    string
	}{
		{"a page", "text/html", "<html>Sign in", 200, syncer.Retry, pos.CodeNotPOS},
		{"nothing", "application/json", "", 200, syncer.Retry, pos.CodeNotPOS},
		{"null", "application/json", "null", 200, syncer.Retry, pos.CodeNotPOS},
		{"a number", "application/json", "7", 200, syncer.Retry, pos.CodeNotPOS},
		{"half of it", "application/json", `[{"productId":1`, 200, syncer.Retry, pos.CodeNotPOS},
		{"a redirect", "text/plain", "", 302, syncer.Retry, pos.CodeNotPOS},
		{"a wrong key", "text/plain", "", 401, syncer.Pause, pos.CodeUnauthorized},
		{"a key without the role", "text/plain", "", 403, syncer.Pause, pos.CodeUnauthorized},
		{"a refusal", "application/json", `{"isValid":false}`, 400, syncer.Alarm, pos.CodeRefused},
		{"a fault", "text/plain", "oops", 500, syncer.Retry, pos.CodeServer},
		{"a kill switch", "text/plain", "", 503, syncer.Retry, pos.CodeServer},
	} {
		for name, read := range readers(t, c) {
			s.Answer(bad.status, bad.contentType, bad.body)
			if f := failure(t, read()); f.Class != bad.class || f.Code != bad.code || f.Unknown || f.Detail == "" {
				t.Errorf("%s with %s is %s %+v", name, bad.name, f.Class, f)
			}
		}
	}
}

func TestObjects_and_lists_are_not_taken_for_each_other(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	for name, read := range readers(t, c) {
		for _, body := range []string{`{"value":[]}`, `[]`, `{}`, `{"locationName":"Green Door"}`, `{"locationId":42,"locationName":""}`} {
			s.Answer(200, "application/json", body)
			if err := read(); (err == nil) != (body == "[]" && name != "Check") {
				t.Errorf("%s with %s: %v", name, body, err)
			}
		}
	}
}

func TestCheck_knows_that_a_key_without_a_shop_is_no_key(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.Answer(404, "text/plain", "")
	_, err := c.Check(t.Context())
	if f := failure(t, err); f.Class != syncer.Pause || f.Code != pos.CodeUnauthorized {
		t.Errorf("it is %+v", f)
	}
	s.Answer(404, "text/plain", "")
	_, err = c.ReadRooms(t.Context())
	if f := failure(t, err); f.Code != pos.CodeRefused {
		t.Errorf("for rooms it is %+v", f)
	}
}

func TestDutchie_is_left_alone_for_as_long_as_it_wants(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.Limit(1)
	_, err := c.ReadRooms(t.Context())
	if f := failure(t, err); f.Code != pos.CodeRateLimited || f.RetryAfter != 2*time.Second {
		t.Errorf("it is %+v", f)
	}
	if _, err := c.ReadRooms(t.Context()); err != nil {
		t.Errorf("then %v", err)
	}
	s.Unauthorize()
	_, err = c.Check(t.Context())
	if f := failure(t, err); f.Class != syncer.Pause {
		t.Errorf("without a key it is %+v", f)
	}
	s.Authorize()
	if _, err := c.Check(t.Context()); err != nil {
		t.Errorf("with the key again %v", err)
	}
}

func TestDutchie_is_asked_twice_a_second_at_most(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) }))
	defer server.Close()
	clock := newClock()
	c, err := New(pos.Settings{URL: server.URL, Key: simKey}, pos.Deps{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	for range burst + 3 {
		if _, err := c.ReadRooms(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	half := time.Second / 2
	if !slices.Equal(clock.waited, []time.Duration{half, half, half}) {
		t.Errorf("it waited %v", clock.waited)
	}
}

func TestNew_wants_a_key_and_a_safe_way(t *testing.T) {
	const secret = "s3cret"
	for _, c := range []struct {
		name string
		s    pos.Settings
		good bool
	}{
		{"the key alone", pos.Settings{Key: secret}, true},
		{"https elsewhere", pos.Settings{Key: secret, URL: "https://eu.dutchie.test/pos"}, true},
		{"this machine", pos.Settings{Key: secret, URL: "http://[::1]:8080"}, true},
		{"no key", pos.Settings{}, false},
		{"a user", pos.Settings{Key: secret, User: secret}, false},
		{"http elsewhere", pos.Settings{Key: secret, URL: "http://dutchie.test"}, false},
		{"no address", pos.Settings{Key: secret, URL: "dutchie"}, false},
		{"a key in the address", pos.Settings{Key: secret, URL: "https://" + secret + "@dutchie.test"}, false},
		{"an address that cannot be read", pos.Settings{Key: secret, URL: "https://" + secret + "\x7f"}, false},
		{"a file that is not there", pos.Settings{Key: secret, CAFile: t.TempDir() + "/none.pem"}, false},
	} {
		made, err := Kind.New(c.s, pos.Deps{Clock: newClock()})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s tells the secret: %v", c.name, err)
		}
		if c.good && made == nil {
			t.Errorf("%s makes nothing", c.name)
		}
	}
}

func TestNew_sends_both_keys(t *testing.T) {
	s := newSim(t)
	c, err := New(pos.Settings{
		URL: s.server.URL, Key: simKey, Options: map[string]string{OptionIntegratorKey: "ours"},
	}, pos.Deps{Clock: newClock()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, key := s.last(); key != simKey+":ours" {
		t.Errorf("the keys are %q", key)
	}
}

func TestKind_promises_what_the_connector_does(t *testing.T) {
	c := newSim(t).Connector(t, newClock())
	if _, writes := c.(pos.Writer); writes || Kind.Capabilities.WriteAbsolute || Kind.Capabilities.WriteDelta {
		t.Error("Dutchie takes no changes of stock")
	}
	if c.Capabilities() != Kind.Capabilities || !Kind.Capabilities.Rooms || !Kind.Capabilities.Lots || Kind.Capabilities.Window > 24*time.Hour {
		t.Errorf("the capabilities are %+v", c.Capabilities())
	}
}

func TestErrors_of_a_page_end_a_reading(t *testing.T) {
	s, enough := newSim(t), errors.New("enough")
	c := s.connect(t, newClock())
	s.Add(1, "A", "TAG-1", 5_0000)
	s.Sell(1, 1_0000, "R-1")
	at := store.InstantOf(newClock().at)
	for name, err := range map[string]error{
		"stock":     c.ReadStock(t.Context(), nil, func([]pos.Stock) error { return enough }),
		"catalogue": c.ReadCatalogue(t.Context(), 0, func([]pos.Product) error { return enough }),
		"sales":     c.ReadSales(t.Context(), at, at+1, func([]pos.Sale) error { return enough }),
	} {
		if !errors.Is(err, enough) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
