package dutchie

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/syncer/pos"
)

// DefaultURL is where Dutchie's API is.
const DefaultURL = "https://api.pos.dutchie.com"

// OptionIntegratorKey is the option with the key of the program, which Dutchie
// gives besides the key of the shop. It may be left out for as long as Dutchie
// does not ask for it.
const OptionIntegratorKey = "integrator_key"

const (
	title = "Dutchie"
	// perSecond is a fifth of what Dutchie allows for sales, the only reading
	// here that it names a bound for; integrators were held to half of this
	// elsewhere.
	perSecond = 2
	// burst lets the few requests of one look follow each other at once.
	burst = 4
	// timeout is long because stock and catalogue come whole, in one answer.
	timeout = 2 * time.Minute
	// maxAnswer has room for the whole catalogue of a large shop: by Dutchie's
	// own words 50,000 products and more, of some kilobytes each.
	maxAnswer = 256 << 20
	// window bounds the size of an answer about sales.
	window = 24 * time.Hour
)

var capabilities = pos.Capabilities{
	ReadStock: true, ReadCatalogue: true, ReadSales: true, ReadRooms: true,
	Rooms: true, Lots: true, Receive: true,
	Window: window,
	Rate:   "asked 2 times a second; Dutchie takes 600 questions a minute about sales",
}

// Kind is Dutchie. The key of the settings is the location key of one shop;
// there is no user.
var Kind = &pos.Kind{
	Name: "dutchie", Title: title, Capabilities: capabilities,
	Options: []pos.Option{{
		Name: OptionIntegratorKey,
		Help: "The key that Dutchie gave to you as an integrator, where it asks for one besides the location key.",
	}},
	New: func(s pos.Settings, d pos.Deps) (pos.Connector, error) { return New(s, d) },
}

// New makes a connector; it reaches nothing. The error is a sentence about the
// settings, and holds no key.
func New(s pos.Settings, d pos.Deps) (*Connector, error) {
	base, err := address(cmp.Or(s.URL, DefaultURL))
	if err != nil {
		return nil, err
	}
	if s.Key == "" {
		return nil, errors.New("dutchie needs the location key of the shop as its key")
	}
	if s.User != "" {
		return nil, errors.New("dutchie has no user: the location key is the key, and an integrator's key is the option " + OptionIntegratorKey)
	}
	client, err := pos.NewClient(pos.ClientConfig{
		POS: title, Base: base, CAFile: s.CAFile, Version: d.Version, Clock: d.Clock, Log: d.Log,
		PerSecond: cmp.Or(s.PerSecond, perSecond), Burst: burst, Timeout: cmp.Or(s.Timeout, timeout), MaxAnswer: maxAnswer,
		Authorize: func(r *http.Request) { r.SetBasicAuth(s.Key, s.Options[OptionIntegratorKey]) },
	})
	if err != nil {
		return nil, err
	}
	return &Connector{client: client, clock: d.Clock, log: cmp.Or(d.Log, slog.New(slog.DiscardHandler))}, nil
}

// address reads where Dutchie is. The key travels with every request, so it
// must be https, or this machine.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		// The text may hold a key, so it is not repeated.
		return nil, errors.New("the address of dutchie is none: it begins with https://, and names no user")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return nil, fmt.Errorf("the address of dutchie must begin with https:// (http:// on this machine only), not %q", u.Scheme+"://"+u.Host)
	}
	return u, nil
}
