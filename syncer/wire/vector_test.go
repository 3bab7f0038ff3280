package wire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// vector is a batch as it travels and what it holds: the body is in the file
// .zst beside it, the lines in .ndjson.
type vector struct {
	About   string            `json:"about"`
	Headers map[string]string `json:"headers"`
	Entries []vectorEntry     `json:"entries"`
}

type vectorEntry struct {
	Seq         int64      `json:"seq"`
	Hash        store.Hash `json:"hash"`
	Salt        []byte     `json:"salt,omitempty"`
	Notes       string     `json:"notes,omitempty"`
	NotesBase64 []byte     `json:"notes_base64,omitempty"`
	Key         *vectorKey `json:"key,omitempty"`
}

type vectorKey struct {
	Hash    []byte `json:"hash"`
	Print   []byte `json:"print"`
	Count   int64  `json:"count"`
	At      int64  `json:"at"`
	Outcome string `json:"outcome,omitempty"`
}

// Entries of a small ledger, as the specification shows them.
var (
	openingLines = []string{
		`{"v":1,"id":"1-1","kind":"document","occurred_at":1769509800123,"recorded_at":1769509800123,"actor":"setup","source":"cli","document":"location","of":"019bfe4e-5a01-7000-8000-000000000001","body":{"id":"019bfe4e-5a01-7000-8000-000000000001","name":"Main Street","time_zone":"America/Chicago","currency":"USD"}}`,
		`{"v":1,"id":"1-2","kind":"document","occurred_at":1769509801000,"recorded_at":1769509801000,"actor":"setup","source":"cli","document":"product","of":"019bfe4e-5a01-7000-8000-000000000002","body":{"id":"019bfe4e-5a01-7000-8000-000000000002","sku":"FLW-001","name":"Meadow \u0026 Sons \"3.5\""}}`,
		`{"v":1,"id":"1-3","kind":"movement","occurred_at":1769509860000,"recorded_at":1769509860004,"actor":"019bfe4e-5a01-7000-8000-0000000000a1","terminal":"till-1","source":"api","notes_digest":"` + digestOf(salt, "left on the counter\n") + `","item":"019bfe4e-5a01-7000-8000-000000000003","quantity_change":-2.5,"quantity_after":17.5,"reserved_after":0,"reason_code":"SALE","reference":"order-1001","value_change":-62.50}`,
		`{"v":1,"id":"1-4","kind":"hold","occurred_at":1769509861000,"recorded_at":1769509861000,"clock_ok":false,"actor":"019bfe4e-5a01-7000-8000-0000000000a1","terminal":"till-1","source":"api","item":"019bfe4e-5a01-7000-8000-000000000003","reserved_change":1,"quantity_after":17.5,"reserved_after":1,"reservation":"019bfe4e-5a01-7000-8000-000000000004","expires_at":1769510761000,"why":"created"}`,
	}
	// The entries 1-3 and 1-4 of the ledger were lost with a disk; a backup that
	// ended with 1-2 goes on as epoch 2 and appends 1-3 again.
	branchLines = []string{
		`{"v":1,"id":"2-3","kind":"event","occurred_at":1769513400000,"recorded_at":1769513400000,"actor":"system","source":"system","event":"epoch_opened","body":{"from_epoch":1,"seq":2,"hash":"` + hashText(2) + `","reason":"restored"}}`,
		`{"v":1,"id":"2-4","kind":"movement","occurred_at":1769509860000,"recorded_at":1769513400010,"actor":"019bfe4e-5a01-7000-8000-0000000000a1","terminal":"till-1","source":"api","again":"1-3","notes_digest":"` + digestOf(salt, "left on the counter\n") + `","item":"019bfe4e-5a01-7000-8000-000000000003","quantity_change":-2.5,"quantity_after":17.5,"reserved_after":0,"reason_code":"SALE","reference":"order-1001","value_change":-62.50}`,
	}
	salt = [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff}
	key  = store.Key{Hash: [16]byte{0: 0xa0, 15: 1}, Print: [16]byte{0: 0xb0, 15: 2}, Count: 1, At: 1769509860004, Outcome: []byte(`{"facts":[0]}`)}
)

