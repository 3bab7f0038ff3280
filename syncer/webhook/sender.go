package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// answerLimit is how long an endpoint has to answer.
	answerLimit = 15 * time.Second
	// readLimit and maxAnswer bound what is read of an answer, of which nothing
	// is kept: reading it lets the connection be used again.
	readLimit = 2 * time.Second
	maxAnswer = 64 << 10
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 64 << 10
)

// message is news as it is sent: the same bytes to every endpoint, every time.
type message struct {
	store.News
	body []byte
}

// messageOf makes the body of news by Standard Webhooks.
func messageOf(n store.News) *message {
	b := append([]byte(`{"type":"`), n.Type...)
	b = append(b, `","timestamp":"`...)
	b = n.At.Append(b)
	b = append(b, `","data":`...)
	b = append(b, n.Data...)
	return &message{News: n, body: append(b, '}')}
}

// result is what became of one request.
type result struct {
	status          int
	took            time.Duration
	outcome, detail string
	retryAfter      time.Duration
}

// sender speaks to one endpoint.
type sender struct {
	url, version string
	sign         *signer
	http         *http.Client
	clock        store.Clock
}

// newSender fails when a secret is none.
func newSender(w *store.Webhook, s Secrets, d *Deps) (*sender, error) {
	g, err := newSigner(w, s)
	if err != nil {
		return nil, err
	}
	to := dialer{lan: w.LAN, resolve: d.Resolve, dial: d.Dial}
	if to.resolve == nil {
		to.resolve = lookup
	}
	// No proxy: it would resolve the name by itself. No compression: an answer
	// could unpack to anything.
	transport := &http.Transport{
		DialContext: to.connect, DisableCompression: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
		MaxResponseHeaderBytes: maxHeader, TLSClientConfig: &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12},
	}
	return &sender{url: w.URL, version: d.Version, sign: g, clock: d.Clock, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// rest closes the connections that nothing is sent over.
func (s *sender) rest() { s.http.CloseIdleConnections() }

// send makes one request. Its outcome means nothing when ctx has ended.
func (s *sender) send(ctx context.Context, m *message) result {
	began := s.clock.Mono()
	r := s.request(ctx, m)
	r.took = s.clock.Mono() - began
	return r
}

func (s *sender) request(ctx context.Context, m *message) result {
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	req, err := s.build(limited, m)
	if err != nil {
		return result{outcome: store.DeliveryUnreachable, detail: "The request could not be made up."}
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return failed(err)
	}
	defer resp.Body.Close()
	s.drain(limited, resp.Body, cancel)
	return answered(resp)
}

func (s *sender) build(ctx context.Context, m *message) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(m.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "shelfd/"+s.version)
	// It is not sent. It tells net/http that the request may be sent again when
	// a connection that was kept turns out to be closed.
	req.Header["X-Idempotency-Key"] = nil
	return req, s.sign.sign(req.Header, m.ID, s.clock.Wall(), m.body)
}

// drain reads a little of an answer, for a little while: what it says was said
// by its status.
func (s *sender) drain(ctx context.Context, body io.Reader, cancel context.CancelFunc) {
	if body == http.NoBody {
		return
	}
	late, stop := context.WithTimeout(ctx, readLimit)
	defer stop()
	defer context.AfterFunc(late, cancel)()
	// A break here changes nothing: the connection is not used again.
	_, _ = io.CopyN(io.Discard, body, maxAnswer)
}

// answered judges an answer by its status alone.
func answered(resp *http.Response) result {
	r := result{status: resp.StatusCode, outcome: store.DeliveryStatus, retryAfter: retryAfter(resp.Header)}
	status := strconv.Itoa(r.status)
	switch {
	case r.status >= 200 && r.status <= 299:
		r.outcome = store.DeliveryDone
	case r.status == http.StatusGone:
		r.outcome, r.detail = store.DeliveryGone, "The endpoint answered 410: it wants nothing any more."
	case r.status >= 300 && r.status <= 399:
		r.outcome, r.detail = store.DeliveryRedirect, "The endpoint answered "+status+" and wants us to go elsewhere. Redirects are not followed; enter the new address."
	default:
		r.detail = "The endpoint answered " + status + "."
	}
	return r
}

// retryAfter reads how many seconds an endpoint wants to be left alone.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// failed says why there is no answer. The error itself may hold the address,
// and stays here.
func failed(err error) result {
	var timeout net.Error
	_, forbidden := errors.AsType[*ForbiddenError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	switch {
	case forbidden:
		return result{outcome: store.DeliveryForbidden, detail: "The endpoint is at a private, local or otherwise special address. Nothing is sent there, unless an admin marks it as one in the shop's own network (lan)."}
	case dns:
		return result{outcome: store.DeliveryDNS, detail: "There is no address for the endpoint's name, or the network is away."}
	case isTLS(err):
		return result{outcome: store.DeliveryTLS, detail: "The endpoint could not prove who it is: its certificate is not trusted, or it does not speak TLS."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return result{outcome: store.DeliveryTimeout, detail: "The endpoint did not answer within 15 seconds."}
	}
	return result{outcome: store.DeliveryUnreachable, detail: "The endpoint cannot be reached, or broke the connection off."}
}

func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || record || alert || errors.Is(err, http.ErrSchemeMismatch)
}
