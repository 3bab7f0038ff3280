package cmd

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// POSConfig is one point of sale, or a state's register. Empty values are the
// kind's own, or those of sync.
type POSConfig struct {
	// Name is unique and stable: what is known about it is kept under it.
	Name string `yaml:"name"`
	// Kind is http, square, dutchie or metrc.
	Kind string `yaml:"kind"`
	// Location is the id or the name of the location it serves; empty where
	// there is one only.
	Location string `yaml:"location"`
	URL      string `yaml:"url"`
	User     Secret `yaml:"user"`
	Key      Secret `yaml:"key"`
	CA       Path   `yaml:"ca"`
	// File describes it, for the kind http: a file, or the name of one that
	// comes with shelfd.
	File    Path              `yaml:"file"`
	Options map[string]Secret `yaml:"options"`
	// SaleSource is api or pos: who books the location's sales.
	SaleSource string `yaml:"sale_source"`
	// Catalogue and Quantity are pos or store: whose word counts.
	Catalogue string `yaml:"catalogue"`
	Quantity  string `yaml:"quantity"`
	// Rooms and Reasons link room types and reason codes to what they are
	// there; empty for what is left out.
	Rooms   map[string]string `yaml:"rooms"`
	Reasons map[string]string `yaml:"reasons"`
	// Reports are the reasons that this store reports to a state's register.
	Reports []string `yaml:"reports"`
	// SellRoom is where sales are taken from that name no room.
	SellRoom    string   `yaml:"sell_room"`
	PullEvery   Duration `yaml:"pull_every"`
	Overlap     Duration `yaml:"overlap"`
	Grace       Duration `yaml:"grace"`
	Incremental Schedule `yaml:"incremental"`
	Full        Schedule `yaml:"full"`
	Timeout     Duration `yaml:"timeout"`
	PerSecond   int      `yaml:"requests_per_second"`
}

var posNameFormat = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// checkPOS names what is wrong with the points of sale.
func checkPOS(errs *keyErrors, list []POSConfig, insecure bool) {
	first, books := map[string]int{}, map[string]int{}
	for i := range list {
		p, key := &list[i], "sync.pos["+strconv.Itoa(i)+"]"
		if j, again := first[p.Name]; again && p.Name != "" {
			errs.add(key+".name", "is %q, which sync.pos[%d] has already; each must differ", p.Name, j)
		}
		first[p.Name] = i
		p.check(errs, key, insecure)
		if p.SaleSource != sourcePOS {
			continue
		}
		if j, again := books[strings.ToLower(p.Location)]; again {
			errs.add(key+".sale_source", "is pos, as that of sync.pos[%d] for the same location; sales have one source", j)
		}
		books[strings.ToLower(p.Location)] = i
	}
}

// Who books a location's sales.
const (
	sourceAPI = "api"
	sourcePOS = "pos"
)

func (p *POSConfig) check(errs *keyErrors, key string, insecure bool) {
	if !posNameFormat.MatchString(p.Name) || p.Name == centralName {
		errs.add(key+".name", "is %q; must be 1 to 40 small letters, digits, _ or -, starting with a letter, and not %s", p.Name, centralName)
	}
	checkOneOf(errs, key+".sale_source", cmp.Or(p.SaleSource, sourceAPI), sourceAPI, sourcePOS)
	checkOneOf(errs, key+".catalogue", cmp.Or(p.Catalogue, pos.OwnerPOS), pos.OwnerPOS, pos.OwnerStore)
	checkOneOf(errs, key+".quantity", cmp.Or(p.Quantity, pos.OwnerStore), pos.OwnerPOS, pos.OwnerStore)
	checkRange(errs, key+".requests_per_second", plainInt(p.PerSecond), 0, 1000)
	for _, d := range []struct {
		name  string
		value Duration
		most  time.Duration
	}{
		{"pull_every", p.PullEvery, day},
		{"overlap", p.Overlap, day},
		{"grace", p.Grace, day},
		{"timeout", p.Timeout, 10 * time.Minute},
	} {
		checkRange(errs, key+"."+d.name, d.value, 0, Duration(d.most))
	}
	p.checkWords(errs, key)
	p.checkConnector(errs, key, insecure)
}

// checkWords checks the room types and reason codes.
func (p *POSConfig) checkWords(errs *keyErrors, key string) {
	rooms := make([]string, 0, len(store.Rooms))
	for _, r := range store.Rooms {
		rooms = append(rooms, r.String())
	}
	for room := range p.Rooms {
		checkOneOf(errs, key+".rooms."+room, room, rooms...)
	}
	if p.SellRoom != "" {
		checkOneOf(errs, key+".sell_room", p.SellRoom, rooms...)
	}
	for reason := range p.Reasons {
		checkOneOf(errs, key+".reasons."+reason, reason, reasonCodes...)
	}
	for i, reason := range p.Reports {
		checkOneOf(errs, fmt.Sprintf("%s.reports[%d]", key, i), reason, reasonCodes...)
	}
}

// checkConnector checks what the kind wants to know, down to the description
// of a point of sale over HTTP, without reaching anything.
func (p *POSConfig) checkConnector(errs *keyErrors, key string, insecure bool) {
	kinds := posKinds()
	n := slices.IndexFunc(kinds, func(k pos.Kind) bool { return k.Name == p.Kind })
	if n < 0 {
		names := make([]string, len(kinds))
		for i := range kinds {
			names[i] = kinds[i].Name
		}
		checkOneOf(errs, key+".kind", p.Kind, names...)
		return
	}
	kind, before := &kinds[n], len(*errs)
	for name := range p.Options {
		if kind.Name != kindHTTP && !slices.ContainsFunc(kind.Options, func(o pos.Option) bool { return o.Name == name }) {
			errs.add(key+".options."+name, "is not an option of %s", kind.Name)
		}
	}
	for _, o := range kind.Options {
		if o.Required && p.Options[o.Name] == "" {
			errs.add(key+".options", "lacks %s: %s", o.Name, o.Help)
		}
	}
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil) {
		errs.add(key+".url", "is %q; must be an address such as https://pos.example", shownAddress(p.URL))
	} else if p.URL != "" && u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()) {
		errs.add(key+".url", "would send the key without encryption; use https, or set insecure_lan: true to accept that")
	}
	if p.CA != "" {
		if err := checkAuthorities(p.CA); err != nil {
			errs.add(key+".ca", "cannot be used: %s", err)
		}
	}
	if len(*errs) == before {
		p.checkMade(errs, key, kind)
	}
}

// checkMade makes the connector, which reads what the kind is described by, and
// throws it away.
func (p *POSConfig) checkMade(errs *keyErrors, key string, kind *pos.Kind) {
	settings, err := p.settings()
	if err == nil {
		inZone(kind, &settings, "UTC") // until the location is known
		_, err = kind.New(settings, pos.Deps{Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		errs.add(key, "cannot be used: %s", err)
	}
}
