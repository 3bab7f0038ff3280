package cmd

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate joins a *keyError for each value that is not allowed.
func (c Config) Validate() error { return c.check().err() }

func (c Config) check() keyErrors {
	var errs keyErrors
	c.checkDataDir(&errs)
	c.checkListen(&errs, "listen", c.Listen)
	c.checkListen(&errs, "central.listen", c.Central.Listen)
	c.checkHosts(&errs)
	c.checkToken(&errs)
	c.TLS.check(&errs)
	c.Log.check(&errs)
	c.Limits.check(&errs)
	c.Rules.check(&errs)
	c.Sync.check(&errs, c.InsecureLAN)
	c.Central.check(&errs)
	checkRange(&errs, "checkpoints.head_interval", c.Checkpoints.HeadInterval, Duration(time.Minute), Duration(day))
	return errs
}

// checkRange refuses a value outside low and high, both allowed.
func checkRange[T interface {
	cmp.Ordered
	fmt.Stringer
}](errs *keyErrors, key string, value, low, high T,
) {
	if value < low || value > high {
		errs.add(key, "is %s; allowed is %s to %s", value, low, high)
	}
}

// plainInt is an int that checkRange can print.
type plainInt int

func (p plainInt) String() string { return strconv.Itoa(int(p)) }

func (c Config) checkDataDir(errs *keyErrors) {
	if c.DataDir == "" {
		errs.add("data_dir", "is not set, and this account has no home to default to; name a directory for the ledger")
	}
}

func (c Config) checkListen(errs *keyErrors, key, listen string) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		errs.add(key, "is %q; must be address:port, such as 127.0.0.1:8321, or 0.0.0.0:8321 for the LAN", listen)
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		errs.add(key, "has the port %q; must be 0 to 65535, where 0 takes any free one", port)
	}
	if isLoopback(host) || c.InsecureLAN || c.TLS != (TLSConfig{}) {
		return
	}
	errs.add(key, "opens %s to the network without encryption, so tokens could be read there; "+
		"set tls.cert and tls.key, or insecure_lan: true to accept that, or listen on 127.0.0.1", listen)
}

// isLoopback is false for "", which is every address of the machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

