package sqlite

import (
	"context"
	"errors"
)

// readers is how many connections read: more do not read faster.
const readers = 4

// pool hands out the reading connections.
type pool struct {
	free   chan *conn
	closed chan struct{}
	size   int
}

func openPool(ctx context.Context, dsn string) (*pool, error) {
	p := &pool{free: make(chan *conn, readers), closed: make(chan struct{})}
	for range readers {
		c, err := connect(ctx, dsn)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.free <- c
		p.size++
	}
	return p, nil
}

var errClosed = errors.New("the ledger is closed")

// with lends a connection to fn, which must end soon.
func (p *pool) with(ctx context.Context, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closed:
		return errClosed
	default:
	}
	select {
	case c := <-p.free:
		defer func() { p.free <- c }()
		return fn(c)
	case <-p.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close waits for those who read.
func (p *pool) close() error {
	close(p.closed)
	var errs []error
	for range p.size {
		errs = append(errs, (<-p.free).close())
	}
	return errors.Join(errs...)
}
