package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

func TestAnAnswerOfAnySizeOrLengthHarmsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		outcome string
		within  time.Duration
	}{
		"slow": {func(w http.ResponseWriter, _ *http.Request) {
			wait(14 * time.Second)
			w.WriteHeader(200)
		}, store.DeliveryDone, 15 * time.Second},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, store.DeliveryTimeout, 16 * time.Second},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, store.DeliveryDone, time.Second},
		"never closing": {func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, store.DeliveryDone, 3 * time.Second},
		"endless header": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		}, store.DeliveryUnreachable, time.Second},
		"breaking off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, store.DeliveryUnreachable, time.Second},
		"not found":    {status(404), store.DeliveryStatus, time.Second},
		"limited":      {status(429), store.DeliveryStatus, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T) {
				b := opened(t, 1)
				b.receiver(0).set(func(w http.ResponseWriter, r *http.Request) { c.answer(w, r) })
				b.sell()
				<-store.SystemClock().After(c.within)
				list := b.deliveries(0)
				if len(list) != 1 || list[0].Outcome != c.outcome || (list[0].Detail == "") != (c.outcome == store.DeliveryDone) {
					t.Errorf("deliveries %+v", list)
				}
				b.receiver(0).set(nil)
			})
		})
	}
}

func TestAnEndpointThatCannotProveWhoItIsGetsNothing(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it got something") }))
	server.Config.ErrorLog = nil
	defer server.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it got something") }))
	defer plain.Close()
	for _, url := range []string{server.URL, strings.Replace(plain.URL, "http:", "https:", 1)} {
		if r := senderTo(t, &store.Webhook{URL: url, LAN: true}, Deps{}).send(t.Context(), aTest()); r.outcome != store.DeliveryTLS {
			t.Errorf("%s: %+v", url, r)
		}
	}
}

func TestANameThatIsGoneIsSaidToBe(t *testing.T) {
	d := Deps{Resolve: (&bench{}).resolve}
	if r := senderTo(t, &store.Webhook{URL: "https://gone.test/"}, d).send(t.Context(), aTest()); r.outcome != store.DeliveryDNS {
		t.Errorf("%+v", r)
	}
}

func TestBothSecretsSignUntilTheEndOfARotation(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		now := store.InstantOf(time.Now())
		w := b.hooks[0]
		w.OldSecret, w.OldUntil, w.LegacyHeader = []byte("sealed"), now.Add(24*time.Hour), "X-Signature"
		b.must(b.db.PutWebhook(t.Context(), w))
		b.restart()
		var header http.Header
		var body []byte
		b.receiver(0).set(func(w http.ResponseWriter, r *http.Request) { header = r.Header })
		check := func(secret string) error {
			hook, _ := standardwebhooks.NewWebhook(secret)
			return hook.Verify(body, header)
		}
		for _, secret := range []string{secretOne, secretTwo} {
			b.receiver(0).verify = secret
			b.sell()
			wait(time.Second)
		}
		body = []byte(b.receiver(0).body[header.Get("webhook-id")])
		if err := errors.Join(check(secretOne), check(secretTwo)); err != nil {
			t.Error(err)
		}
		mac := hmac.New(sha256.New, []byte(secretTwo))
		mac.Write(body)
		if got := header.Get("X-Signature"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("the plain signature is %q", got)
		}
		wait(24 * time.Hour)
		b.sell()
		wait(time.Second)
		body = []byte(b.receiver(0).body[header.Get("webhook-id")])
		if err := check(secretTwo); err != nil || check(secretOne) == nil {
			t.Errorf("after the rotation: new %v, old %v", err, check(secretOne))
		}
	})
}

func TestATestAndARedeliveryAreSentAtOnce(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		b.sell()
		wait(time.Second)
		first := b.deliveries(0)[0]
		secrets := Secrets{New: secretOne}
		again, err := b.hub.Redeliver(t.Context(), &b.hooks[0], secrets, &first)
		b.must(err)
		ping, err := b.hub.Ping(t.Context(), &b.hooks[0], secrets)
		b.must(err)
		if again.NewsID != first.NewsID || again.Attempt != 2 || ping.Type != store.NewsTest || ping.Outcome != store.DeliveryDone {
			t.Errorf("%+v %+v", again, ping)
		}
		if got := b.receiver(0).saw(); !slices.Equal(got, []string{first.NewsID, first.NewsID, ping.NewsID}) {
			t.Errorf("it got %v", got)
		}
		if n := len(b.deliveries(0)); n != 3 {
			t.Errorf("%d deliveries are written down", n)
		}
	})
}

// untrusted is a ledger whose clock nobody trusts.
type untrusted struct{ Ledger }

func (u untrusted) Now() (store.Instant, bool) {
	now, _ := u.Ledger.Now()
	return now, false
}

func TestNobodyIsDisabledByAClockThatIsNotTrusted(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		b.hub.Ledger = untrusted{b.Ledger}
		b.receiver(0).set(status(500))
		b.sell()
		wait(60 * 24 * time.Hour)
		if s := b.state(0); s.State != store.DestinationWaiting || s.Failures < 40 {
			t.Errorf("it stands at %+v", s)
		}
	})
}

func TestASecretThatCannotBeOpenedPauses(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := opened(t, 1)
		target := b.hub.Target(b.hooks[0], Secrets{}, errors.New("no key"))
		err := target.Push(t.Context(), b.Ledger, store.Head{}, 1, func(syncer.Step) error { return nil })
		if f, ok := errors.AsType[*syncer.Failure](err); !ok || f.Class != syncer.Pause || f.Code != CodeSecret {
			t.Errorf("%v", err)
		}
	})
}

func TestAReceiverGetsWhatStandardWebhooksSays(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	s := senderTo(t, &store.Webhook{URL: server.URL + "/a?b=c", LAN: true}, Deps{Version: "1.2"})
	if r := s.send(t.Context(), aTest()); r.outcome != store.DeliveryDone {
		t.Fatalf("%+v", r)
	}
	if string(body) != `{"type":"webhook.test","timestamp":"1970-01-01T00:00:00.001Z","data":{}}` || got.RequestURI != "/a?b=c" ||
		got.Header.Get("User-Agent") != "shelfd/1.2" || got.Header.Get("Content-Type") != "application/json" || got.Method != http.MethodPost {
		t.Errorf("%s %s %v %s", got.Method, got.RequestURI, got.Header, body)
	}
}
