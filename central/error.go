package central

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// The SQLSTATEs that decide something (PostgreSQL manual, appendix A).
const (
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
	stateDiskFull      = "53100"
)

// sqlState gives the SQLSTATE of an error, "" for one that PostgreSQL did not
// answer with.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// again tells whether a transaction failed only because of another one.
func again(err error) bool {
	state := sqlState(err)
	return state == stateSerialization || state == stateDeadlock
}

// problemOf turns whatever went wrong into what the store is told. Only known
// refusals say more than that it should come back.
func (c *Central) problemOf(err error, who store.ID) *wire.Problem {
	if p, ok := errors.AsType[*wire.Problem](err); ok {
		return p
	}
	p := wire.NewProblem(wire.ProblemUnavailable, "Head office cannot work at the moment.")
	if sqlState(err) == stateDiskFull {
		p = wire.NewProblem(wire.ProblemStorageFull, "The disk of head office's database is full.")
	}
	p.RetryAfter = spread(who)
	if !gone(err) {
		c.log.Error("a request failed", "store", who.String(), "error", err)
	}
	return p
}

// unreachable tells errors of the way to the database rather than of the database.
func unreachable(err error) bool {
	_, network := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	state := sqlState(err)
	// Class 57 is an operator's intervention such as a shutdown, class 08 the
	// connection, 55P03 and 25P03 are our own time-outs.
	return network || connecting || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, context.DeadlineExceeded) ||
		strings.HasPrefix(state, "57") || strings.HasPrefix(state, "08") || state == "55P03" || state == "25P03"
}

// gone tells errors that only say that the store or the database went away.
func gone(err error) bool {
	return unreachable(err) || errors.Is(err, context.Canceled) || errors.Is(err, errClosed)
}

// retryWindow is over how many seconds stores that are sent away come back.
const retryWindow = 10

// spread gives the seconds after which a store comes back: stores that were
// sent away together do not come back together.
func spread(who store.ID) int {
	h := fnv.New32a()
	_, _ = h.Write(who[:]) // never fails
	return 1 + int(h.Sum32()%retryWindow)
}
