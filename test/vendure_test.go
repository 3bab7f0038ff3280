package test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/shelfd/shelfd/central/centraltest"
)

// vendure is real Vendure as a point of sale: software that we did not write,
// which keeps its own ledger of stock in a database of its own. It answers at
// the same address after every restart.
type vendure struct {
	t        *testing.T
	database string
	address  string
	// key opens the admin API, as the header vendure-api-key. It does not
	// expire and outlives restarts.
	key string
	// location is the id of the shop's stock location, where sales are made.
	location string

	program *program
	// session is the shop API's token of whoever stands at the counter.
	session string
	// shipping is the id of the way that goods leave the counter.
	shipping string
	// variants are the ids of what is sold, by SKU.
	variants map[string]string
}

// startVendure runs Vendure over an empty database and furnishes it so far
// that orders can be placed, paid and handed over.
func startVendure(t *testing.T) *vendure {
	t.Helper()
	v := &vendure{t: t, database: centraltest.Start(t), address: freeAddress(t), variants: map[string]string{}}
	v.start()
	v.key = v.createKey()
	v.furnish()
	v.counter("{activeOrder {id}}", nil, nil)
	return v
}

// start runs the program and waits until it answers.
func (v *vendure) start() {
	v.t.Helper()
	_, port, err := net.SplitHostPort(v.address)
	if err != nil {
		v.t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "vendure", "server.js"))
	if err != nil {
		v.t.Fatal(err)
	}
	v.program = startNode(v.t, v.t.TempDir(), []string{
		"NODE_PATH=" + packages(v.t, "vendure"), "PORT=" + port, "DATABASE_URL=" + v.database, "VENDURE_DISABLE_TELEMETRY=true",
	}, script)
	v.program.await(v.t, v.url("/health"), http.StatusOK)
}

// url is the address of a path, such as /admin-api.
func (v *vendure) url(path string) string { return "http://" + v.address + path }

// kill ends Vendure at once; restart starts it again over what it has stored.
func (v *vendure) kill() { v.program.kill() }

func (v *vendure) restart() {
	v.t.Helper()
	v.kill()
	v.start()
}

// login gives a new token of the superadmin's for the admin API, for the
// header Authorization: Bearer.
func (v *vendure) login() (token string) {
	v.t.Helper()
	header := v.graph("/admin-api", nil, `mutation {
		login(username: "superadmin", password: "superadmin") {...on CurrentUser {id} ...on ErrorResult {errorCode message}}
	}`, nil, nil)
	return header.Get("vendure-auth-token")
}

func (v *vendure) createKey() string {
	v.t.Helper()
	var data struct{ CreateAPIKey struct{ APIKey string } }
	// Role 1 is the superadmin's.
	v.graph("/admin-api", http.Header{"Authorization": {"Bearer " + v.login()}}, `mutation {
		createApiKey(input: {roleIds: ["1"], translations: [{languageCode: en, name: "shelfd"}]}) {apiKey}
	}`, nil, &data)
	return data.CreateAPIKey.APIKey
}

// admin asks the admin API, with the key.
func (v *vendure) admin(query string, variables map[string]any, into any) {
	v.t.Helper()
	v.graph("/admin-api", http.Header{"Vendure-Api-Key": {v.key}}, query, variables, into)
}

// counter asks the shop API, always as the same guest.
func (v *vendure) counter(query string, variables map[string]any, into any) {
	v.t.Helper()
	header := v.graph("/shop-api", http.Header{"Authorization": {"Bearer " + v.session}}, query, variables, into)
	if token := header.Get("vendure-auth-token"); token != "" {
		v.session = token
	}
}

// graph sends a GraphQL request, decodes its data, and gives the header of the
// answer. A refusal has status 200 too: it is in errors or, for mutations that
// ask for it, a result with an errorCode. A mutation that PostgreSQL gave up for
// another one's sake changed nothing, and is sent again as a clerk would.
func (v *vendure) graph(path string, header http.Header, query string, variables map[string]any, into any) http.Header {
	v.t.Helper()
	body := map[string]any{"query": query, "variables": variables}
	r := ask(v.t, http.MethodPost, v.url(path), header, body)
	for range 20 {
		if !bytes.Contains(r.body, []byte("deadlock detected")) {
			break
		}
		r = ask(v.t, http.MethodPost, v.url(path), header, body)
	}
	var answer struct{ Data, Errors json.RawMessage }
	err := json.Unmarshal(r.body, &answer)
	if err != nil || answer.Errors != nil || bytes.Contains(r.body, []byte(`"errorCode"`)) {
		v.t.Fatalf("Vendure: %d %v %s\nto %s %v\n%s", r.status, err, r.body, query, variables, v.program.log)
	}
	if into == nil {
		return r.header
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		v.t.Fatalf("Vendure: %v in %s", err, answer.Data)
	}
	return r.header
}
