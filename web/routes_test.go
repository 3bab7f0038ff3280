package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// home leads a browser on; it is the one route that is no part of the API.
const home = "GET /"

func TestRoutesAreThoseOfTheContract(t *testing.T) {
	a := openAPIServer(t)
	a.promises(a.server.front, a.server.routes())
}

// promises fails the test unless what is served, what is in the table and what
// is in the contract are the same.
func (c *client) promises(f *front, table []*route) {
	t := c.t
	t.Helper()
	var served, listed []string
	for _, r := range f.engine.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	for _, r := range table {
		listed = append(listed, r.method+" "+r.path)
	}
	slices.Sort(served)
	slices.Sort(listed)
	if !slices.Equal(served, listed) {
		t.Errorf("served:\n%s\nin the table:\n%s", strings.Join(served, "\n"), strings.Join(listed, "\n"))
	}
	listed = slices.DeleteFunc(listed, func(r string) bool { return r == home })
	if want := c.contract.routes(); !slices.Equal(listed, want) {
		t.Errorf("in the table:\n%s\nin the contract:\n%s", strings.Join(listed, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryRouteLetsInExactlyTheRolesOfTheContract(t *testing.T) {
	openAPIServer(t).letsIn()
}

// letsIn asks for every route as every role and without a token, and fails the
// test unless it answers as x-roles says. Whoever may, is told that there is no
// such thing, or that the body is not right: nobody is told so who may not.
func (c *client) letsIn() {
	t := c.t
	t.Helper()
	for name, o := range c.contract.operations() {
		least, _ := rolesOf(o)
		method, path, _ := strings.Cut(name, " ")
		path = strings.NewReplacer("{id}", "nothing", "{sku}", "nothing").Replace(path)
		if method != http.MethodGet {
			path += "?dry_run=true"
		}
		if path == "/api/v1/events" {
			path += "?after=nothing" // else it goes on for ever
		}
		status := c.call("", method, path, "").status
		if len(least) == 0 {
			if status >= 300 {
				t.Errorf("%s → %d without a token", name, status)
			}
			continue
		}
		if status != http.StatusUnauthorized {
			t.Errorf("%s → %d without a token", name, status)
		}
		for _, role := range store.Roles {
			status := c.call(string(role), method, path, "").status
			if may := status != http.StatusForbidden && status != http.StatusUnauthorized; may != suffices(role, least) {
				t.Errorf("%s as %s → %d; x-roles is %v", name, role, status, least)
			}
		}
	}
}

// suffices tells whether a role has the rights of one of the least roles.
func suffices(role store.Role, least []string) bool {
	line := []string{"viewer", "terminal", "manager", "admin"}
	for _, l := range least {
		if string(role) == l || (l != "sync" && slices.Index(line, string(role)) >= slices.Index(line, l)) {
			return true
		}
	}
	return false
}

func TestTokensThatDoNotHoldAreRefused(t *testing.T) {
	a := openAPIServer(t)
	a.get("", "/me").refused(401, store.CodeUnauthorized)
	a.secrets["stranger"] = "shelfd_unknown"
	a.get("stranger", "/me").refused(401, store.CodeUnauthorized)
	a.get("viewer", "/me").is(200)
	for _, token := range a.Tokens() {
		if token.Name == "viewer" {
			a.Must(&store.RevokeToken{ID: token.ID})
		}
	}
	a.get("viewer", "/me").refused(401, store.CodeUnauthorized)
}