func digestOf(salt [16]byte, body string) string {
	sum := (&store.Text{Salt: salt, Body: body}).Digest()
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func hashAfter(seq int) (h store.Hash) {
	for _, line := range openingLines[:seq] {
		h = h.Next([]byte(line))
	}
	return h
}

// batchOf encodes lines as the entries after a head.
func batchOf(t testing.TB, epoch int64, branch store.Position, after store.Head, beside map[int64]wire.Line, lines ...string) *wire.Batch {
	t.Helper()
	e := wire.NewEncoder()
	e.Start(epoch, branch, after)
	for _, line := range lines {
		after.Seq, after.Hash = after.Seq+1, after.Hash.Next([]byte(line))
		e.Add(&store.Stored{Seq: after.Seq, Bytes: []byte(line), Hash: after.Hash, Notes: beside[after.Seq].Notes}, beside[after.Seq].Key)
	}
	b, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vectors are the batches of the specification.
func vectors(t testing.TB) map[string]vectorOf {
	left := &store.Text{Salt: salt, Body: "left on the counter\n"}
	return map[string]vectorOf{
		"opening": {
			"The first entries of a ledger; one has a note and an idempotency key beside it.",
			batchOf(t, 1, store.Position{}, store.Head{}, map[int64]wire.Line{3: {Notes: left, Key: &key}}, openingLines...),
		},
		"branch": {
			"A new epoch after entry 2 of the one before; the first entry opens it, the second appends a fact again.",
			batchOf(t, 2, store.Position{Epoch: 1, Seq: 2}, store.Head{Seq: 2, Hash: hashAfter(2)}, map[int64]wire.Line{4: {Notes: left, Key: &key}}, branchLines...),
		},
		"newer": {
			"Entries that this version cannot read: of a newer version, with bytes that are no UTF-8, and with notes that are none.",
			batchOf(t, 1, store.Position{}, store.Head{Seq: 4, Hash: hashAfter(4)}, map[int64]wire.Line{6: {Notes: &store.Text{Salt: salt, Body: "\xff\x00 no text"}}},
				`{"v":2,"anything":["that", "is one line"]}`, "{\"v\":1,\"id\":\"1-6\",\"kind\":\"event\xff\"}"),
		},
		"empty": {"No entries: a question where central stands.", batchOf(t, 1, store.Position{}, store.Head{Seq: 4, Hash: hashAfter(4)}, nil)},
	}
}

type vectorOf struct {
	about string
	batch *wire.Batch
}

// updating tells that golden files are to be written anew.
func updating() bool { return os.Getenv("UPDATE_GOLDEN") != "" }

func TestVector_batches_of_the_specification_are_read_as_it_says(t *testing.T) {
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "batch", name)
			if updating() {
				writeVector(t, path, v)
			}
			want := readVector(t, path)
			h := http.Header{}
			for k, v := range want.Headers {
				h.Set(k, v)
			}
			in, err := wire.ReadBatch(bytes.NewReader(file(t, path+".zst")), h)
			if err != nil {
				t.Fatal(err)
			}
			if got := entriesOf(in); !slices.EqualFunc(got, want.Entries, func(a, b vectorEntry) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("entries\n got %+v\nwant %+v", got, want.Entries)
			}
			if got := linesOf(t, v.batch.Body); !bytes.Equal(got, file(t, path+".ndjson")) {
				t.Errorf("encoding gives other lines:\n%s", got)
			}
			sent := http.Header{}
			v.batch.Header(sent)
			sent.Del(wire.HeaderDigest)
			h.Del(wire.HeaderDigest)
			if !reflect.DeepEqual(sent, h) {
				t.Errorf("headers\n got %v\nwant %v", sent, h)
			}
			if head := in.Head(); head.Seq != v.batch.Last || head.Hash != v.batch.Hash {
				t.Errorf("ends at %d %x, was sent up to %d %x", head.Seq, head.Hash, v.batch.Last, v.batch.Hash)
			}
		})
	}
}

func TestVector_entries_of_version_1_are_canonical(t *testing.T) {
	for _, line := range slices.Concat(openingLines, branchLines) {
		if _, err := store.ParseEntry([]byte(line)); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
	}
}

func writeVector(t *testing.T, path string, v vectorOf) {
	h := http.Header{}
	v.batch.Header(h)
	in, err := wire.ReadBatch(bytes.NewReader(v.batch.Body), h)
	if err != nil {
		t.Fatal(err)
	}
	out := vector{About: v.about, Headers: map[string]string{}, Entries: entriesOf(in)}
	for name := range h {
		out.Headers[name] = h.Get(name)
	}
	write(t, path+".json", indented(t, out))
	write(t, path+".zst", v.batch.Body)
	write(t, path+".ndjson", linesOf(t, v.batch.Body))
}

func readVector(t *testing.T, path string) (v vector) {
	t.Helper()
	if err := json.Unmarshal(file(t, path+".json"), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func entriesOf(in *wire.Incoming) (list []vectorEntry) {
	for _, l := range in.Lines {
		v := vectorEntry{Seq: l.Seq, Hash: l.Hash}
		if l.Notes != nil {
			if v.Salt, v.Notes = l.Notes.Salt[:], l.Notes.Body; v.Notes[0] == 0xff {
				v.Notes, v.NotesBase64 = "", []byte(l.Notes.Body)
			}
		}
		if k := l.Key; k != nil {
			v.Key = &vectorKey{Hash: k.Hash[:], Print: k.Print[:], Count: k.Count, At: int64(k.At), Outcome: string(k.Outcome)}
		}
		list = append(list, v)
	}
	return list
}

// linesOf decompresses a body.
func linesOf(t testing.TB, body []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var lines bytes.Buffer
	if _, err := z.WriteTo(&lines); err != nil {
		t.Fatal(err)
	}
	return lines.Bytes()
}

func indented(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func hashText(seq int) string {
	h := hashAfter(seq)
	return hex.EncodeToString(h[:])
}
