package web

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// listTokens answers the tokens that the one who asks may touch, newest
// first.
func (s *Server) listTokens(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	return x.sendTokens(s.ledger.Tokens())
}

// sendTokens answers those of the tokens that the one who asks may touch,
// newest first.
func (x *exchange) sendTokens(tokens []*store.Token) error {
	w := newWriter().open().key("data").list()
	for _, t := range slices.Backward(tokens) {
		if x.mayTouch(t.Location) == nil {
			w.open().token(t).close()
		}
	}
	return x.send(http.StatusOK, w.end().close())
}

// token writes the members of a token; its secret is not among them.
func (w *writer) token(t *store.Token) *writer {
	return w.key("id").id(t.ID).key("name").text(t.Name).key("role").text(string(t.Role)).
		key("location_id").id(t.Location).key("terminal").orNull(t.Terminal).key("created_at").time(t.CreatedAt).
		key("expires_at").time(t.ExpiresAt).key("revoked_at").time(t.RevokedAt)
}

// createToken makes a token and shows its secret, once.
func (s *Server) createToken(x *exchange) error {
	cmd, err := x.decodeToken()
	if err != nil {
		return err
	}
	secret := newSecret()
	cmd.Hash = store.HashToken(secret)
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	t, err := s.issued(receipt)
	if err != nil {
		return err
	}
	return x.sendIssued(t, secret, receipt.Replayed)
}

// decodeToken reads a token to make. Who is bound to a location binds it there
// as well.
func (x *exchange) decodeToken() (*store.IssueToken, error) {
	cmd := &store.IssueToken{}
	missing := required{"name", "role"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		return b.tokenMember(cmd, name)
	})
	if err = x.complete(err, missing); err != nil {
		return nil, err
	}
	if cmd.Location.IsZero() {
		cmd.Location = x.who.location
	}
	return cmd, x.mayTouch(cmd.Location)
}

// sendIssued answers a new token, with its secret unless it was shown before.
func (x *exchange) sendIssued(t *store.Token, secret string, replayed bool) error {
	w := newWriter().open().token(t).key("token")
	if replayed || x.dryRun {
		w.null()
	} else {
		w.text(secret)
	}
	return x.created("/api/v1/tokens/"+t.ID.String(), w.close())
}

// newSecret makes a token's secret: 256 random bits.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return store.TokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// tokenMember reads one member of a token to make.
func (b *body) tokenMember(cmd *store.IssueToken, name string) bool {
	switch name {
	case "name":
		b.text(&cmd.Name)
	case "role":
		b.text((*string)(&cmd.Role))
	case "location_id":
		b.id(&cmd.Location)
	case "terminal":
		b.text(&cmd.Terminal)
	case "expires_at":
		b.time(&cmd.ExpiresAt)
	default:
		return false
	}
	return true
}

// issued gives the token that a command made; in a replay as it was then.
func (s *Server) issued(receipt store.Receipt) (*store.Token, error) {
	if t, ok := receipt.Of.(*store.Token); ok {
		return t, nil
	}
	var made struct {
		ID store.ID `json:"id"`
	}
	if err := json.Unmarshal(receipt.Facts[0].Entry.Event.Body, &made); err != nil {
		return nil, err
	}
	for _, t := range s.ledger.Tokens() {
		if t.ID == made.ID {
			then := *t
			then.RevokedAt = 0
			return &then, nil
		}
	}
	return nil, fmt.Errorf("token %s is in the ledger but not among the tokens", made.ID)
}

// revokeToken ends a token at once.
func (s *Server) revokeToken(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	id, err := x.pathID("token")
	if err != nil {
		return err
	}
	for _, t := range s.ledger.Tokens() {
		if t.ID == id {
			err = x.mayTouch(t.Location)
		}
	}
	if err != nil {
		return err
	}
	if _, err := x.do(&store.RevokeToken{ID: id}); err != nil {
		return err
	}
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// me answers who asks, and what this box is.
func (s *Server) me(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	now, ok := s.ledger.Now()
	return x.sendMe(now, ok)
}

// sendMe answers who asks, at what time here, and whether that is trusted.
func (x *exchange) sendMe(now store.Instant, ok bool) error {
	name, expires := "This machine's command line", store.Instant(0)
	if t := x.who.token; t != nil {
		name, expires = t.Name, t.ExpiresAt
	}
	w := newWriter().open().key("actor").text(x.who.actor).key("name").text(name).key("role").text(string(x.who.role)).
		key("location_id").id(x.who.location).key("terminal").orNull(x.who.terminal).key("expires_at").time(expires).
		key("version").text(x.s.cfg.Version).key("time").time(now).key("clock_ok").bool(ok)
	return x.send(http.StatusOK, w.close())
}

// confirmClock says that the machine's clock is right. It is the clock of all
// locations, so that a token bound to one may not.
func (s *Server) confirmClock(x *exchange) error {
	if err := x.forAll(x.noBody()); err != nil {
		return err
	}
	receipt, err := x.do(&store.ConfirmClock{})
	if err != nil {
		return err
	}
	e := receipt.Facts[0].Entry
	var step struct {
		Wall store.Instant `json:"wall_at"`
	}
	if err := json.Unmarshal(e.Event.Body, &step); err != nil {
		return err
	}
	w := newWriter().open().key("clock_ok").bool(true).key("time").time(max(step.Wall, e.RecordedAt))
	return x.send(http.StatusOK, w.close())
}
