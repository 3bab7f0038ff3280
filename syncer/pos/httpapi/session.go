package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// session knows the secrets, and keeps what a login gave.
type session struct {
	c       *connector
	secrets map[string]string
	// logging is taken by who logs in.
	logging chan struct{}

	mu    sync.Mutex
	token string
	// hidden are the texts that no message may hold.
	hidden []string
}

func newSession(c *connector, secrets map[string]string) *session {
	s := &session{c: c, secrets: secrets, logging: make(chan struct{}, 1)}
	s.hide(secrets["key"])
	for _, h := range c.auth.headers {
		if h.basic {
			s.hide(h.credentials(secrets))
		}
	}
	return s
}

// sign gives a request with who we are on it, after a login when that is due,
// and the token that it used.
func (s *session) sign(ctx context.Context, req pos.Request) (signed pos.Request, token string, err error) {
	a := &s.c.auth
	if a.login != nil {
		if token, err = s.current(ctx); err != nil {
			return req, "", err
		}
	}
	secrets := maps.Clone(s.secrets)
	secrets["token"] = token
	header, query := a.sign(secrets)
	req.Header = req.Header.Clone()
	maps.Copy(req.Header, header)
	if more := query.Encode(); more != "" {
		req.Query = strings.TrimPrefix(req.Query+"&"+more, "&")
	}
	return req, token, nil
}

// current gives the token, by logging in when there is none. Others that need
// one wait for the same login.
func (s *session) current(ctx context.Context) (string, error) {
	select {
	case s.logging <- struct{}{}:
		defer func() { <-s.logging }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if token := s.known(); token != "" {
		return token, nil
	}
	token, err := s.login(ctx)
	if err != nil {
		return "", s.scrub(err)
	}
	s.hide(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
	return token, nil
}

func (s *session) known() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// login logs in. Its errors say nothing of what was sent or answered beyond
// what the point of sale says to people.
func (s *session) login(ctx context.Context) (string, error) {
	l := s.c.auth.login
	req, err := l.request.build(ctx, s.c.common.with("$user", s.secrets["user"]).with("$key", s.secrets["key"]))
	if err != nil {
		return "", secretly(err)
	}
	a, err := s.c.exchange(ctx, req, l.request.empty)
	if err == nil {
		err = s.c.failed(ctx, a, l.fail, s.c.common, false)
	}
	if err != nil {
		return "", s.refused(err)
	}
	v, err := l.token.one(ctx, a.value, s.c.common.with("$headers", a.headers), len(a.body))
	if err != nil {
		return "", secretly(err)
	}
	token, ok := v.(string)
	if !ok || token == "" {
		return "", &syncer.Failure{
			Class: syncer.Pause, Code: pos.CodeUnauthorized,
			Detail: s.c.Title + " does not let us log in: its answer has no token. Look at the user and the key.",
		}
	}
	return token, nil
}

// secretly hides what an expression with secrets in it says of itself.
func secretly(err error) error {
	e, ok := errors.AsType[*evalError](err)
	if !ok {
		return err
	}
	return &syncer.Failure{
		Class: syncer.Alarm, Code: CodeDescription,
		Detail: e.at.file + e.at.at.String() + ": " + e.at.key + " cannot be worked out.",
	}
}

// refused is a failed login: a person has to look.
func (s *session) refused(err error) error {
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok || f.Class == syncer.Retry || f.Code == CodeDescription {
		return err
	}
	why := ""
	if f.Code != pos.CodeUnauthorized {
		why = " " + f.Detail
	}
	return &syncer.Failure{
		Class: syncer.Pause, Code: pos.CodeUnauthorized,
		Detail: s.c.Title + " does not let us log in. Look at the user and the key." + why,
	}
}

// expired tells whether a login with another token may help, and forgets the
// one that was used.
func (s *session) expired(err error, token string) bool {
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok || token == "" || f.Code != pos.CodeUnauthorized || f.Unknown {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
	return true
}

const (
	// minSecret is how long a text is that is hidden: what is shorter would
	// take letters out of every message, and is no secret.
	minSecret = 4
	// maxHidden is how many are: those of the settings, and of the newest
	// tokens.
	maxHidden = 32
)

// hide keeps texts out of messages from now on, in every form that a message
// may have them in.
func (s *session) hide(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		if len(text) < minSecret {
			continue
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			continue
		}
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), string(quoted[1 : len(quoted)-1])} {
			if !slices.Contains(s.hidden, form) {
				s.hidden = append(s.hidden, form)
			}
		}
	}
	if n := len(s.hidden); n > maxHidden {
		s.hidden = append(s.hidden[:maxHidden/2:maxHidden/2], s.hidden[n-maxHidden/2:]...)
	}
}

// clean takes secrets out of a text, also one that the text breaks off within.
func (s *session) clean(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.hidden {
		text = strings.ReplaceAll(text, secret, "…")
		for n := len(secret) - 1; n >= minSecret; n-- {
			for _, end := range []string{"…", " ..."} {
				text = strings.ReplaceAll(text, secret[:n]+end, end)
			}
		}
	}
	return text
}

// scrub takes secrets out of a failure: a point of sale may repeat in its
// answer what it was sent.
func (s *session) scrub(err error) error {
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		return err
	}
	clean := *f
	clean.Detail, clean.Code = s.clean(f.Detail), s.clean(f.Code)
	if f.Err != nil && s.clean(f.Err.Error()) != f.Err.Error() {
		clean.Err = errors.New(s.clean(f.Err.Error()))
	}
	return &clean
}
