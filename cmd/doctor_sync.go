package cmd

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	uplink "github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/pos"
)

// destinationChecks gives a check for central and for each point of sale.
func (d *doctor) destinationChecks(ctx context.Context) (list []check) {
	states := map[string]store.Destination{}
	if d.ledger != nil {
		if found, err := d.states(ctx); err == nil {
			states = found
		}
	}
	var err error
	switch d.enrolled, err = enrolmentOf(d.config, d.dir); {
	case errors.Is(err, errNotEnrolled), d.noDirectory:
	case err != nil:
		list = append(list, func(context.Context) []finding {
			return []finding{bad("sync central", "sync.key", "enroll the store again: shelfd sync enroll URL CODE", "%s", err)}
		})
	default:
		list = append(list, func(ctx context.Context) []finding { return d.visitCentral(ctx, states[centralName]) })
	}
	for i := range d.config.Sync.POS {
		p := &d.config.Sync.POS[i]
		list = append(list, func(ctx context.Context) []finding { return d.visitPOS(ctx, p, states[p.Name]) })
	}
	return list
}

// visitCentral asks central where it stands, which proves address, certificate
// and key, and changes nothing there.
func (d *doctor) visitCentral(ctx context.Context, s store.Destination) []finding {
	v := &visit{check: "sync central", code: "sync.central", kind: centralName, state: s, now: d.clock.Wall()}
	if d.offline {
		return v.offline()
	}
	if v.reach(ctx, d.enrolled.URL, string(d.config.Sync.Central.CA)); v.fault != nil {
		return []finding{*v.fault}
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: v.trust}
	defer transport.CloseIdleConnections()
	v.transport = transport
	c, err := uplink.New(uplink.Config{
		URL: d.enrolled.URL, Key: d.enrolled.Key, CAFile: string(d.config.Sync.Central.CA), Version: d.version,
		Insecure: d.config.InsecureLAN, Timeout: networkPatience,
	}, uplink.Deps{Clock: d.clock, Log: slog.New(slog.DiscardHandler), Transport: v})
	if err == nil {
		_, _, err = c.Cursor(ctx)
	}
	return v.judge(err)
}

// visitPOS asks a point of sale who it is.
func (d *doctor) visitPOS(ctx context.Context, p *POSConfig, s store.Destination) []finding {
	v := &visit{check: "POS " + p.Name, code: "pos." + p.Name, kind: p.Kind, state: s, now: d.clock.Wall()}
	if d.offline {
		return v.offline()
	}
	kind := kindOf(p.Kind)
	settings, err := p.settings()
	if kind == nil || err != nil {
		return []finding{bad(v.check, v.code+".settings", "shelfd config check says what", "its settings cannot be used")}
	}
	inZone(kind, &settings, "UTC")
	settings.Timeout = networkPatience
	connector, err := kind.New(settings, pos.Deps{Clock: d.clock, Log: slog.New(slog.DiscardHandler), Version: d.version})
	if err != nil {
		return []finding{bad(v.check, v.code+".settings", "shelfd config check says what", "its settings cannot be used")}
	}
	if v.reach(ctx, p.URL, string(p.CA)); v.fault != nil {
		return []finding{*v.fault}
	}
	who, err := connector.Check(ctx)
	if who.Time != 0 {
		v.skew = who.Time.Time().Sub(v.now)
	}
	return v.judge(err)
}

// visit is what is found out about one destination.
type visit struct {
	check, code, kind string
	state             store.Destination
	transport         http.RoundTripper
	// fault is what keeps it from being reached.
	fault *finding
	// trust is whose certificates count, and expires when its own ends; nil and
	// zero without TLS.
	trust   *tls.Config
	expires time.Time
	// now is this machine's clock; skew is how far the other is ahead of it.
	now  time.Time
	skew time.Duration
}

// RoundTrip notes the clock that an answer shows (RFC 9110, Date).
func (v *visit) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := v.transport.RoundTrip(r)
	if err == nil {
		if at, fault := http.ParseTime(answer.Header.Get("Date")); fault == nil {
			v.skew = at.Sub(v.now)
		}
	}
	return answer, err
}

func (v *visit) offline() []finding {
	if v.state.State == store.DestinationPaused {
		return []finding{v.failing(v.state.Code, v.state.Detail)}
	}
	return []finding{good(v.check, v.code+".not_asked", "not asked (--offline); %s", v.standing())}
}

