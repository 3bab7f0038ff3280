package square

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	// defaultURL is where Square is.
	defaultURL = "https://connect.squareup.com"
	// defaultVersion is the version of Square's API that this is tested with.
	defaultVersion = "2025-08-20"
	// defaultRate is how often a second Square is asked. It names no limit of
	// its own and answers 429 above one.
	defaultRate = 10
	// most is how many changes Square takes at once.
	most = 100
	// oldest is how long ago a change may have occurred that Square takes.
	oldest = 24 * time.Hour
)

// Kind is Square for the configuration.
var Kind = pos.Kind{
	Name: "square", Title: "Square", Capabilities: capabilities,
	Options: []pos.Option{
		{Name: "location_id", Required: true, Help: "Square's id of the location, such as L8GYN5ZGWHXDX. It is in the Seller Dashboard under Locations."},
		{Name: "version", Help: "The version of Square's API to ask for, a date. It is " + defaultVersion + " unless set."},
	},
	New: func(s pos.Settings, d pos.Deps) (pos.Connector, error) {
		c, err := New(s, d)
		if err != nil {
			return nil, err
		}
		return c, nil
	},
}

var capabilities = pos.Capabilities{
	ReadStock: true, ReadSales: true, WriteDelta: true, Keys: true,
	Most: most, Oldest: oldest, Rate: "10 a second",
}

// Connector speaks to Square for one location. It is safe for concurrent use.
type Connector struct {
	client   *pos.Client
	clock    store.Clock
	location string
	version  string
	// key is kept to cut it out of what Square says.
	key string

	mu sync.Mutex
	// dated is the moment that the newest batch with it got as its time.
	dated struct {
		batch string
		at    store.Instant
	}
}

var (
	_ pos.Connector   = (*Connector)(nil)
	_ pos.StockReader = (*Connector)(nil)
	_ pos.SaleReader  = (*Connector)(nil)
	_ pos.Writer      = (*Connector)(nil)
)

// New makes a connector; it reaches nothing. The error is a sentence about the
// settings, without the key.
func New(s pos.Settings, d pos.Deps) (*Connector, error) {
	base, err := checkURL(cmp.Or(s.URL, defaultURL))
	if err != nil {
		return nil, err
	}
	c := &Connector{clock: d.Clock, location: s.Options["location_id"], version: cmp.Or(s.Options["version"], defaultVersion), key: s.Key}
	if err := c.checkSettings(); err != nil {
		return nil, err
	}
	rate := cmp.Or(s.PerSecond, defaultRate)
	c.client, err = pos.NewClient(pos.ClientConfig{
		POS: "Square", Base: base, CAFile: s.CAFile, Timeout: s.Timeout,
		PerSecond: rate, Burst: int(rate), Version: d.Version, Clock: d.Clock, Log: d.Log,
		Authorize: func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+s.Key)
			r.Header.Set("Square-Version", c.version)
		},
	})
	return c, err
}

// checkURL makes sure that the key travels in the clear only within this
// machine.
func checkURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address of Square cannot be read")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return nil, errors.New("the address of Square must begin with https:// (http:// on this machine only)")
	}
	return u, nil
}

func (c *Connector) checkSettings() error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case c.key == "":
		return errors.New("the key of Square is missing: it is an access token")
	case strings.ContainsFunc(c.key, odd):
		return errors.New("the key of Square has characters that no access token has")
	case c.location == "":
		return errors.New("location_id is missing: it is Square's id of the location")
	case len(c.location) > 100 || strings.ContainsFunc(c.location, odd):
		return fmt.Errorf("location_id %.40q is not an id of Square's", c.location)
	}
	if _, err := time.Parse(time.DateOnly, c.version); err != nil {
		return fmt.Errorf("version %.40q is not a date such as %s", c.version, defaultVersion)
	}
	return nil
}

// Capabilities are what every location of Square can do.
func (c *Connector) Capabilities() pos.Capabilities { return capabilities }

// now is the newest time that Square takes: the store's clock, or Square's
// when that is behind.
func (c *Connector) now() store.Instant {
	// A Date header is cut to seconds, and was on its way.
	const doubt = 2 * time.Second
	ours := store.InstantOf(c.clock.Wall())
	if theirs := c.client.Time(); theirs != 0 && ours.Sub(theirs) > doubt {
		return theirs
	}
	return ours
}
