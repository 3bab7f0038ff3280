package test

import (
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// link is a network between stores and central that can be made as bad as one
// likes: every connection to address goes through it.
type link struct {
	t       *testing.T
	proxy   *toxiproxy.Proxy
	address string
}

// newLink opens a link to an address, closed when the test ends.
func newLink(t *testing.T, upstream string) *link {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // its toxics do not use the logger they are given
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "link", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &link{t: t, proxy: p, address: p.Listen}
}

// add makes the link worse: a toxic by name and kind, such as latency, in the
// direction upstream or downstream. attributes is a JSON object.
func (l *link) add(name, kind, direction string, toxicity float64, attributes string) {
	l.t.Helper()
	body := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"toxicity":%g,"attributes":%s}`,
		name, kind, direction, toxicity, attributes)
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(body)); err != nil {
		l.t.Fatal(err)
	}
}

// heal takes all toxics away.
func (l *link) heal() { l.proxy.Toxics.ResetToxics(l.t.Context()) }

// cut ends all connections and refuses new ones; mend takes them again at the
// same address.
func (l *link) cut() { l.proxy.Stop() }

func (l *link) mend() {
	l.t.Helper()
	l.proxy.Listen = l.address
	if err := l.proxy.Start(); err != nil {
		l.t.Fatal(err)
	}
}
