//go:build slow && linux

package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const (
	// dataDir, configFile and address are where the service of a machine has
	// what it has, without any setting.
	dataDir    = "/var/lib/shelfd"
	configFile = "/etc/shelfd/config.yaml"
	address    = "http://127.0.0.1:8321"
)

// busy are settings for suites that ask as fast as they can, with one token.
const busy = "limits: {requests_per_second: 1000000, burst: 1000000}\n"

// serviceState is how `shelfd service status` tells about the service.
type serviceState struct {
	State, Reason, Version string
	PID, Restarts          int
	exit                   int
}

// service asks how the service is.
func (m *machine) service() (s serviceState) {
	m.t.Helper()
	code, said := m.run("sh", "-c", "shelfd service status -o json 2>/dev/null")
	if err := json.Unmarshal([]byte(said), &s); err != nil {
		m.t.Fatalf("service status ended with %d: %v in %s", code, err, said)
	}
	s.exit = code
	return s
}

// wantService fails the test when the service is not in a state, with its exit
// code and each of some words in the reason.
func (m *machine) wantService(state string, exit int, words ...string) serviceState {
	m.t.Helper()
	s := m.service()
	if s.State != state || s.exit != exit {
		m.t.Fatalf("the service is %q (%s) and the exit code %d, not %q and %d", s.State, s.Reason, s.exit, state, exit)
	}
	for _, word := range words {
		if !strings.Contains(s.Reason, word) {
			m.t.Errorf("the reason does not name %q: %s", word, s.Reason)
		}
	}
	return s
}

// answers tells whether the service answers that it is ready.
func (m *machine) answers() bool {
	s := &server{url: address, client: m.client}
	status, _, err := s.try(http.MethodGet, "/readyz", "", nil)
	return err == nil && status == http.StatusOK
}

// served waits for the service and lets the test in.
func (m *machine) served() *server {
	m.t.Helper()
	m.until("the service answers", m.answers)
	said := m.must("sh", "-c", "shelfd token create --name tests --role admin 2>/dev/null")
	return &server{url: address, token: strings.TrimSpace(said), client: m.client}
}

// newShop is a machine on which the service runs, from a program beside no
// package.
func newShop(t *testing.T) (*machine, *server) {
	t.Helper()
	m := newMachine(t)
	m.switchOn()
	m.put(binary, "/usr/local/bin/shelfd", 0o755)
	m.must("shelfd", "service", "install", "--start")
	return m, m.served()
}

// wantOwner fails the test unless all that is in the data directory belongs to
// the account of the service, and to nobody else.
func (m *machine) wantOwner() {
	m.t.Helper()
	said := m.must("find", dataDir, "(", "!", "-user", "shelfd", "-o", "!", "-group", "shelfd", "-o", "-perm", "/077", ")", "-ls")
	if said != "" {
		m.t.Errorf("these are not the service's alone:\n%s", said)
	}
}

// quantity reads an item's quantity.
func (s *server) quantity(t *testing.T, id string) string {
	t.Helper()
	var item struct{ Quantity json.Number }
	s.must(t, http.MethodGet, "/api/v1/inventory/"+id, nil, &item)
	return item.Quantity.String()
}
