package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// forbiddenHosts are ways to write, or to name, places that nothing is sent to.
var forbiddenHosts = strings.Fields(`
	127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 017700000001 0177.0.0.1 0177.0.0.01 0x7f.0x0.0x0.0x1
	localhost LOCALHOST localhost. loop.test 127.0.0.1.nip.test [::1] [0:0:0:0:0:0:0:1] [::127.0.0.1] [::7f00:1] [::ffff:127.0.0.1] [::ffff:7f00:1]
	[0:0:0:0:0:ffff:7f00:1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [64:ff9b:1:ffff::127.0.0.1] [2002:7f00:1::] [2002:7f00:1::1]
	0.0.0.0 0 0x0 00 0.0.0.1 0.1.2.3 [::] [::0.0.0.0] [::ffff:0.0.0.0] [64:ff9b::] [2002::]
	10.0.0.1 10.255.255.255 0xa.0.0.1 012.0.0.1 167772161 0x0a000001 10.1 [::ffff:10.0.0.1] [64:ff9b::a00:1] [2002:a00:1::1] [::10.0.0.1]
	172.16.0.1 172.31.255.254 0xac100001 2886729729 [::ffff:172.16.0.1] [64:ff9b::ac10:1] [2002:ac10:1::]
	192.168.0.1 192.168.255.255 0xc0a80001 3232235521 0300.0250.0.1 192.168.257 [::ffff:192.168.0.1] [64:ff9b::c0a8:1] [2002:c0a8:1::] private.test
	100.64.0.1 100.127.255.254 [::ffff:100.64.0.1] [64:ff9b::6440:1] [2002:6440:1::]
	169.254.169.254 169.254.0.1 169.254.170.2 169.254.169.253 0xa9fea9fe 2852039166 0251.0376.0251.0376 0xa9.0xfe.0xa9.0xfe 169.16689662 169.254.43518 metadata.test
	[::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::] [::169.254.169.254]
	100.100.100.200 168.63.129.16 [fd00:ec2::254] [fd20:ce::254] 192.0.0.192 192.0.0.1 192.0.0.170
	192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.255.254 192.88.99.1 192.31.196.1 192.52.193.1 192.175.48.1
	224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 0xffffffff 4294967295 [ff02::1] [ff05::2] [ff0e::1]
	[fe80::1] [fe80::a9fe:a9fe] [fe80::1%25eth0] [febf::1] [fec0::1] [fc00::1] [fd00::1] [fdff::1] [fd12:3456:789a::1]
	[2001::1] [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2001:0:7f00:1::] [2001:2::1] [2001:10::1] [2001:20::1] [2001:db8::1] [3fff::1] [5f00::1]
	[100::1] [100:0:0:1::1] [2620:4f:8000::1] [4000::1] [8000::1] [::2] [1::1] six.test mixed.test`)

// names are what a resolver that is not ours says.
var names = map[string]string{
	"localhost": "127.0.0.1", "loop.test": "127.0.0.1", "127.0.0.1.nip.test": "127.0.0.1", "private.test": "192.168.1.1",
	"metadata.test": "169.254.169.254", "six.test": "::1", "mixed.test": "::ffff:10.0.0.1",
}

// liberal resolves as the C library does, which reads numbers of all kinds.
func liberal(_ context.Context, host string) ([]netip.Addr, error) {
	if a, ok := names[strings.ToLower(strings.TrimSuffix(host, "."))]; ok {
		return []netip.Addr{netip.MustParseAddr(a)}, nil
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return nil, &net.DNSError{Name: host, IsNotFound: true}
	}
	var sum uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 0, 32)
		if err != nil {
			return nil, &net.DNSError{Name: host, IsNotFound: true}
		}
		if i < len(parts)-1 {
			sum |= n << (24 - 8*i)
		} else {
			sum |= n
		}
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})}, nil
}

func senderTo(t *testing.T, w *store.Webhook, d Deps) *sender {
	t.Helper()
	d.Clock = store.SystemClock()
	s, err := newSender(w, Secrets{New: secretOne}, &d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.rest)
	return s
}

func aTest() *message {
	return messageOf(store.News{ID: "1-1", Type: store.NewsTest, At: 1, Data: []byte("{}")})
}

func TestNothingForbiddenIsEverDialled(t *testing.T) {
	if len(forbiddenHosts) < 120 {
		t.Fatalf("%d forms are not enough", len(forbiddenHosts))
	}
	var reached atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer trap.Close()
	_, port, _ := net.SplitHostPort(trap.Listener.Addr().String())
	var dialled []string
	record := func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, errors.New("recorded")
	}
	for _, host := range forbiddenHosts {
		for _, scheme := range []string{"https", "http"} {
			w := store.Webhook{URL: scheme + "://" + host + ":" + port + "/x"}
			for _, d := range []Deps{{Resolve: liberal, Dial: record}, {Resolve: liberal}} {
				if r := senderTo(t, &w, d).send(t.Context(), aTest()); r.outcome != store.DeliveryForbidden {
					t.Errorf("%s: %+v", w.URL, r)
				}
			}
			if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && Check(&w) == nil {
				t.Errorf("%s may be entered", w.URL)
			}
		}
	}
	if reached.Load() > 0 || len(dialled) > 0 {
		t.Errorf("%d requests arrived, dialled %v", reached.Load(), dialled)
	}
}

