package metrc

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestTheSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*pos.Settings){
		"vendor's key": func(s *pos.Settings) { s.User = "" },
		"person's key": func(s *pos.Settings) { s.Key = "" },
		"license":      func(s *pos.Settings) { s.Options["license"] = " " },
		"state":        func(s *pos.Settings) { s.Options["state"] = "california" },
		"state ":       func(s *pos.Settings) { s.Options["state"] = "c/" },
		"sandbox":      func(s *pos.Settings) { s.Options["sandbox"] = "yes" },
		"address":      func(s *pos.Settings) { s.URL = "api-ca.metrc.com" },
		"write":        func(s *pos.Settings) { s.Options["write"] = "maybe" },
		"time zone is": func(s *pos.Settings) { s.Options["write"] = "on" },
		"not a time":   func(s *pos.Settings) { s.Options["time_zone"] = "Pacific" },
		"not a time ":  func(s *pos.Settings) { s.Options["time_zone"] = "Local" },
		"since":        func(s *pos.Settings) { s.Options["since"] = "yesterday" },
		"no such file": func(s *pos.Settings) { s.CAFile = "/does/not/exist" },
	} {
		s := pos.Settings{User: vendorKey, Key: userKey, Options: map[string]string{"license": license, "state": "CA"}}
		deps := pos.Deps{Clock: storetest.NewClock(storetest.Start)}
		if _, err := New(s, deps); err != nil {
			t.Fatalf("good settings are refused: %v", err)
		}
		edit(&s)
		_, err := New(s, deps)
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("settings with a bad %s give %v", want, err)
		}
		if err != nil && (strings.Contains(err.Error(), vendorKey) || strings.Contains(err.Error(), userKey)) {
			t.Errorf("the error holds a key: %v", err)
		}
	}
}

// TestTheStateIsTheHost asks through a proxy that only notes where to.
func TestTheStateIsTheHost(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	usual := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = usual })
	http.DefaultTransport = &http.Transport{Proxy: http.ProxyURL(address)}
	for _, sandbox := range []string{"", "true"} {
		c, err := New(pos.Settings{
			User: vendorKey, Key: userKey, Options: map[string]string{"license": license, "state": "CO", "sandbox": sandbox},
		}, pos.Deps{Clock: storetest.NewClock(storetest.Start)})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Check(context.WithoutCancel(t.Context()))
	}
	if len(asked) != 2 || asked[0] != "api-co.metrc.com:443" || asked[1] != "sandbox-api-co.metrc.com:443" {
		t.Errorf("it asks %q", asked)
	}
}
