package web

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shelfd/shelfd/store"
)

// webhookEvents is the catalogue: what there is to subscribe to. A test event
// is sent to whoever is tested.
var webhookEvents = []string{
	string(store.NewsUpdated), string(store.NewsLowStock), string(store.NewsSync), string(store.NewsAvailability),
	string(store.NewsExpired), string(store.NewsTransfer), string(store.NewsDiscrepancy), string(store.NewsExpiring),
}

// decodeWebhook reads an endpoint to make. Who is bound to a location binds it
// there as well.
func (x *exchange) decodeWebhook() (store.Webhook, error) {
	h := store.Webhook{Active: true, Location: x.who.location}
	e, err := decodeEdits(x, required{"url"}, newWebhookMember)
	if err == nil {
		e.apply(&h)
		err = x.checkWebhook(&h)
	}
	if err == nil {
		err = x.mayTouch(h.Location)
	}
	return h, err
}

// checkWebhook names what is wrong with an endpoint as a whole.
func (x *exchange) checkWebhook(h *store.Webhook) error {
	var faults []store.Detail
	if !h.LAN && !strings.HasPrefix(h.URL, "https://") {
		faults = append(faults, store.Detail{
			Pointer: "/url", Code: store.CodeInvalid, Detail: "url begins with https://. Plain http is for the shop's own network: set lan.",
		})
	}
	if _, ok := x.ledger.Location(h.Location); !ok && !h.Location.IsZero() {
		faults = append(faults, store.Detail{Pointer: "/location_id", Code: store.CodeInvalid, Detail: "There is no such location."})
	}
	if len(faults) == 0 {
		return nil
	}
	return &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
}

// newWebhookMember reads one member of an endpoint to make.
func newWebhookMember(e *edits[store.Webhook], b *body, name string) bool {
	if name != "location_id" {
		return webhookMember(e, b, name)
	}
	var location store.ID
	if b.id(&location); !location.IsZero() {
		e.add(func(h *store.Webhook) { h.Location = location })
	}
	return true
}

// webhookMember reads one member of an endpoint. Switching one on lifts what
// it was disabled for.
func webhookMember(e *edits[store.Webhook], b *body, name string) bool {
	switch name {
	case "url", "description", "legacy_header":
		b.webhookText(e, name)
	case "events":
		events := b.events()
		e.add(func(h *store.Webhook) { h.Events = slices.Clone(events) })
	case "active":
		var on bool
		if b.notNull(name) {
			b.bool(&on)
		}
		e.add(func(h *store.Webhook) {
			if h.Active = on; on {
				h.DisabledAt, h.DisabledWhy = 0, ""
			}
		})
	case "lan":
		var lan bool
		if b.notNull(name) {
			b.bool(&lan)
		}
		e.add(func(h *store.Webhook) { h.LAN = lan })
	default:
		return false
	}
	return true
}

// webhookTexts are the texts of an endpoint, and what is wrong with one.
var webhookTexts = map[string]struct {
	of      func(*store.Webhook) *string
	problem func(string) string
}{
	"url":           {func(h *store.Webhook) *string { return &h.URL }, urlProblem},
	"description":   {func(h *store.Webhook) *string { return &h.Description }, descriptionProblem},
	"legacy_header": {func(h *store.Webhook) *string { return &h.LegacyHeader }, headerProblem},
}

func (b *body) webhookText(e *edits[store.Webhook], name string) {
	field, text, faults := webhookTexts[name], "", len(b.problems)
	if b.text(&text); b.broken != nil || len(b.problems) > faults {
		return
	}
	if problem := field.problem(text); problem != "" {
		b.add(store.CodeInvalid, name+" "+problem+".")
	}
	e.add(func(h *store.Webhook) { *field.of(h) = text })
}

// maxURL is how many characters the address of an endpoint may have.
const maxURL = 2000

// urlProblem says what is wrong with the address of an endpoint. Which
// addresses may be dialled is decided when one is.
func urlProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "is never empty"
	case len(text) > maxURL:
		return fmt.Sprintf("has at most %d characters", maxURL)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has only printable ASCII characters, and no spaces; write others percent-encoded"
	case !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://"):
		return "begins with https://"
	case err != nil || u.Hostname() == "" || !isPort(u.Port()):
		return "is an address such as https://example.com/hooks"
	case u.User != nil:
		return "has no user and password in it; the receiver knows us by the signature"
	case strings.Contains(text, "#"):
		return "has no part after #"
	}
	return ""
}

// isPort tells a port that there can be; "" is that of the scheme.
func isPort(text string) bool {
	n, err := strconv.Atoi(text)
	return text == "" || err == nil && n > 0 && n < 1<<16
}

// maxDescription is how many characters a description may have.
const maxDescription = 200

func descriptionProblem(text string) string {
	switch {
	case utf8.RuneCountInString(text) > maxDescription:
		return fmt.Sprintf("has at most %d characters", maxDescription)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "holds a control character"
	case text != "" && strings.TrimSpace(text) == "":
		return "is only spaces"
	}
	return ""
}

// legacyHeader is what a header for a plain signature may be named: none that
// HTTP itself gives a meaning to.
var legacyHeader = regexp.MustCompile(`^X-[A-Za-z0-9-]{1,62}$`)

func headerProblem(text string) string {
	if text != "" && !legacyHeader.MatchString(text) {
		return "is the name of a header that begins with X-, such as X-Hub-Signature-256"
	}
	return ""
}

// events reads the kinds of news that an endpoint wants; null is all of them.
func (b *body) events() (list []store.NewsType) {
	if b.null() {
		return nil
	}
	b.list(len(webhookEvents), func(int) {
		var name string
		faults := len(b.problems)
		if b.text(&name); b.broken != nil || len(b.problems) > faults {
			return
		}
		switch {
		case !slices.Contains(webhookEvents, name):
			b.unread = true
			b.add(store.CodeInvalid, fmt.Sprintf("There is no event %.60q; there are %s.", name, strings.Join(webhookEvents, ", ")))
		case slices.Contains(list, store.NewsType(name)):
			b.add(store.CodeInvalid, name+" is there twice.")
		}
		list = append(list, store.NewsType(name))
	})
	return list
}
