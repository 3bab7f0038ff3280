package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// principal is who asks, and with which right.
type principal struct {
	actor, terminal string
	role            store.Role
	location        store.ID
	token           *store.Token
	source          string
}

// rank orders the roles of people: each may do what those before it may.
var rank = []store.Role{store.RoleViewer, store.RoleTerminal, store.RoleManager, store.RoleAdmin}

// may tells whether a role is enough for a route.
func (r *route) may(role store.Role) bool {
	if role == store.RoleSync {
		return r.sync
	}
	return slices.Index(rank, role) >= slices.Index(rank, r.role)
}

// least tells whether the one who asks has a role or a higher one.
func (p *principal) least(role store.Role) bool {
	return slices.Index(rank, p.role) >= slices.Index(rank, role)
}

// authenticate finds the token behind the request and checks its role.
func (x *exchange) authenticate() error {
	secret, found := strings.CutPrefix(x.Request.Header.Get("Authorization"), "Bearer ")
	if !found {
		return unauthorized("Send a token: Authorization: Bearer <token>.")
	}
	secret = strings.TrimSpace(secret)
	token, err := x.s.tokens.find(x.Request.Context(), secret)
	switch {
	case err != nil:
		return err
	case token != nil:
		x.who = principal{
			actor: token.ID.String(), terminal: token.Terminal, role: token.Role,
			location: token.Location, token: token, source: "api",
		}
	case x.s.isControl(secret):
		x.who = principal{actor: "cli", role: store.RoleAdmin, source: "cli"}
	default:
		return unauthorized("This token is unknown, expired or revoked.")
	}
	if !x.route.may(x.who.role) {
		return forbidden(fmt.Sprintf("This needs the role %s; the token has the role %s.", x.route.role, x.who.role))
	}
	return nil
}

// isControl tells whether a secret is that of this machine's own CLI.
func (s *front) isControl(secret string) bool {
	want := s.cfg.ControlTokenHash
	have := sha256.Sum256([]byte(secret))
	return want != [32]byte{} && subtle.ConstantTimeCompare(want[:], have[:]) == 1
}

// request is what every command of this exchange carries.
func (x *exchange) request() store.Request {
	return store.Request{
		Actor: x.who.actor, Terminal: x.who.terminal, Source: x.who.source,
		Manager: x.who.least(store.RoleManager), Key: x.idempotency(), DryRun: x.dryRun,
	}
}

// idempotency hashes scope and key, and the request: the same terminal or
// token with the same key must mean the same request.
func (x *exchange) idempotency() *store.IdempotencyKey {
	if x.key == "" {
		return nil
	}
	scope := x.who.terminal
	if scope == "" {
		scope = x.who.actor
	}
	b := append(append(append(make([]byte, 0, 128+len(x.body)), scope...), 0), x.key...)
	whole := sha256.Sum256(b)
	k := &store.IdempotencyKey{Hash: [16]byte(whole[:16])}
	b = append(append(b[:0], x.Request.Method...), 0)
	b = append(append(b, x.Request.URL.Path...), 0)
	b = append(append(b, x.Request.URL.RawQuery...), 0)
	whole = sha256.Sum256(append(b, x.body...))
	k.Print = [16]byte(whole[:16])
	return k
}

// mayTouch refuses locations other than the one the token is bound to.
func (x *exchange) mayTouch(location store.ID) error {
	if !x.who.location.IsZero() && x.who.location != location {
		return forbidden("This token is bound to another location.")
	}
	return nil
}

// look is how rows are shown to the one who asks.
type look struct {
	hideCost bool
	// synced says when a row was last confirmed; nil for never.
	synced func(*store.Item) store.Instant
}

func (x *exchange) look() look { return look{x.hidesCost(), x.synced} }

// lastSync is when a row was last confirmed, zero for never.
func (l look) lastSync(i *store.Item) store.Instant {
	if l.synced == nil {
		return 0
	}
	return l.synced(i)
}

// forAll refuses whose token is bound to a location what is about all of them,
// once the request has been read.
func (x *exchange) forAll(err error) error {
	if err == nil {
		err = x.mayTouch(store.ID{})
	}
	return err
}

// hidesCost tells whether unit costs are left out for the one who asks.
func (x *exchange) hidesCost() bool {
	return x.s.cfg.HideCost && !x.who.least(store.RoleManager)
}

func unauthorized(text string) error {
	return &store.Error{Code: store.CodeUnauthorized, Message: text}
}

func forbidden(text string) error { return &store.Error{Code: store.CodeForbidden, Message: text} }
