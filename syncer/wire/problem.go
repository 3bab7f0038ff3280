package wire

import (
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// Problem is a refusal of central (RFC 9457), and the error that a client sees.
//
//nolint:errname // RFC 9457 calls it a problem.
type Problem struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Detail string      `json:"detail,omitempty"`
	Code   ProblemCode `json:"code"`
	// Epoch is the stream that central takes entries of, for epoch_closed,
	// gap, fork and unknown_branch.
	Epoch int64 `json:"epoch,omitempty"`
	// Wanted is the seq that central needs next, for gap.
	Wanted int64 `json:"wanted_seq,omitempty"`
	// Seq is where the hashes differ and Hash what central has there, for fork.
	Seq  int64       `json:"seq,omitempty"`
	Hash *store.Hash `json:"hash,omitempty"`
	// RetryAfter is the header of that name in seconds; not in the body.
	RetryAfter int `json:"-"`
}

// ProblemCode says in one stable word why central refused.
type ProblemCode string

// The problem codes.
const (
	// ProblemGap: entries before this batch are missing; Wanted says which.
	ProblemGap ProblemCode = "gap"
	// ProblemFork: central has another entry at that seq.
	ProblemFork ProblemCode = "fork"
	// ProblemEpochClosed: a newer epoch took over; Epoch says which.
	ProblemEpochClosed ProblemCode = "epoch_closed"
	// ProblemUnknownBranch: a new epoch does not leave a stream that central has.
	ProblemUnknownBranch ProblemCode = "unknown_branch"
	// ProblemUnauthorized: no key, or one that is not known.
	ProblemUnauthorized ProblemCode = "unauthorized"
	// ProblemRevoked: the store was revoked.
	ProblemRevoked ProblemCode = "revoked"
	// ProblemInvalidBatch: the request is malformed.
	ProblemInvalidBatch ProblemCode = "invalid_batch"
	// ProblemDigest: the body is not what the sender hashed.
	ProblemDigest ProblemCode = "digest_mismatch"
	// ProblemTooLarge: a bound of the protocol was exceeded.
	ProblemTooLarge ProblemCode = "payload_too_large"
	// ProblemRateLimited: too many requests; come back later.
	ProblemRateLimited ProblemCode = "rate_limited"
	// ProblemStorageFull: central's disk is full.
	ProblemStorageFull ProblemCode = "storage_full"
	// ProblemUnavailable: central cannot work at the moment.
	ProblemUnavailable ProblemCode = "unavailable"
	// ProblemUnsupportedVersion: this central does not speak that version.
	ProblemUnsupportedVersion ProblemCode = "unsupported_version"
	// ProblemNotFound: there is no such path or thing.
	ProblemNotFound ProblemCode = "not_found"
)

// statuses are the HTTP statuses of the problem codes.
var statuses = map[ProblemCode]int{
	ProblemGap:                http.StatusConflict,
	ProblemFork:               http.StatusConflict,
	ProblemEpochClosed:        http.StatusConflict,
	ProblemUnknownBranch:      http.StatusConflict,
	ProblemUnauthorized:       http.StatusUnauthorized,
	ProblemRevoked:            http.StatusForbidden,
	ProblemInvalidBatch:       http.StatusBadRequest,
	ProblemDigest:             http.StatusBadRequest,
	ProblemUnsupportedVersion: http.StatusBadRequest,
	ProblemTooLarge:           http.StatusRequestEntityTooLarge,
	ProblemRateLimited:        http.StatusTooManyRequests,
	ProblemStorageFull:        http.StatusInsufficientStorage,
	ProblemUnavailable:        http.StatusServiceUnavailable,
	ProblemNotFound:           http.StatusNotFound,
}

// typeBase is what the type of a problem starts with; the code follows.
const typeBase = "urn:shelfd:sync:"

// NewProblem makes a refusal with the status of its code.
func NewProblem(code ProblemCode, detail string) *Problem {
	status := statuses[code]
	return &Problem{Type: typeBase + string(code), Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

// Error gives the code and the detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return string(p.Code)
	}
	return string(p.Code) + ": " + p.Detail
}
