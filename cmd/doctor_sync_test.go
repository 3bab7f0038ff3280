package cmd

import (
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestDoctorAsksDestinations(t *testing.T) {
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		wire.WriteProblem(w, &wire.Problem{Status: http.StatusUnauthorized, Code: wire.ProblemUnauthorized})
	}))
	defer denied.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	untrusted.StartTLS()
	defer untrusted.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: untrusted.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	_, silent := freeListen(t)
	config := writeConfig(t, fmt.Sprintf(`listen: %s
sync:
  pos:
    - {name: denied, kind: http, file: vendure, location: A, url: "%s", user: u, key: k}
    - {name: untrusted, kind: http, file: vendure, location: B, url: "%s", user: u, key: k}
    - {name: trusted, kind: http, file: vendure, location: C, url: "%s", user: u, key: k, ca: "%s"}
    - {name: silent, kind: http, file: vendure, location: D, url: "http://%s", user: u, key: k}
    - {name: nowhere, kind: http, file: vendure, location: E, url: "https://no.invalid", user: u, key: k}
`, silent, denied.URL, untrusted.URL, untrusted.URL, ca, silent))
	dir := newLedger(t)
	if err := writeEnrolment(dir, enrolment{URL: denied.URL, Key: "k"}); err != nil {
		t.Fatal(err)
	}
	code, _, found := examined(t, dir, "--config", config)
	finds(t, found, "pos.denied.unauthorized", standsMend, "Enter a new key")
	finds(t, found, "sync.central.unauthorized", standsMend, "sync enroll")
	finds(t, found, "pos.untrusted.tls", standsMend, "is not to be trusted")
	finds(t, found, "pos.silent.unreachable", standsLook, "does not answer on port")
	finds(t, found, "pos.nowhere.name", standsLook, "no.invalid is not found")
	for c := range found {
		if strings.HasPrefix(c, "pos.trusted.tls") || strings.HasPrefix(c, "pos.trusted.ca") {
			t.Errorf("with its authority it is %s", c)
		}
	}
	if code != exitUnwell {
		t.Errorf("it ends with %d", code)
	}
	_, _, found = examined(t, dir, "--config", config, "--offline")
	finds(t, found, "pos.denied.not_asked", standsGood, "nothing was sent yet")
}

func TestACertificateThatEndsSoonIsSpokenOf(t *testing.T) {
	now := time.Now()
	v := &visit{check: "x", code: "x", now: now, expires: now.Add(day), skew: -time.Hour}
	list := v.judge(nil)
	if len(list) != 3 || list[1].Code != "x.clock" || list[2].Code != "x.certificate" {
		t.Errorf("it finds %+v", list)
	}
	v = &visit{check: "x", code: "x", now: now, expires: now.Add(90 * day)}
	if list := v.judge(nil); len(list) != 1 {
		t.Errorf("it finds %+v", list)
	}
}

func TestAPausedDestinationMustBeMended(t *testing.T) {
	dir := newLedger(t)
	db, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, NewStore: newID})
	if err != nil {
		t.Fatal(err)
	}
	err = db.PutDestination(t.Context(), store.Destination{Name: centralName, Kind: centralName, State: store.DestinationPaused, Code: "fork", Detail: "Two histories."})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writeEnrolment(dir, enrolment{URL: "https://no.invalid", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	_, _, found := examined(t, dir, "--offline")
	finds(t, found, "sync.central.fork", standsMend, "Two histories.")
}
