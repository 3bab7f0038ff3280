package central_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// key is what the fake's only store is known by.
const key = "shelfd_0123456789"

// fake is the smallest central: it keeps entries in memory, checks the chain,
// and folds nothing. TestContract holds it against package central.
type fake struct {
	t testing.TB
	// before sees every request first; true means that it has answered.
	before func(w http.ResponseWriter, r *http.Request) bool
	// after sees a batch that was taken, before it is acknowledged; true means
	// that it has answered.
	after func(w http.ResponseWriter, ack *wire.Ack) bool
	// digest is what central's own fold comes to.
	digest func() [32]byte

	mu       sync.Mutex
	revoked  bool
	epoch    int64
	streams  map[int64]*fakeStream
	commands []wire.Command
	told     chan struct{}
	asked    []string
	health   wire.Health
	refolded int
	// forks counts the batches that did not continue the chain.
	forks int
}

// fakeStream is a whole stream, what it shares with earlier ones too.
type fakeStream struct {
	branch store.Position
	lines  []wire.Line
}

func newFake(t testing.TB) *fake {
	return &fake{t: t, epoch: 1, streams: map[int64]*fakeStream{1: {}}, told: make(chan struct{}, 16)}
}

func (s *fakeStream) hash(seq int64) (h store.Hash, ok bool) {
	if seq == 0 {
		return h, true
	}
	if seq > int64(len(s.lines)) {
		return h, false
	}
	return s.lines[seq-1].Hash, true
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/sync/v1/"))
	f.health = wire.ReadHealth(r.Header)
	before, revoked := f.before, f.revoked
	f.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	switch {
	case r.URL.Path == wire.PathEnroll:
		f.enroll(w, r)
	case r.Header.Get("Authorization") != "Bearer "+key:
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemUnauthorized, "No such key."))
	case revoked:
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemRevoked, "This store was revoked."))
	case r.URL.Path == wire.PathCursor:
		f.cursor(w, r)
	case r.URL.Path == wire.PathEntries && r.Method == http.MethodPost:
		f.push(w, r)
	case r.URL.Path == wire.PathEntries:
		f.read(w, r)
	case r.URL.Path == wire.PathCompare:
		f.compare(w, r)
	case r.URL.Path == wire.PathCommands:
		f.listen(w, r)
	default:
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemNotFound, ""))
	}
}

func (f *fake) enroll(w http.ResponseWriter, r *http.Request) {
	var e wire.Enrolment
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Code != "CODE" || e.Store.IsZero() {
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemUnauthorized, "No such code."))
		return
	}
	wire.WriteAnswer(w, http.StatusOK, &wire.Enrolled{Key: key, Name: e.Name})
}

func (f *fake) cursor(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	head := f.head()
	c := &wire.Cursor{
		Epoch: f.epoch, AckedSeq: head.Seq, AckedHash: head.Hash, Branch: f.streams[f.epoch].branch.String(),
		Commands: int64(len(f.commands)), Limits: wire.DefaultLimits,
	}
	asked := r.URL.Query().Get(wire.ParamAt)
	at, ok := store.ParsePosition(asked)
	if asked != "" && !ok {
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemInvalidBatch, ""))
		return
	}
	if f.streams[at.Epoch] != nil {
		if hash, ok := f.streams[at.Epoch].hash(at.Seq); ok {
			c.At = &wire.Point{Seq: at.Seq, Hash: hash}
		}
	}
	wire.WriteAnswer(w, http.StatusOK, c)
}

// head is where the open stream ends; the lock is held.
func (f *fake) head() store.Head {
	s := f.streams[f.epoch]
	h := store.Head{Epoch: f.epoch, Seq: int64(len(s.lines))}
	h.Hash, _ = s.hash(h.Seq)
	return h
}

func (f *fake) push(w http.ResponseWriter, r *http.Request) {
	in, err := wire.ReadBatch(r.Body, r.Header)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	f.mu.Lock()
	ack, err := f.take(in)
	after := f.after
	f.mu.Unlock()
	switch {
	case err != nil:
		wire.WriteProblem(w, err)
	case after == nil || !after(w, ack):
		wire.WriteAnswer(w, http.StatusOK, ack)
	}
}

// refuse is a refusal that says which stream is open; the lock is held.
func (f *fake) refuse(code wire.ProblemCode) *wire.Problem {
	p := wire.NewProblem(code, "")
	p.Epoch = f.epoch
	return p
}

func (f *fake) gap(wanted int64) *wire.Problem {
	p := f.refuse(wire.ProblemGap)
	p.Wanted = wanted
	return p
}

// fork refuses what is not what it has at seq.
func (f *fake) fork(seq int64, have *store.Hash) *wire.Problem {
	f.forks++
	p := f.refuse(wire.ProblemFork)
	p.Seq, p.Hash = seq, have
	return p
}

