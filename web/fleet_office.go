package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// commandKinds are what stores can be told by this API. Transfers are made by
// the stores that ship them.
var commandKinds = []string{"product", "threshold", "archive_product"}

// sendCommand puts a command into the mailboxes of stores.
func (s *FleetServer) sendCommand(x *exchange) error {
	var kind string
	var command []byte
	var stores []store.ID
	missing := required{"kind", "body"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "kind":
			b.text(&kind)
			b.within(slices.Contains(commandKinds, kind), "kind is one of "+strings.Join(commandKinds, ", ")+".")
		case "body":
			command = b.raw()
		case "stores":
			b.list(maxLimit, func(int) { stores = append(stores, store.ID{}); b.id(&stores[len(stores)-1]) })
		default:
			return false
		}
		return true
	})
	if err = x.forAll(x.complete(err, missing)); err != nil {
		return err
	}
	sent, replayed, err := s.fleet.Send(x.Request.Context(), x.request(), stores, kind, command)
	if err != nil {
		return err
	}
	x.replayed(replayed)
	w := newWriter().open().key("kind").text(kind).key("sent").list()
	for _, one := range sent {
		w.open().key("store_id").id(one.Store).key("n").int(one.N).close()
	}
	return x.send(http.StatusAccepted, w.end().close())
}

// raw reads an object as it is.
func (b *body) raw() []byte {
	if b.d.PeekKind() != '{' {
		b.wrong("a JSON object")
		return nil
	}
	v, err := b.d.ReadValue()
	if err != nil && b.broken == nil {
		b.broken = err
	}
	return slices.Clone(v)
}

// listTokens answers head office's tokens, newest first.
func (s *FleetServer) listTokens(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	all, err := s.fleet.Tokens(x.Request.Context())
	if err != nil {
		return err
	}
	return x.sendTokens(all)
}

// createToken makes a token and shows its secret, once.
func (s *FleetServer) createToken(x *exchange) error {
	cmd, err := x.decodeToken()
	if err == nil {
		err = cmd.Check(store.InstantOf(s.clock.Wall()))
	}
	if err != nil {
		return err
	}
	secret := newSecret()
	made, replayed, err := s.fleet.IssueToken(x.Request.Context(), x.request(), store.Token{
		Name: cmd.Name, Role: cmd.Role, Hash: store.HashToken(secret), Location: cmd.Location, Terminal: cmd.Terminal, ExpiresAt: cmd.ExpiresAt,
	})
	if err != nil {
		return err
	}
	x.replayed(replayed)
	return x.sendIssued(made, secret, replayed)
}

// revokeToken ends a token at once.
func (s *FleetServer) revokeToken(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	id, err := x.pathID("token")
	if err != nil {
		return err
	}
	all, err := s.fleet.Tokens(x.Request.Context())
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.ID == id {
			err = x.mayTouch(t.Location)
		}
	}
	if err != nil {
		return err
	}
	replayed, err := s.fleet.RevokeToken(x.Request.Context(), x.request(), id)
	if err != nil {
		return err
	}
	x.replayed(replayed)
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// me answers who asks, and what this box is.
func (s *FleetServer) me(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	return x.sendMe(store.InstantOf(s.clock.Wall()), true)
}