func TestLANAllowsTheShopsNetworkAndNothingElse(t *testing.T) {
	for host, allowed := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "192.168.1.20": true, "172.20.0.1": true, "::1": true, "fd12::1": true, "100.64.0.1": true,
		"::ffff:192.168.1.20": true, "93.184.216.34": true, "2606:2800:21f:cb07::1": true,
		"169.254.169.254": false, "fe80::1": false, "0.0.0.0": false, "224.0.0.1": false, "fd00:ec2::254": false, "100.100.100.200": false,
		"64:ff9b::c0a8:1": false, "2002:c0a8:1::": false, "::192.168.0.1": false, "::ffff:169.254.169.254": false,
	} {
		if err := check(netip.MustParseAddr(host), true); (err == nil) != allowed {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"93.184.216.34", "8.8.8.8", "2606:2800:21f:cb07::1", "64:ff9b::808:808"} {
		if err := check(netip.MustParseAddr(host), false); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestANameThatMeansSomethingElseTheNextMomentIsOfNoUse has a resolver that
// gives a good address for looking and a bad one for dialling.
func TestANameThatMeansSomethingElseTheNextMomentIsOfNoUse(t *testing.T) {
	asked := 0
	var dialled []string
	d := Deps{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			if asked++; asked%2 == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, errors.New("recorded")
		},
	}
	s := senderTo(t, &store.Webhook{URL: "https://rebind.test/"}, d)
	for i := range 10 {
		want := []string{store.DeliveryUnreachable, store.DeliveryForbidden}[i%2]
		if r := s.send(t.Context(), aTest()); r.outcome != want {
			t.Errorf("try %d: %+v", i, r)
		}
	}
	if len(dialled) != 5 || asked != 10 {
		t.Errorf("asked %d times, dialled %v", asked, dialled)
	}
	for _, a := range dialled {
		if a != "93.184.216.34:443" {
			t.Errorf("dialled %s", a)
		}
	}
	// The socket looks for itself, too.
	if _, err := (&dialer{}).open(t.Context(), "tcp", "127.0.0.1:9"); !errors.As(err, new(*ForbiddenError)) {
		t.Errorf("the socket let through: %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var second atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { second.Add(1) }))
	defer inner.Close()
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		outer := httptest.NewServer(http.RedirectHandler(inner.URL, status))
		r := senderTo(t, &store.Webhook{URL: outer.URL, LAN: true}, Deps{}).send(t.Context(), aTest())
		outer.Close()
		if r.outcome != store.DeliveryRedirect || r.status != status {
			t.Errorf("%d: %+v", status, r)
		}
	}
	if second.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

func TestAnAddressIsLookedAtWhenItIsEntered(t *testing.T) {
	good := []store.Webhook{
		{URL: "https://example.com/a?b=c"},
		{URL: "https://example.com:8443/"},
		{URL: "http://192.168.1.20:9000/hook", LAN: true},
		{URL: "https://menu.local/", LAN: true, LegacyHeader: "X-Signature"},
		{URL: "https://example.com", Events: []store.NewsType{store.NewsUpdated}},
	}
	for _, w := range good {
		if err := Check(&w); err != nil {
			t.Errorf("%+v: %v", w, err)
		}
	}
	bad := []store.Webhook{
		{},
		{URL: "example.com"},
		{URL: "/path"},
		{URL: "ftp://example.com/"},
		{URL: "http://example.com/"},
		{URL: "https://"},
		{URL: "https:///x"},
		{URL: "https://user:pass@example.com/"},
		{URL: "https://user@example.com/"},
		{URL: "https://example.com/#x"},
		{URL: "https://example.com:0/"},
		{URL: "https://example.com:99999/"},
		{URL: "file:///etc/passwd"},
		{URL: "gopher://example.com/"},
		{URL: "javascript:alert(1)"},
		{URL: "https://example.com/" + strings.Repeat("x", 3000)},
		{URL: "https://exa mple.com/"},
		{URL: "https://[::1"},
		{URL: "http://169.254.169.254/", LAN: true},
		{URL: "https://example.com", Events: []store.NewsType{"inventory.nothing"}},
		{URL: "https://example.com", Events: []store.NewsType{store.NewsTest}},
		{URL: "https://example.com", LegacyHeader: "a b"},
		{URL: "https://example.com", LegacyHeader: "Webhook-Id"},
		{URL: "https://example.com", LegacyHeader: "Host"},
		{URL: "https://example.com", Description: strings.Repeat("x", 501)},
		{URL: "https://example.com\r\nX: y/"},
	}
	for _, w := range bad {
		if err := Check(&w); store.CodeOf(err) != store.CodeInvalid {
			t.Errorf("%s: %v", fmt.Sprintf("%.60q", w.URL), err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, host := range forbiddenHosts {
		f.Add("https://" + host + "/")
	}
	f.Add("https://10100.64.0.64.0.1/")
	f.Fuzz(func(t *testing.T, url string) {
		w := store.Webhook{URL: url}
		if Check(&w) == nil {
			dialled := false
			d := Deps{Resolve: liberal, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				a, err := netip.ParseAddrPort(address)
				dialled = err != nil || check(a.Addr(), false) != nil
				return nil, errors.New("recorded")
			}}
			if senderTo(t, &w, d).send(t.Context(), aTest()); dialled {
				t.Errorf("%q is dialled", url)
			}
		}
	})
}
