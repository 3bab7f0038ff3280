package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// refusal is a batch that must be refused, and how.
type refusal struct {
	About   string            `json:"about"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Status  int               `json:"status"`
	Code    wire.ProblemCode  `json:"code"`
}

const goodLine = `{"v":1,"id":"1-1","kind":"event","occurred_at":1,"recorded_at":1,"event":"recovered","body":null}` + "\n"

// refusals are the batches that the specification says are refused.
func refusals(t testing.TB) map[string]refusal {
	list := map[string]refusal{
		"line_without_end":          broken(t, goodLine[:len(goodLine)-1], wire.ProblemInvalidBatch, "The last line does not end."),
		"line_of_neither_kind":      broken(t, goodLine+`{"w":1}`+"\n", wire.ProblemInvalidBatch, "A line starts like no entry and like nothing beside one."),
		"empty_line":                broken(t, goodLine+"\n", wire.ProblemInvalidBatch, "A line is empty."),
		"entry_too_long":            broken(t, `{"v":1,"x":"`+strings.Repeat("x", wire.MaxEntryLine)+`"}`+"\n", wire.ProblemTooLarge, "An entry is longer than 64 KiB."),
		"line_of_10_MB":             broken(t, goodLine+`{"beside":{"salt":"`+strings.Repeat("x", 10<<20)+`"}}`+"\n", wire.ProblemTooLarge, "A line has 10 MB."),
		"too_many_entries":          broken(t, strings.Repeat(goodLine, wire.MaxEntries+1), wire.ProblemTooLarge, "1,001 entries."),
		"bomb":                      broken(t, strings.Repeat("\x00", 256<<20), wire.ProblemTooLarge, "A few kilobytes that decompress to 256 MB."),
		"beside_without_entry":      broken(t, `{"beside":{"salt":"AAAAAAAAAAAAAAAAAAAAAA","notes":""}}`+"\n"+goodLine, wire.ProblemInvalidBatch, "The first line is beside no entry."),
		"beside_twice":              broken(t, goodLine+strings.Repeat(`{"beside":{"salt":"AAAAAAAAAAAAAAAAAAAAAA","notes":""}}`+"\n", 2), wire.ProblemInvalidBatch, "An entry has two lines beside it."),
		"beside_no_utf8":            broken(t, goodLine+"{\"beside\":{\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"notes\":\"\xff\"}}\n", wire.ProblemInvalidBatch, "Notes are no UTF-8."),
		"beside_no_json":            broken(t, goodLine+`{"beside":{"salt":`+"\n", wire.ProblemInvalidBatch, "A beside line is cut."),
		"notes_without_salt":        broken(t, goodLine+`{"beside":{"notes":"x"}}`+"\n", wire.ProblemInvalidBatch, "Notes have no salt."),
		"notes_in_both_forms":       broken(t, goodLine+`{"beside":{"salt":"AAAAAAAAAAAAAAAAAAAAAA","notes":"x","notes_base64":"eA"}}`+"\n", wire.ProblemInvalidBatch, "Notes come as text and as base64."),
		"key_of_15_bytes":           broken(t, goodLine+`{"beside":{"key":{"hash":"AAAAAAAAAAAAAAAAAAAA","print":"AAAAAAAAAAAAAAAAAAAAAA","count":1,"at":1}}}`+"\n", wire.ProblemInvalidBatch, "A key's hash is short."),
		"key_of_no_entry":           broken(t, goodLine+`{"beside":{"key":{"hash":"AAAAAAAAAAAAAAAAAAAAAA","print":"AAAAAAAAAAAAAAAAAAAAAA","count":0,"at":1}}}`+"\n", wire.ProblemInvalidBatch, "A key belongs to no entry."),
		"not_zstd":                  headed(t, refusal{About: "The body is not compressed.", Code: wire.ProblemInvalidBatch, Body: []byte(goodLine)}, nil),
		"cut":                       headed(t, refusal{About: "The body is cut, and its digest is that of the rest.", Code: wire.ProblemInvalidBatch, Body: compressed(t, strings.Repeat(goodLine, 9))[:60]}, nil),
		"window_too_large":          headed(t, refusal{About: "Decompressing asks for a window of 32 MiB.", Code: wire.ProblemTooLarge, Body: wideWindow(t)}, nil),
		"digest_missing":            placed(t, "There is no digest.", wire.ProblemDigest, map[string]string{wire.HeaderDigest: ""}),
		"digest_of_another_body":    placed(t, "The digest is of another body.", wire.ProblemDigest, map[string]string{wire.HeaderDigest: wire.Digest(nil)}),
		"type_missing":              placed(t, "The media type is another.", wire.ProblemInvalidBatch, map[string]string{"Content-Type": wire.TypeJSON}),
		"epoch_zero":                placed(t, "Epochs count from 1.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderEpoch: "0"}),
		"epoch_with_sign":           placed(t, "Numbers have no sign.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderEpoch: "+1"}),
		"first_missing":             placed(t, "The first seq is missing.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderFirst: ""}),
		"first_out_of_range":        placed(t, "The first seq is near the end of 64 bits.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderFirst: "9223372036854775807"}),
		"previous_in_capitals":      placed(t, "Hashes are in lower case.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderPrevious: strings.Repeat("A", 64)}),
		"previous_short":            placed(t, "The previous hash has 63 digits.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderPrevious: strings.Repeat("0", 63)}),
		"branch_of_the_same_epoch":  placed(t, "A branch is of an earlier epoch.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderEpoch: "2", wire.HeaderBranch: "2-1", wire.HeaderFirst: "5"}),
		"branch_that_is_no_seq":     placed(t, "A branch is a position.", wire.ProblemInvalidBatch, map[string]string{wire.HeaderEpoch: "2", wire.HeaderBranch: "1", wire.HeaderFirst: "5"}),
		"incompressible_and_larger": headed(t, refusal{About: "The body has more than 4 MiB.", Code: wire.ProblemTooLarge}, nil),
	}
	return list
}

// broken is a refusal because of the lines of a batch.
func broken(t testing.TB, lines string, code wire.ProblemCode, about string) refusal {
	t.Helper()
	return headed(t, refusal{About: about, Code: code, Body: compressed(t, lines)}, nil)
}

// placed is a refusal because of its headers.
func placed(t testing.TB, about string, code wire.ProblemCode, changes map[string]string) refusal {
	t.Helper()
	return headed(t, refusal{About: about, Code: code, Body: compressed(t, goodLine)}, changes)
}

func headed(t testing.TB, r refusal, changes map[string]string) refusal {
	t.Helper()
	h := http.Header{}
	b := batchOf(t, 1, store.Position{}, store.Head{}, nil)
	b.Body, b.Digest = r.Body, wire.Digest(r.Body)
	b.Header(h)
	r.Headers = map[string]string{}
	for name := range h {
		r.Headers[name] = h.Get(name)
	}
	maps.Copy(r.Headers, changes)
	r.Status = wire.NewProblem(r.Code, "").Status
	return r
}

func compressed(t testing.TB, lines string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var body bytes.Buffer
	z.Reset(&body)
	if _, err := io.WriteString(z, lines); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

func wideWindow(t testing.TB) []byte {
	t.Helper()
	var body bytes.Buffer
	z, err := zstd.NewWriter(&body, zstd.WithWindowSize(32<<20))
	if err != nil {
		t.Fatal(err)
	}
	// Flushed, so that the frame does not say that it is small.
	_, err = io.WriteString(z, goodLine)
	if err = errors.Join(err, z.Flush(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

func TestRefused_batches_of_the_specification_are_refused_as_it_says(t *testing.T) {
	dir := filepath.Join("testdata", "refused")
	var names []string
	for name, r := range refusals(t) {
		names = append(names, name)
		if updating() {
			write(t, filepath.Join(dir, name+".json"), indented(t, r))
		}
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		t.Run(name, func(t *testing.T) {
			var r refusal
			if err := json.Unmarshal(file(t, filepath.Join(dir, name+".json")), &r); err != nil {
				t.Fatal(err)
			}
			if name == "incompressible_and_larger" {
				r.Body = bytes.Repeat([]byte("too large"), wire.MaxBody/8)
			}
			h := http.Header{}
			for k, v := range r.Headers {
				h.Set(k, v)
			}
			_, err := wire.ReadBatch(bytes.NewReader(r.Body), h)
			p, ok := errors.AsType[*wire.Problem](err)
			if !ok || p.Code != r.Code || p.Status != r.Status || p.Detail == "" {
				t.Fatalf("%s\n got %v\nwant %s", r.About, err, r.Code)
			}
		})
	}
}

func TestRefused_a_body_that_ends_early_may_be_sent_again(t *testing.T) {
	h := http.Header{}
	b := batchOf(t, 1, store.Position{}, store.Head{}, nil, openingLines...)
	b.Header(h)
	_, err := wire.ReadBatch(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(b.Body))), h)
	if p, ok := errors.AsType[*wire.Problem](err); !ok || p.Code != wire.ProblemUnavailable {
		t.Fatal(err)
	}
}

func TestRefused_a_bomb_takes_no_more_memory_than_a_batch(t *testing.T) {
	r := refusals(t)["bomb"]
	h := http.Header{}
	for k, v := range r.Headers {
		h.Set(k, v)
	}
	if len(r.Body) > 64<<10 {
		t.Fatalf("the bomb has %d bytes", len(r.Body))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := wire.ReadBatch(bytes.NewReader(r.Body), h); err == nil {
		t.Fatal("it was accepted")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8*wire.MaxBatch {
		t.Fatalf("it takes %d bytes", got)
	}
}
