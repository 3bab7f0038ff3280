package cmd

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// checkPort finds out who answers where this shelfd serves, or would.
func (d *doctor) checkPort(ctx context.Context) []finding {
	const check = "address"
	host, port, err := net.SplitHostPort(d.config.Listen)
	if err != nil || port == "0" {
		return nil
	}
	if isEveryAddress(host) {
		host = "127.0.0.1"
	}
	address := net.JoinHostPort(host, port)
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil && d.server != nil {
		return []finding{look(check, "address.silent", "is listen right? A running server keeps the address that it was started with",
			"nobody answers at %s; the server runs at %s", address, d.server.base)}
	}
	if err != nil {
		return []finding{look(check, "address.silent", "start it: shelfd service start, or shelfd serve", "nobody answers at %s: no server runs", address)}
	}
	_ = c.Close()
	health, ok := askHealth(ctx, address)
	switch {
	case !ok:
		return []finding{bad(check, "address.taken", "stop that program, or choose another address with listen in the configuration", "another program answers at %s", address)}
	case health.Status == "starting":
		return []finding{look(check, "address.starting", "wait a little, then ask again", "a shelfd %s answers at %s and is opening its data", health.Version, address)}
	case health.Status == "failing" && len(health.Problems) > 0:
		p := health.Problems[0]
		return []finding{bad(check, "address.failing", p.Action, "a shelfd %s answers at %s and cannot work: %s", health.Version, address, p.Detail)}
	case d.server == nil:
		return []finding{look(check, "address.other_data", "is data_dir right, and is this the account of the service?",
			"a shelfd %s answers at %s, with other data or for another account", health.Version, address)}
	}
	return []finding{good(check, "address", "shelfd %s answers at %s", health.Version, address)}
}

// askHealth asks whoever answers at an address of this machine how it is. A
// certificate seldom names the loopback address, and nothing is told, so none
// is asked for.
func askHealth(ctx context.Context, address string) (h serverHealth, ok bool) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, networkPatience/2)
	defer cancel()
	for _, scheme := range []string{"http://", "https://"} {
		if h, err := readHealth(ctx, &http.Client{Transport: transport}, scheme+address); err == nil {
			return *h, true
		}
	}
	return h, false
}

// checkServer passes on what the running server says of itself.
func (d *doctor) checkServer(ctx context.Context) (list []finding) {
	if d.server == nil {
		return nil
	}
	var h serverHealth
	if err := d.server.get(ctx, "/healthz", nil, &h); err != nil {
		return []finding{bad("server", "server.silent", "shelfd service logs says more; start it again", "the server does not say how it is: %s", sentencesOf(err)[0])}
	}
	for _, p := range h.Problems {
		list = append(list, look("server", "server."+p.Code, p.Action, "%s", p.Detail))
	}
	if h.Version != d.version {
		list = append(list, look("server", "server.version", "start the service again, so that it runs the installed version",
			"version %s runs, and this program is %s", h.Version, d.version))
	}
	if len(list) == 0 {
		list = append(list, good("server", "server", "it runs and says that it is well"))
	}
	return list
}
