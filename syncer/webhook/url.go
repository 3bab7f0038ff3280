package webhook

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/shelfd/shelfd/store"
)

// maxURL bounds an address, in bytes.
const maxURL = 2048

var headerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// reserved headers are ours, or HTTP's.
var reserved = map[string]bool{
	"webhook-id": true, "webhook-timestamp": true, "webhook-signature": true, "content-type": true, "content-length": true,
	"host": true, "user-agent": true, "connection": true, "transfer-encoding": true, "upgrade": true, "te": true,
	"trailer": true, "expect": true, "accept-encoding": true, "proxy-authorization": true, "proxy-connection": true, "keep-alive": true,
}

// Check names every fault of what a person set of an endpoint. What its name
// resolves to is looked at when it is dialled. Codes: invalid_request.
func Check(w *store.Webhook) error {
	var p problems
	p.url(w)
	p.when(utf8.RuneCountInString(w.Description) > 200, "/description", "description has at most 200 characters.")
	for i, e := range w.Events {
		p.when(!known[e], "/events/"+strconv.Itoa(i), "There is no event "+strconv.Quote(clip(string(e)))+".")
	}
	p.when(w.LegacyHeader != "" && !headerName.MatchString(w.LegacyHeader), "/legacy_header",
		"legacy_header is the name of a header: letters, digits and hyphens, at most 64.")
	p.when(reserved[strings.ToLower(w.LegacyHeader)], "/legacy_header", "legacy_header cannot be a header that has a meaning already.")
	return p.err()
}

// known are the events that can be subscribed to.
var known = map[store.NewsType]bool{
	store.NewsUpdated: true, store.NewsLowStock: true, store.NewsSync: true, store.NewsAvailability: true,
	store.NewsExpired: true, store.NewsTransfer: true, store.NewsDiscrepancy: true, store.NewsExpiring: true,
}

func (p *problems) url(w *store.Webhook) {
	u, err := url.Parse(w.URL)
	if err != nil || len(w.URL) > maxURL || u.Hostname() == "" || u.Opaque != "" {
		p.add("/url", "url is the whole address of the endpoint, such as https://example.com/stock; it has at most 2048 bytes.")
		return
	}
	switch {
	case u.Scheme == "http":
		p.when(!w.LAN, "/url", "url is https; plain http is only for an endpoint in the shop's own network (lan).")
	case u.Scheme != "https":
		p.add("/url", "url is https.")
	}
	p.when(u.User != nil, "/url", "url holds no name and password; whoever gets an event knows by its signature that it is yours.")
	p.when(u.Fragment != "", "/url", "url has no fragment.")
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	p.when(u.Port() != "" && (err != nil || port == 0), "/url", "The port of url is between 1 and 65535.")
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && check(a, w.LAN) != nil {
		p.add("/url", forbiddenText(check(a, w.LAN)))
	}
}

// forbiddenText says to people what is wrong with an address.
func forbiddenText(err error) string {
	if f, ok := err.(*ForbiddenError); ok && f.LAN { //nolint:errorlint // It comes from check as it is.
		return "This address is in a private network; an admin can mark the endpoint as one in the shop's own network (lan)."
	}
	return "This address is not one on the internet; nothing is sent to it."
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// problems gathers faults of fields.
type problems struct{ details []store.Detail }

func (p *problems) add(pointer, text string) {
	p.details = append(p.details, store.Detail{Pointer: pointer, Code: store.CodeInvalid, Detail: text})
}

func (p *problems) when(wrong bool, pointer, text string) {
	if wrong {
		p.add(pointer, text)
	}
}

func (p *problems) err() error {
	if len(p.details) == 0 {
		return nil
	}
	return &store.Error{Code: store.CodeInvalid, Message: p.details[0].Detail, Details: p.details}
}
