package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// WriteAnswer answers with a message and its digest.
func WriteAnswer(w http.ResponseWriter, status int, v any) {
	write(w, status, TypeJSON, v)
}

// WriteProblem answers with a refusal. Errors that are no *Problem are said to
// be unavailable, and their text is not sent.
func WriteProblem(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		p = NewProblem(ProblemUnavailable, "Something went wrong on this side.")
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	write(w, p.Status, TypeProblem, p)
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Messages are plain structs of this package; only a command's body can
		// be at fault, and that was valid when it was stored.
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set(HeaderDigest, Digest(body))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// WriteBatch answers with a batch.
func WriteBatch(w http.ResponseWriter, b *Batch) {
	b.Header(w.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(b.Body)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(b.Body)
}

// ErrNotOurs is wrapped by errors about answers that central did not give as
// they arrived: a captive portal, a proxy's error page, a body that was cut or
// changed. To a client they are failures of the network.
var ErrNotOurs = errors.New("the answer is not central's")

func notOurs(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNotOurs}, args...)...)
}

// ReadAnswer reads the answer to a request into a message, at most so many
// bytes of it. A refusal is a *Problem; what is not central's wraps ErrNotOurs.
// It does not close the body.
func ReadAnswer(resp *http.Response, into any, most int64) error {
	body, err := readBody(resp, most)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return readProblem(resp, body)
	}
	if !isType(resp, TypeJSON) {
		return notOurs("it is %.80q", resp.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return notOurs("%v", err)
	}
	return nil
}

// ReadBatchAnswer is ReadAnswer for an answer that is a batch.
func ReadBatchAnswer(resp *http.Response) (*Incoming, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, ReadAnswer(resp, nil, MaxMessage)
	}
	body, err := readBody(resp, MaxBody)
	if err != nil {
		return nil, err
	}
	in, err := ReadBatch(bytes.NewReader(body), resp.Header)
	if err != nil {
		return nil, notOurs("%v", err)
	}
	return in, nil
}

// readBody reads a body that has the right digest.
func readBody(resp *http.Response, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, notOurs("status %d, %w", resp.StatusCode, err)
	case int64(len(body)) > most:
		return nil, notOurs("status %d, above %d bytes", resp.StatusCode, most)
	case !digestFits(resp.Header, body):
		return nil, notOurs("status %d, no right digest", resp.StatusCode)
	}
	return body, nil
}

func readProblem(resp *http.Response, body []byte) error {
	p := &Problem{}
	if !isType(resp, TypeProblem) {
		return notOurs("status %d, %.80q", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(body, p); err != nil || p.Code == "" || p.Status != resp.StatusCode {
		return notOurs("status %d without a problem", resp.StatusCode)
	}
	p.RetryAfter, _ = strconv.Atoi(resp.Header.Get("Retry-After"))
	p.RetryAfter = max(p.RetryAfter, 0)
	return p
}

func isType(resp *http.Response, want string) bool {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(media), want)
}
