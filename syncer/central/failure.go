package central

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// The codes of failures that are not central's own problem codes.
const (
	// CodeUnreachable: no connection, or it broke.
	CodeUnreachable = "unreachable"
	// CodeTimeout: no whole answer in time.
	CodeTimeout = "timeout"
	// CodeTLS: the other side could not prove that it is central.
	CodeTLS = "tls"
	// CodeNotCentral: something answered that is not central.
	CodeNotCentral = "not_central"
	// CodeBadAck: central acknowledged what is not in this ledger.
	CodeBadAck = "bad_ack"
	// CodeFork: central has other entries than this ledger.
	CodeFork = "fork"
	// CodeSuperseded: another copy of this ledger goes on.
	CodeSuperseded = "superseded"
	// CodeMoved: the data directory belongs to another machine.
	CodeMoved = "moved"
	// CodeDiffers: central folds the same entries to another stock.
	CodeDiffers = "differs"
	// CodeTail: what central holds beyond a backup could not be brought back.
	CodeTail = "tail"
	// CodeCommands: the numbers of commands do not continue.
	CodeCommands = "commands"
)

// maxRetryAfter bounds how long anybody can send the store away.
const maxRetryAfter = time.Hour

// failed classifies what became of a request. resp may be nil. It gives
// *syncer.Failure, or the error of ctx when that ended.
func failed(ctx context.Context, resp *http.Response, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := &syncer.Failure{Class: syncer.Retry, RetryAfter: retryAfter(resp), Err: err}
	if p, ok := errors.AsType[*wire.Problem](err); ok {
		refused(f, p)
		return f
	}
	f.Code, f.Detail = CodeUnreachable, "Central cannot be reached."
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Code, f.Detail = CodeTimeout, "Central did not answer in time."
	case isTLS(err):
		f.Code, f.Detail = CodeTLS, "The other side could not prove that it is central: "+cause(err).Error()+"."
	case broke(err):
	case errors.Is(err, wire.ErrNotOurs):
		f.Code, f.Detail = CodeNotCentral, "Something between here and central answered in its place, such as a login page or a proxy."
	}
	return f
}

// refused says what a refusal of central means.
func refused(f *syncer.Failure, p *wire.Problem) {
	f.Code, f.Detail = string(p.Code), p.Detail
	switch p.Code {
	case wire.ProblemUnauthorized, wire.ProblemRevoked:
		f.Class = syncer.Pause
	case wire.ProblemEpochClosed:
		superseded(f)
	case wire.ProblemFork, wire.ProblemUnknownBranch:
		f.Class, f.Code = syncer.Pause, CodeFork
	case wire.ProblemGap, wire.ProblemDigest:
		// What is there was asked again before, or the body was damaged.
	default:
		if !retried(p.Status) {
			f.Class = syncer.Alarm
		}
	}
}

func superseded(f *syncer.Failure) {
	f.Class, f.Code = syncer.Pause, CodeSuperseded
	f.Detail = "Another copy of this ledger goes on at central. Run shelfd adopt on the machine that shall go on."
}

// retried tells the statuses that may go away by themselves.
func retried(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, int64(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter)
}

// broke tells whether the connection ended within an answer.
func broke(err error) bool {
	_, reset := errors.AsType[*net.OpError](err)
	return reset || errors.Is(err, io.ErrUnexpectedEOF)
}

func isTLS(err error) bool { return cause(err) != nil }

// cause is why TLS failed, nil when something else did.
func cause(err error) error {
	if v, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return v.Err
	}
	if v, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return v
	}
	if v, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return v
	}
	if v, ok := errors.AsType[tls.AlertError](err); ok {
		return v
	}
	return nil
}

// isProblem tells whether err is one of these refusals.
func isProblem(err error, codes ...wire.ProblemCode) bool {
	p, ok := errors.AsType[*wire.Problem](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if p.Code == code {
			return true
		}
	}
	return false
}
