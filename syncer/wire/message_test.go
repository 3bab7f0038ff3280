package wire_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// messages are examples of all messages, as the specification shows them.
func messages() map[string]any {
	at := wire.Time(1769509860004)
	hash := hashAfter(4)
	gap := wire.NewProblem(wire.ProblemGap, "Entry 3 is wanted next.")
	gap.Epoch, gap.Wanted = 1, 3
	fork := wire.NewProblem(wire.ProblemFork, "Entry 3 is another one here.")
	fork.Epoch, fork.Seq, fork.Hash = 1, 3, &hash
	closed := wire.NewProblem(wire.ProblemEpochClosed, "Epoch 2 goes on instead.")
	closed.Epoch = 2
	return map[string]any{
		"enrolment":  &wire.Enrolment{Code: "K7Q2-M4XD-9TRA", Store: store.ID{0x01, 0x9b, 6: 0x70, 15: 1}, Name: "Main Street", Version: "1.0.0"},
		"enrolled":   &wire.Enrolled{Key: "shelfd_0000000000000000000000000000000000000000000", Name: "Main Street", ServerTime: at},
		"cursor_new": &wire.Cursor{Epoch: 1, ServerTime: at, Limits: wire.DefaultLimits},
		"cursor": &wire.Cursor{
			Epoch: 2, AckedSeq: 4, AckedHash: hash, Branch: "1-2", Commands: 7, ServerTime: at, SyncedAt: at, Limits: wire.DefaultLimits,
			At: &wire.Point{Seq: 2, Hash: hashAfter(2)},
		},
		"ack": &wire.Ack{
			Epoch: 1, AckedSeq: 6, AckedHash: hash, SyncedAt: at, Commands: 7,
			Verdicts: []wire.Verdict{{Seq: 5, Code: wire.VerdictUnparsed, Detail: "Written by a newer program."}},
		},
		"compare":              &wire.Compare{Epoch: 1, Seq: 4, Hash: hash, Digest: store.Hash{1}},
		"compared":             &wire.Compared{Equal: true, SyncedAt: at},
		"commands":             &wire.Commands{Commands: []wire.Command{{N: 7, Kind: "threshold", Body: json.RawMessage(`{"sku":"FLW-001","threshold":5}`), CreatedAt: at}}, Newest: 7},
		"problem_gap":          gap,
		"problem_fork":         fork,
		"problem_epoch_closed": closed,
		"problem_revoked":      wire.NewProblem(wire.ProblemRevoked, ""),
	}
}

func TestMessage_has_the_form_of_the_specification(t *testing.T) {
	for name, m := range messages() {
		path := filepath.Join("testdata", "message", name+".json")
		if updating() {
			write(t, path, indented(t, m))
		}
		want := file(t, path)
		if got := indented(t, m); !bytes.Equal(got, want) {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
		read := reflect.New(reflect.TypeOf(m).Elem()).Interface()
		if err := json.Unmarshal(want, read); err != nil || !bytes.Equal(indented(t, read), want) {
			t.Errorf("%s is read as %+v, %v", name, read, err)
		}
	}
}

func TestMessage_every_problem_has_a_status_and_a_type(t *testing.T) {
	for code, status := range map[wire.ProblemCode]int{
		wire.ProblemGap: 409, wire.ProblemFork: 409, wire.ProblemEpochClosed: 409, wire.ProblemUnknownBranch: 409,
		wire.ProblemUnauthorized: 401, wire.ProblemRevoked: 403, wire.ProblemInvalidBatch: 400, wire.ProblemDigest: 400,
		wire.ProblemUnsupportedVersion: 400, wire.ProblemTooLarge: 413, wire.ProblemRateLimited: 429, wire.ProblemStorageFull: 507,
		wire.ProblemUnavailable: 503, wire.ProblemNotFound: 404,
	} {
		if p := wire.NewProblem(code, ""); p.Status != status || p.Type != "urn:shelfd:sync:"+string(code) || p.Title == "" {
			t.Errorf("%s is %+v", code, p)
		}
	}
}

func TestHealth_is_read_as_it_was_written_and_never_refused(t *testing.T) {
	want := wire.Health{Head: store.Position{Epoch: 2, Seq: 400}, Version: "1.0.0", LowStock: 3, Time: 1769509860004}
	h := make(map[string][]string)
	want.Header(h)
	if got := wire.ReadHealth(h); got != want {
		t.Errorf("read as %+v", got)
	}
	odd := map[string][]string{"Sync-Head": {"x"}, "Sync-Program": {"a\x00b"}, "Sync-Low-Stock": {"-5"}, "Sync-Time": {"today"}}
	if got := wire.ReadHealth(odd); got != (wire.Health{}) {
		t.Errorf("nonsense is read as %+v", got)
	}
}
