package cmd

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// slowestAnswer is how long an answer may be in coming: the server may read a
// whole point of sale meanwhile.
const slowestAnswer = 15 * time.Minute

// networkTransport reaches a server whose certificate has that SHA-256, in hex;
// "" for one without TLS. There is never a proxy in between.
func networkTransport(certificate string) *http.Transport {
	t := &http.Transport{ResponseHeaderTimeout: slowestAnswer}
	if certificate != "" {
		t.TLSClientConfig = &tls.Config{
			MinVersion: tls.VersionTLS12,
			// The control file says exactly which certificate it is, which is
			// more than any name in it.
			InsecureSkipVerify:    true,
			VerifyPeerCertificate: func(chain [][]byte, _ [][]*x509.Certificate) error { return checkPin(chain, certificate) },
		}
	}
	return t
}

func checkPin(chain [][]byte, want string) error {
	if len(chain) > 0 && certificatePin(chain[0]) == want {
		return nil
	}
	return errors.New("it has another certificate than its control file says")
}

// certificatePin is SHA-256 of a certificate (DER), in hex.
func certificatePin(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// handlerTransport answers requests with a handler in this process. Answers
// come as they are written, not when they are whole.
type handlerTransport struct {
	handler http.Handler
	calls   sync.WaitGroup
}

// RoundTrip calls the handler and gives its answer when that begins.
func (t *handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:0", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	body, pipe := io.Pipe()
	a := &pipedAnswer{header: http.Header{}, pipe: pipe, begun: make(chan *http.Response, 1)}
	t.calls.Go(func() {
		err := a.serve(t.handler, in)
		_ = in.Body.Close()
		_ = pipe.CloseWithError(err)
	})
	select {
	case answer := <-a.begun:
		answer.Body, answer.Request = body, r
		return answer, nil
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
}

// pipedAnswer is the http.ResponseWriter of handlerTransport.
type pipedAnswer struct {
	header http.Header
	pipe   *io.PipeWriter
	begun  chan *http.Response
	once   sync.Once
}

func (a *pipedAnswer) serve(h http.Handler, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the request failed: %v", v)
			a.WriteHeader(http.StatusInternalServerError)
		}
	}()
	h.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return nil
}

// Header gives the headers, which change nothing once the answer has begun.
func (a *pipedAnswer) Header() http.Header { return a.header }

// WriteHeader begins the answer; a second call does nothing.
func (a *pipedAnswer) WriteHeader(status int) {
	a.once.Do(func() {
		a.begun <- &http.Response{
			Status:     fmt.Sprintf("%d %s", status, http.StatusText(status)),
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: a.header.Clone(), ContentLength: -1,
		}
	})
}

// Write waits until the caller has read what is written.
func (a *pipedAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.pipe.Write(b)
}

// Flush begins the answer; nothing is kept back.
func (a *pipedAnswer) Flush() { a.WriteHeader(http.StatusOK) }
