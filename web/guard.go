package web

import (
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// guard keeps browsers of others away: a page elsewhere must not reach this
// server under a name that its author controls (DNS rebinding), nor change
// anything from another origin.
type guard struct {
	names map[string]bool
	cross *http.CrossOriginProtection
}

func newGuard(names []string) guard {
	g := guard{names: map[string]bool{"localhost": true}, cross: http.NewCrossOriginProtection()}
	if host, err := os.Hostname(); err == nil && host != "" {
		g.names[strings.ToLower(host)] = true
		g.names[strings.ToLower(host)+".local"] = true
	}
	for _, n := range names {
		g.names[strings.ToLower(n)] = true
	}
	return g
}

// check refuses a request whose Host is none of ours, or that a page of
// another origin makes to change something.
func (g *guard) check(r *http.Request) error {
	if !g.ours(r) {
		return &problem{status: http.StatusMisdirectedRequest, err: &store.Error{
			Code: store.CodeInvalid, Message: "This server does not answer for that Host; add it to allowed_hosts if it should.",
		}}
	}
	if err := g.cross.Check(r); err != nil {
		return &store.Error{Code: store.CodeForbidden, Message: "A page of another origin may not change anything here.", Err: err}
	}
	return nil
}

// ours tells whether Host is a known name, or the very address that the
// connection came in on.
func (g *guard) ours(r *http.Request) bool {
	host := r.Host
	if g.names[host] {
		return true
	}
	if h, port, err := net.SplitHostPort(host); err == nil {
		if port == "" {
			return false
		}
		host = h
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if g.names[host] || g.names[strings.ToLower(host)] {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.Equal(local.IP)
}