// standing says how far it was sent.
func (v *visit) standing() string {
	if v.state.SyncedAt == 0 {
		return "nothing was sent yet"
	}
	return "up to date last at " + v.state.SyncedAt.String()
}

// reach looks up the name, connects and shakes hands, so that what is in the way
// has a name. Behind a proxy only the proxy does that.
func (v *visit) reach(ctx context.Context, address, caFile string) {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Hostname() == "" {
		return
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && proxy != nil {
		return
	}
	host := u.Hostname()
	if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
		v.stop(look(v.check, v.code+".name", "is there a network, and is its address right? What waits for it is sent later", "the name %s is not found", host))
		return
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		v.stop(look(v.check, v.code+".unreachable", "is there a network, and does a firewall let port "+port+" out? What waits for it is sent later",
			"%s does not answer on port %s", host, port))
		return
	}
	defer c.Close()
	if u.Scheme == "https" {
		v.shake(ctx, c, host, caFile)
	}
}

func (v *visit) stop(f finding) { v.fault = &f }

// shake tests the certificate.
func (v *visit) shake(ctx context.Context, c net.Conn, host, caFile string) {
	v.trust = &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := readAtMost(caFile, maxCAFile)
		if err != nil {
			v.stop(bad(v.check, v.code+".ca", "name a file that this account may read", "the authorities to trust cannot be read: %s", err))
			return
		}
		v.trust.RootCAs = x509.NewCertPool()
		v.trust.RootCAs.AppendCertsFromPEM(pem)
	}
	config := v.trust.Clone()
	config.ServerName = host
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		v.stop(bad(v.check, v.code+".tls", "is the address right, and the clock of this machine? A certificate of your own goes into ca",
			"the certificate of %s is not to be trusted: %s", host, tlsReason(err)))
		return
	}
	v.expires = t.ConnectionState().PeerCertificates[0].NotAfter
}

// tlsReason says in a few words why a certificate is refused.
func tlsReason(err error) string {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		err = e.Err
	}
	return strings.TrimPrefix(err.Error(), "x509: ")
}

const (
	// soonExpired is how long before its end a certificate is spoken of.
	soonExpired = 14 * day
	// farClocks is how far clocks may be apart before people are told.
	farClocks = 5 * time.Minute
)

// mustMend are codes that do not go away by themselves.
var mustMend = []string{
	"unauthorized", "revoked", "fork", "moved", "superseded", "refused", "not_pos", "tls", "no_location", "clock_skew",
}

// judge sums up a visit: err is what the question itself ended with.
func (v *visit) judge(err error) []finding {
	failure, failed := errors.AsType[*syncer.Failure](err)
	switch {
	case failed:
		return []finding{v.failing(failure.Code, failure.Detail)}
	case err != nil:
		return []finding{look(v.check, v.code+".unreachable", "what waits for it is sent as soon as it answers", "it did not answer in time")}
	case v.state.State == store.DestinationPaused:
		return []finding{v.failing(v.state.Code, v.state.Detail)}
	}
	list := []finding{good(v.check, v.code, "it answers and takes our key; %s", v.standing())}
	if skew := v.skew.Abs(); skew > farClocks {
		list = append(list, look(v.check, v.code+".clock", "set the clock that is wrong", "its clock and this one are %s apart", skew.Round(time.Second)))
	}
	if !v.expires.IsZero() && v.expires.Sub(v.now) < soonExpired {
		list = append(list, look(v.check, v.code+".certificate", "whoever runs it must renew it", "its certificate ends at %s", v.expires.UTC().Format(time.RFC3339)))
	}
	return list
}

// centralRemedies are for what goes away by itself, where sync status says
// nothing to do.
var centralRemedies = map[string]string{
	"unreachable": "Is there a network, and is the address right? What waits for it is sent as soon as it answers.",
	"timeout":     "It is slow or busy. What waits for it is sent as soon as it answers.",
	"tls":         "Is the address right, and the clock of this machine? A certificate of your own goes into sync.central.ca.",
}

// failing says what is wrong with a destination, and whether it goes away by
// itself.
func (v *visit) failing(code, detail string) finding {
	remedy := posRemedies[code]
	if v.kind == centralName {
		remedy = cmp.Or(remedies[code], centralRemedies[code])
	}
	f := look(v.check, v.code+"."+code, remedy, "%s", detail)
	if slices.Contains(mustMend, code) {
		f.State = standsMend
	}
	if detail == "" {
		f.Detail = fmt.Sprintf("it does not work (%s)", code)
	}
	return f
}