var hostFormat = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$`)

func (c Config) checkHosts(errs *keyErrors) {
	for i, host := range c.AllowedHosts {
		_, err := netip.ParseAddr(host)
		if err != nil && !hostFormat.MatchString(host) {
			errs.add(fmt.Sprintf("allowed_hosts[%d]", i),
				"is %q; must be a name or address as browsers send it, such as shop.local or 192.168.1.10:8321", host)
		}
	}
}

// tokenFormat is a token's prefix and at least the length of 256 bits.
var tokenFormat = regexp.MustCompile(`^shelfd_[A-Za-z0-9_-]{43,128}$`)

func (c Config) checkToken(errs *keyErrors) {
	if c.AdminToken != "" && !tokenFormat.MatchString(string(c.AdminToken)) {
		errs.add("admin_token", "must be shelfd_ and then 43 to 128 random letters, digits, _ or -; "+
			"leave it empty to have one made")
	}
}

func (t TLSConfig) check(errs *keyErrors) {
	switch {
	case t == TLSConfig{}:
		return
	case t.Cert == "":
		errs.add("tls.cert", "is missing while tls.key is set; name the file of the certificate too")
	case t.Key == "":
		errs.add("tls.key", "is missing while tls.cert is set; name the file of its key too")
	default:
		if _, err := tls.LoadX509KeyPair(string(t.Cert), string(t.Key)); err != nil {
			errs.add("tls", "cannot be used: %s; must be two PEM files, a certificate and its key", err)
		}
	}
}

func (l LogConfig) check(errs *keyErrors) {
	checkOneOf(errs, "log.level", l.Level, "debug", "info", "warn", "error")
	checkOneOf(errs, "log.format", l.Format, "text", "json")
	checkRange(errs, "log.max_size", l.MaxSize, 64<<10, 1<<30)
	checkRange(errs, "log.keep", plainInt(l.Keep), 0, 100)
}

func checkOneOf(errs *keyErrors, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		errs.add(key, "is %q; allowed are %s", value, strings.Join(allowed, ", "))
	}
}

func (l LimitsConfig) check(errs *keyErrors) {
	checkRange(errs, "limits.body", l.Body, 1<<10, 64<<20)
	checkRange(errs, "limits.import_body", l.ImportBody, 1<<10, 1<<30)
	checkRange(errs, "limits.requests_per_second", plainInt(l.RequestsPerSecond), 1, 1_000_000)
	checkRange(errs, "limits.burst", plainInt(l.Burst), 1, 1_000_000)
	checkRange(errs, "limits.read_timeout", l.ReadTimeout, Duration(time.Second), Duration(time.Hour))
	checkRange(errs, "limits.write_timeout", l.WriteTimeout, Duration(time.Second), Duration(time.Hour))
	checkRange(errs, "limits.idle_timeout", l.IdleTimeout, Duration(time.Second), Duration(time.Hour))
}

func (r RulesConfig) check(errs *keyErrors) {
	checkRange(errs, "rules.backdate_limit", r.BackdateLimit, Duration(time.Hour), Duration(3650*day))
	checkRange(errs, "rules.low_stock_hysteresis", r.LowStockHysteresis, 0, 1000)
	checkDecimal(errs, "rules.notes_required_above.THEFT", r.NotesRequiredAbove.Theft)
	checkDecimal(errs, "rules.notes_required_above.ADJUSTMENT", r.NotesRequiredAbove.Adjustment)
	checkOneOf(errs, "rules.catalogue_owner", r.CatalogueOwner, "central", "store")
	checkOneOf(errs, "rules.threshold_owner", r.ThresholdOwner, "central", "store")
	first := map[string]int{}
	for i, s := range r.SubReasons {
		key := fmt.Sprintf("rules.sub_reasons[%d]", i)
		s.check(errs, key)
		if j, again := first[s.Code]; again && s.Code != "" {
			errs.add(key+".code", "is %q, which rules.sub_reasons[%d] has already; each must differ", s.Code, j)
			continue
		}
		first[s.Code] = i
	}
}

func checkDecimal(errs *keyErrors, key string, d Decimal) {
	if err := new(Decimal).UnmarshalText([]byte(d)); err != nil {
		errs.add(key, "%s", err)
	}
}

var (
	reasonCodes     = []string{"SALE", "RETURN", "ADJUSTMENT", "DAMAGE", "THEFT", "TRANSFER", "AUDIT"}
	subReasonFormat = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	// ownSubReasons are those that the ledger books by itself.
	ownSubReasons = []string{"opening", "import", "already_counted", "reversal"}
)

func (s SubReasonConfig) check(errs *keyErrors, key string) {
	if !subReasonFormat.MatchString(s.Code) {
		errs.add(key+".code", "is %q; must be 1 to 40 small letters, digits and _, starting with a letter", s.Code)
	}
	if slices.Contains(ownSubReasons, s.Code) {
		errs.add(key+".code", "is %q, which the ledger books by itself; leave it out of the table", s.Code)
	}
	if len(s.Reasons) == 0 {
		errs.add(key+".reasons", "is empty; must list one or more of %s", strings.Join(reasonCodes, ", "))
	}
	for i, r := range s.Reasons {
		path := fmt.Sprintf("%s.reasons[%d]", key, i)
		checkOneOf(errs, path, r, reasonCodes...)
		if slices.Contains(s.Reasons[:i], r) {
			errs.add(path, "is %q a second time; remove one of the two", r)
		}
	}
	if n := len([]rune(s.Description)); n == 0 || n > 200 {
		errs.add(key+".description", "has %d characters; allowed is 1 to 200", n)
	}
}