// take does the steps of the specification; the lock is held.
func (f *fake) take(in *wire.Incoming) (*wire.Ack, error) {
	if in.Epoch < f.epoch {
		return nil, f.refuse(wire.ProblemEpochClosed)
	}
	if in.Epoch > f.epoch {
		if err := f.branchOff(in); err != nil {
			return nil, err
		}
	}
	s := f.streams[f.epoch]
	if in.Branch != s.branch {
		return nil, f.fork(in.Branch.Seq, nil)
	}
	acked := int64(len(s.lines))
	if in.First > acked+1 {
		return nil, f.gap(acked + 1)
	}
	known := min(int(acked-in.First+1), len(in.Lines))
	last, claimed := in.First-1+int64(known), in.Previous
	if known > 0 {
		claimed = in.Lines[known-1].Hash
	}
	if have, _ := s.hash(last); have != claimed {
		return nil, f.fork(last, &have)
	}
	for _, l := range in.Lines[known:] {
		l.Bytes = bytes.Clone(l.Bytes)
		s.lines = append(s.lines, l)
	}
	head := f.head()
	return &wire.Ack{Epoch: head.Epoch, AckedSeq: head.Seq, AckedHash: head.Hash, SyncedAt: 1769509800000, Commands: int64(len(f.commands))}, nil
}

func (f *fake) branchOff(in *wire.Incoming) error {
	from := f.streams[max(in.Branch.Epoch, 1)]
	unknown := from == nil || int64(len(from.lines)) < in.Branch.Seq
	if in.Branch.IsZero() {
		unknown = len(f.streams[f.epoch].lines) > 0
	}
	switch {
	case unknown:
		return f.refuse(wire.ProblemUnknownBranch)
	case in.First != in.Branch.Seq+1:
		return f.gap(in.Branch.Seq + 1)
	}
	opened := &fakeStream{branch: in.Branch, lines: slices.Clone(from.lines[:in.Branch.Seq])}
	if have, _ := opened.hash(in.Branch.Seq); have != in.Previous || len(in.Lines) == 0 {
		return f.refuse(wire.ProblemUnknownBranch)
	}
	f.epoch, f.streams[in.Epoch] = in.Epoch, opened
	return nil
}

func (f *fake) read(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var number [3]int64
	for n, name := range []string{wire.ParamEpoch, wire.ParamAfter, wire.ParamLimit} {
		var err error
		if number[n], err = strconv.ParseInt(r.URL.Query().Get(name), 10, 64); err != nil {
			wire.WriteProblem(w, wire.NewProblem(wire.ProblemInvalidBatch, ""))
			return
		}
	}
	epoch, after, limit := number[0], number[1], number[2]
	s := f.streams[epoch]
	if s == nil || after > int64(len(s.lines)) {
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemNotFound, ""))
		return
	}
	hash, _ := s.hash(after)
	e := wire.NewEncoder()
	e.Start(epoch, s.branch, store.Head{Seq: after, Hash: hash})
	for seq := after; seq < int64(len(s.lines)) && int64(e.Entries()) < limit; seq++ {
		l := &s.lines[seq]
		e.Add(&store.Stored{Seq: l.Seq, Bytes: l.Bytes, Hash: l.Hash, Notes: l.Notes}, l.Key)
	}
	b, err := e.Finish()
	if err != nil {
		f.t.Error(err)
		return
	}
	wire.WriteBatch(w, b)
}

func (f *fake) compare(w http.ResponseWriter, r *http.Request) {
	var q wire.Compare
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = wire.ReadMessage(body, r.Header, &q)
	}
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	head := f.head()
	switch {
	case q.Epoch < head.Epoch:
		wire.WriteProblem(w, f.refuse(wire.ProblemEpochClosed))
		return
	case q.Epoch != head.Epoch || q.Seq != head.Seq:
		wire.WriteProblem(w, f.gap(head.Seq+1))
		return
	case q.Hash != head.Hash:
		wire.WriteProblem(w, f.fork(head.Seq, &head.Hash))
		return
	}
	wire.WriteAnswer(w, http.StatusOK, &wire.Compared{Equal: q.Digest == f.digest(), Refolded: f.refolded > 0, SyncedAt: 1769509800000})
}

func (f *fake) listen(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.URL.Query().Get(wire.ParamAfter))
	limit, _ := strconv.Atoi(r.URL.Query().Get(wire.ParamLimit))
	wait, _ := strconv.Atoi(r.URL.Query().Get(wire.ParamWait))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(wait)*time.Second)
	defer cancel()
	f.mu.Lock()
	for after >= len(f.commands) && ctx.Err() == nil {
		f.mu.Unlock()
		select {
		case <-f.told:
		case <-ctx.Done():
		}
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	answer := &wire.Commands{Commands: []wire.Command{}, Newest: int64(len(f.commands))}
	if after < len(f.commands) {
		answer.Commands = f.commands[after:min(after+limit, len(f.commands))]
	}
	wire.WriteAnswer(w, http.StatusOK, answer)
}

// command adds a command for the store.
func (f *fake) command(kind, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, wire.Command{N: int64(len(f.commands)) + 1, Kind: kind, Body: json.RawMessage(body)})
	select {
	case f.told <- struct{}{}:
	default:
	}
}

// requests gives what was asked since the last call.
func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

// on sets what happens to requests.
func (f *fake) on(before func(http.ResponseWriter, *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}
