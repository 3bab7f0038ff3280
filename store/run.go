package store

import (
	"bytes"
	"slices"
)

// Run is one full or incremental push to a destination that someone asked
// for. Its JSON is the body of the event that a finished run appends.
type Run struct {
	ID          ID        `json:"id"`
	Destination string    `json:"destination,omitempty"`
	SyncType    string    `json:"sync_type"`
	LocationID  ID        `json:"location_id,omitzero"`
	Status      string    `json:"status"`
	RequestedAt Instant   `json:"requested_at"`
	StartedAt   Instant   `json:"started_at,omitempty"`
	FinishedAt  Instant   `json:"finished_at,omitempty"`
	Counts      RunCounts `json:"counts"`
	Error       string    `json:"error,omitempty"`
	// Left is how much a run that goes on still has to do, as far as that is
	// known; it is 0 in one that has finished.
	Left int64 `json:"left,omitempty"`
}

// RunCounts is what a run did, in items.
type RunCounts struct {
	Scanned   int64 `json:"scanned"`
	Sent      int64 `json:"sent"`
	Skipped   int64 `json:"skipped"`
	Rejected  int64 `json:"rejected"`
	WorkItems int64 `json:"work_items"`
}

// keptRuns bounds how many finished runs the fold keeps; older ones are in
// the ledger only.
const keptRuns = 500

// putRun keeps a finished run, and forgets the oldest above the bound. Ids of
// version 7 sort by age.
func (s *state) putRun(r *Run) {
	s.runs.put(r.ID, r)
	if len(s.runs.base)+len(s.runs.batch)+len(s.runs.draft) <= keptRuns {
		return
	}
	var ids []ID
	for _, layer := range []map[ID]*Run{s.runs.base, s.runs.batch, s.runs.draft} {
		for id := range layer {
			if _, kept := s.runs.get(id); kept {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	for _, id := range ids[:max(0, len(ids)-keptRuns)] {
		s.runs.put(id, nil)
	}
}

// The statuses of a run. Those before RunSucceeded are of one that goes on.
const (
	RunQueued    = "queued"
	RunRunning   = "running"
	RunSucceeded = "succeeded"
	RunPartial   = "partial"
	RunFailed    = "failed"
	RunCanceled  = "canceled"
)

// ActiveRun is a run that is queued or running, with what is needed to go on
// with it after the process was killed and to finish it as the same request.
type ActiveRun struct {
	Run
	// Force sends everything, whatever was confirmed before.
	Force bool
	// Key is that of the request that asked for it, nil for none.
	Key *IdempotencyKey
	// Actor, Terminal and Source are those of the request.
	Actor, Terminal, Source string
}

// RunRequest asks for a sync run.
type RunRequest struct {
	// Location is what to sync; the zero ID for all.
	Location ID
	// Type is full or incremental.
	Type string
	// Destination names one of several; "" for the location's own.
	Destination string
	// Force makes a full run send everything, whatever was confirmed.
	Force bool
}

// The types of a run.
const (
	SyncFull        = "full"
	SyncIncremental = "incremental"
)
