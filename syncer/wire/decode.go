package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"github.com/shelfd/shelfd/store"
)

// decompressor is shared: DecodeAll is safe for concurrent use.
var decompressor = newDecompressor()

func newDecompressor() *zstd.Decoder {
	// The options are constants, so this cannot fail.
	z, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxBatch), zstd.WithDecoderMaxWindow(MaxWindow))
	return z
}

// ReadBatch reads a batch from a body and its headers, checks its digest,
// bounds and form, and computes the chain. Nothing of it is trusted, and
// nothing is said about what the entries mean. Errors are *Problem: codes
// invalid_batch, digest_mismatch, payload_too_large; unavailable when the body
// ended early.
func ReadBatch(r io.Reader, h http.Header) (*Incoming, error) {
	place, err := readPlace(h)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	switch {
	case err != nil:
		return nil, NewProblem(ProblemUnavailable, "The body could not be read to its end: "+err.Error())
	case len(body) > MaxBody:
		return nil, NewProblem(ProblemTooLarge, fmt.Sprintf("A batch has at most %d bytes.", MaxBody))
	}
	if err := checkDigest(h, body); err != nil {
		return nil, err
	}
	lines, err := expand(body)
	if err != nil {
		return nil, err
	}
	return readLines(place, lines)
}

// ReadMessage reads a message from a body and its headers, and checks its
// digest. Errors are *Problem: codes invalid_batch, digest_mismatch.
func ReadMessage(body []byte, h http.Header, into any) error {
	if err := checkDigest(h, body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return NewProblem(ProblemInvalidBatch, "The body is not the JSON that is wanted here.")
	}
	return nil
}

func checkDigest(h http.Header, body []byte) error {
	if digestFits(h, body) {
		return nil
	}
	return NewProblem(ProblemDigest, HeaderDigest+" is missing or not that of the body.")
}

// readPlace reads the headers that place a batch.
func readPlace(h http.Header) (p Place, err error) {
	if h.Get("Content-Type") != TypeBatch {
		return p, NewProblem(ProblemInvalidBatch, "Content-Type must be "+TypeBatch+".")
	}
	var ok1, ok2, ok3 bool
	p.Epoch, ok1 = parseNumber(h.Get(HeaderEpoch))
	p.First, ok2 = parseNumber(h.Get(HeaderFirst))
	p.Previous, ok3 = parseHash(h.Get(HeaderPrevious))
	if !ok1 || !ok2 || !ok3 {
		return p, NewProblem(ProblemInvalidBatch, HeaderEpoch+", "+HeaderFirst+" and "+HeaderPrevious+" are needed.")
	}
	branch := h.Get(HeaderBranch)
	if p.Epoch == 1 || branch == "" {
		return p, nil
	}
	p.Branch, ok1 = store.ParsePosition(branch)
	if !ok1 || p.Branch.Epoch >= p.Epoch {
		return p, NewProblem(ProblemInvalidBatch, HeaderBranch+" must name an entry of an earlier epoch.")
	}
	return p, nil
}

// parseNumber reads a decimal number from 1 without sign or leading zero.
func parseNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

func expand(body []byte) ([]byte, error) {
	// Movements shrink to a fifth.
	lines, err := decompressor.DecodeAll(body, make([]byte, 0, min(8*len(body)+4096, MaxBatch)))
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, NewProblem(ProblemTooLarge, fmt.Sprintf("A batch has at most %d bytes decompressed and a window of %d.", MaxBatch, MaxWindow))
	case err != nil:
		return nil, NewProblem(ProblemInvalidBatch, "The body is not zstd.")
	}
	return lines, nil
}

func readLines(place Place, b []byte) (*Incoming, error) {
	in := &Incoming{Place: place, Lines: make([]Line, 0, min(bytes.Count(b, []byte("\n")), MaxEntries))}
	for n := 1; len(b) > 0; n++ {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return nil, badLine(n, "it does not end")
		}
		if err := in.add(b[:end:end], n); err != nil {
			return nil, err
		}
		b = b[end+1:]
	}
	return in, in.chain()
}

// add takes the n-th line.
func (i *Incoming) add(line []byte, n int) error {
	if isEntry(line) {
		if len(line) > MaxEntryLine {
			return NewProblem(ProblemTooLarge, fmt.Sprintf("Line %d: an entry has at most %d bytes.", n, MaxEntryLine))
		}
		if len(i.Lines) == MaxEntries {
			return NewProblem(ProblemTooLarge, fmt.Sprintf("A batch has at most %d entries.", MaxEntries))
		}
		i.Lines = append(i.Lines, Line{Seq: i.First + int64(len(i.Lines)), Bytes: line})
		return nil
	}
	switch {
	case !bytes.HasPrefix(line, []byte(besideStart)):
		return badLine(n, "it is neither an entry nor beside one")
	case len(line) > MaxBesideLine:
		return NewProblem(ProblemTooLarge, fmt.Sprintf("Line %d: what is beside an entry has at most %d bytes.", n, MaxBesideLine))
	case len(i.Lines) == 0:
		return badLine(n, "it is beside no entry")
	}
	last := &i.Lines[len(i.Lines)-1]
	if last.Notes != nil || last.Key != nil {
		return badLine(n, "its entry has one already")
	}
	if err := last.readBeside(line); err != nil {
		return badLine(n, err.Error())
	}
	return nil
}

func badLine(n int, why string) error {
	return NewProblem(ProblemInvalidBatch, fmt.Sprintf("Line %d: %s.", n, why))
}

// chain computes the hash of every entry.
func (i *Incoming) chain() error {
	if i.First > maxSeq-int64(len(i.Lines)) {
		return NewProblem(ProblemInvalidBatch, HeaderFirst+" is out of range.")
	}
	h := i.Previous
	var scratch []byte
	for n := range i.Lines {
		h, scratch = next(h, i.Lines[n].Bytes, scratch)
		i.Lines[n].Hash = h
	}
	return nil
}

// maxSeq bounds every seq, so that no sum of them overflows.
const maxSeq = 1 << 60
