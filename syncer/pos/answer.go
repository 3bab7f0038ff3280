package pos

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/syncer"
)

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	pos    string
	writes bool
}

// refused says what a status means that is no success.
func (a *Answer) refused() error {
	f := &syncer.Failure{Class: syncer.Alarm, Code: CodeRefused, RetryAfter: retryAfter(a.Header)}
	f.Detail = fmt.Sprintf("%s refused the request with status %d%s.", a.pos, a.Status, a.excerpt())
	switch {
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		f.Class, f.Code = syncer.Pause, CodeUnauthorized
		f.Detail = fmt.Sprintf("%s refuses our key (status %d). Enter a new one.", a.pos, a.Status)
	case a.Status == http.StatusTooManyRequests:
		f.Class, f.Code, f.Detail = syncer.Retry, CodeRateLimited, a.pos+" was asked too often and wants a pause."
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly:
		f.Class, f.Code, f.Detail = syncer.Retry, CodeTimeout, a.pos+" did not take the request in time."
	case a.Status >= http.StatusInternalServerError:
		f.Class, f.Code, f.Unknown = syncer.Retry, CodeServer, a.writes
		f.Detail = fmt.Sprintf("%s has a fault of its own (status %d).", a.pos, a.Status)
	case a.Status >= 300 && a.Status <= 399:
		f.Class, f.Code = syncer.Retry, CodeNotPOS
		f.Detail = fmt.Sprintf("Something answered in place of %s and wants us to go elsewhere (status %d).", a.pos, a.Status)
	}
	return f
}

// excerpt is the beginning of what the answer says, when that is text for
// people and no page.
func (a *Answer) excerpt() string {
	text := strings.TrimSpace(string(a.Body))
	if text == "" || strings.HasPrefix(text, "<") {
		return ""
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return ": " + strings.TrimSuffix(text, ".")
}

// Decode reads the answer as JSON into v. An answer that is none, or of other
// types, is a *syncer.Failure.
func (a *Answer) Decode(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return a.unreadableBecause(err)
	}
	return nil
}

func (a *Answer) unreadableBecause(err error) error {
	text := strings.TrimSpace(string(a.Body))
	var kind *json.UnmarshalTypeError
	switch {
	case text == "":
		return a.unreadable("It is empty.")
	case strings.HasPrefix(text, "<"):
		return a.unreadable("It is a web page, such as the sign-in of a network.")
	case errors.As(err, &kind):
		return a.unreadable(fmt.Sprintf("Its %s is of another type than it should be.", kind.Field))
	}
	f := a.unreadable("It is not whole JSON.")
	f.Err = err
	return f
}

// unreadable is an answer that says nothing. Whether a change was made that it
// should have confirmed is then unknown.
func (a *Answer) unreadable(why string) *syncer.Failure {
	return &syncer.Failure{
		Class: syncer.Retry, Code: CodeNotPOS, Unknown: a.writes, RetryAfter: retryAfter(a.Header),
		Detail: "The answer cannot be one of " + a.pos + ". " + why,
	}
}

// retryAfter reads how long to stay away: seconds, or a date on the same
// answer's clock.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	now, errNow := http.ParseTime(h.Get("Date"))
	if err != nil || errNow != nil {
		return 0
	}
	return max(0, until.Sub(now))
}
