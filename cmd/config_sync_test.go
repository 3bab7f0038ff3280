package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestConfigOfSyncingTellsEveryFault(t *testing.T) {
	path := writeConfig(t, `rules: {catalogue_owner: pos, threshold_owner: store}
sync:
  central: {url: "ftp://central.example", ca: nothing.pem}
  incremental: every day
  full: "61 2 * * *"
  first_contact: 2h
  long_poll: sometimes
central:
  listen: 0.0.0.0:8322
  database: "postgres://shelfd:hush@localhost:port/x"
  max_connections: 1
  in_flight: 0
`)
	_, _, err := loadConfig(path, nil)
	wantConfigErrors(t, path, err,
		`FILE:1:26: rules.catalogue_owner: is "pos"; allowed are central, store`,
		`FILE:3:12: sync.central.key_file: is missing while sync.central.url is set; name the file of the store's key, or leave both out and use shelfd sync enroll`,
		`FILE:3:47: sync.central.ca: cannot be used: open `+filepath.Join(filepath.Dir(path), "nothing.pem")+`: no such file or directory`,
		`FILE:4:16: sync.incremental: must be a cron expression such as "30 2 * * *" (02:30 every day), or "" for never`,
		`FILE:5:9: sync.full: must be a cron expression such as "30 2 * * *" (02:30 every day), or "" for never`,
		`FILE:6:18: sync.first_contact: is 2h; allowed is 0s to 1h`,
		`FILE:7:14: sync.long_poll: must be true or false`,
		`FILE:9:11: central.listen: opens 0.0.0.0:8322 to the network without encryption, so tokens could be read there; set tls.cert and tls.key, or insecure_lan: true to accept that, or listen on 127.0.0.1`,
		`FILE:10:13: central.database: must be a PostgreSQL address such as postgres://shelfd@localhost/shelfd or host=/run/postgresql dbname=shelfd`,
		`FILE:11:20: central.max_connections: is 1; allowed is 2 to 1000`,
		`FILE:12:14: central.in_flight: is 0; allowed is 1 to 100000`,
	)
	_, err = loadText(t, "sync: {central: {key_file: k}}")
	if err == nil || !strings.Contains(err.Error(), "sync.central.url: is missing") {
		t.Errorf("said %v for a key without an address", err)
	}
}

func TestConfigSendsTheLedgerEncryptedOrInSoManyWords(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		url, more string
		ok        bool
	}{
		{"https://central.example", "", true},
		{"https://central.example:8322/", "", true},
		{"http://127.0.0.1:8322", "", true},
		{"http://localhost:8322", "", true},
		{"http://central.example", "", false},
		{"http://central.example", "insecure_lan: true\n", true},
		{"https://user:word@central.example", "", false},
		{"https://central.example?x=1", "", false},
		{"central.example", "", false},
		{"https://", "", false},
	} {
		_, err := loadText(t, fmt.Sprintf("%ssync: {central: {url: %q, key_file: %q}}\n", tc.more, tc.url, key))
		if (err == nil) != tc.ok {
			t.Errorf("%s %s: %v", tc.url, tc.more, err)
		}
	}
}

func TestConfigTakesSyncingApart(t *testing.T) {
	c, err := loadText(t, `machine_id: box
sync: {incremental: "", full: "@daily", first_contact: 0s, long_poll: false}
central: {database: "host=/run/postgresql dbname=shelfd password=hush"}
`, "SHELFD_MACHINE_ID=till 7", "SHELFD_CENTRAL_MAX_CONNECTIONS=5")
	if err != nil {
		t.Fatal(err)
	}
	want := SyncConfig{Full: "@daily", POS: []POSConfig{}}
	if !reflect.DeepEqual(c.Sync, want) || c.MachineID != "till 7" || c.Central.MaxConnections != 5 || time.Duration(c.Sync.FirstContact) != 0 {
		t.Errorf("got %+v, %+v", c.Sync, c.Central)
	}
	var shown bytes.Buffer
	if err := c.Redacted().WriteYAML(&shown); err != nil || strings.Contains(shown.String(), "hush") {
		t.Errorf("%v, shows %s", err, shown.String())
	}
}

func TestAnEnrolmentIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	want := enrolment{URL: "https://central.example", Key: "shelfd_k", Name: "Main Street"}
	c := defaultConfig()
	if _, err := enrolmentOf(c, dir); !errors.Is(err, errNotEnrolled) {
		t.Errorf("without a file: %v", err)
	}
	if err := writeEnrolment(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err := enrolmentOf(c, dir); err != nil || got != want {
		t.Errorf("read %+v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, enrolmentFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("shelfd_other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Sync.Central = SyncCentralConfig{URL: "https://other.example", KeyFile: Path(key)}
	if got, err := enrolmentOf(c, dir); err != nil || got != (enrolment{URL: "https://other.example", Key: "shelfd_other"}) {
		t.Errorf("the configuration gives %+v, %v", got, err)
	}
	c.Sync.Central = SyncCentralConfig{}
	if err := removeEnrolment(dir); err != nil {
		t.Fatal(err)
	}
	if err := removeEnrolment(dir); !errors.Is(err, errNotEnrolled) {
		t.Errorf("removing again: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, enrolmentFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := enrolmentOf(c, dir); err == nil || errors.Is(err, errNotEnrolled) {
		t.Errorf("half a file: %v", err)
	}
}
