package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
)

// conn is one connection, used by one goroutine at a time. Its statements are
// prepared once and kept. Calls take no context: each is short, and a context
// that can end doubles the price of a read.
type conn struct {
	raw   driver.Conn
	stmts map[string]*stmt
}

func connect(ctx context.Context, dsn string) (*conn, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	raw, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{raw: raw, stmts: map[string]*stmt{}}, nil
}

// close closes the statements before the connection: a statement closed
// afterwards would keep it half alive inside SQLite.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.raw.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// script runs any number of statements without arguments.
func (c *conn) script(text string) error {
	_, err := c.raw.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// stmt gives the prepared statement of a query, without arguments.
func (c *conn) stmt(query string) (*stmt, error) {
	if s := c.stmts[query]; s != nil {
		s.n = 0
		return s, nil
	}
	raw, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	s := &stmt{raw: raw, exec: raw.(driver.StmtExecContext), query: raw.(driver.StmtQueryContext)}
	c.stmts[query] = s
	return s, nil
}

// run runs a statement that gives no rows.
func (c *conn) run(query string, args ...driver.Value) error {
	s, err := c.stmt(query)
	if err != nil {
		return err
	}
	return s.values(args).run()
}

// each runs a query and gives every row.
func (c *conn) each(fn func(row) error, query string, args ...driver.Value) error {
	s, err := c.stmt(query)
	if err != nil {
		return err
	}
	return s.values(args).each(fn)
}

// first runs a query and gives its first row, nil when there is none.
func (c *conn) first(query string, args ...driver.Value) (row, error) {
	var found row
	err := c.each(func(r row) error {
		found = r
		return errStop
	}, query, args...)
	return found, err
}

// integer runs a query and gives the number in its first column, 0 for none.
func (c *conn) integer(query string, args ...driver.Value) (int64, error) {
	r, err := c.first(query, args...)
	if r == nil {
		return 0, err
	}
	return r.int(0), err
}

// errStop ends a walk over rows without an error.
var errStop = errors.New("stop")

// stmt is a prepared statement with the arguments of its next call, whose
// memory is used again and again.
type stmt struct {
	raw   driver.Stmt
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	args  []driver.NamedValue
	n     int
	row   row
}

func (s *stmt) value(v driver.Value) *stmt {
	if s.n == len(s.args) {
		s.args = append(s.args, driver.NamedValue{Ordinal: s.n + 1})
	}
	s.args[s.n].Value = v
	s.n++
	return s
}

func (s *stmt) values(args []driver.Value) *stmt {
	for _, v := range args {
		s.value(v)
	}
	return s
}

func (s *stmt) int(v int64) *stmt   { return s.value(v) }
func (s *stmt) blob(v []byte) *stmt { return s.value(v) }
func (s *stmt) null() *stmt         { return s.value(nil) }

// positive binds NULL for zero.
func (s *stmt) positive(v int64) *stmt {
	if v == 0 {
		return s.null()
	}
	return s.value(v)
}

// flag binds 1 or 0.
func (s *stmt) flag(on bool) *stmt {
	if on {
		return s.int(1)
	}
	return s.int(0)
}

// id binds NULL for the zero id.
func (s *stmt) id(v [16]byte) *stmt {
	if v == [16]byte{} {
		return s.null()
	}
	return s.value(v[:])
}

// take gives the arguments and forgets them.
func (s *stmt) take() []driver.NamedValue {
	n := s.n
	s.n = 0
	return s.args[:n]
}

func (s *stmt) run() error {
	_, err := s.exec.ExecContext(context.Background(), s.take())
	return err
}

// each gives every row; fn must not keep the row itself, but may keep what is
// in it. errStop from fn ends the walk well.
func (s *stmt) each(fn func(row) error) (err error) {
	rows, err := s.query.QueryContext(context.Background(), s.take())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if s.row == nil {
		s.row = make(row, len(rows.Columns()))
	}
	for {
		switch err := rows.Next(s.row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch err := fn(s.row); {
		case errors.Is(err, errStop):
			return nil
		case err != nil:
			return err
		}
	}
}

// row is what a query gave. A column that is NULL reads as zero.
type row []driver.Value

func (r row) int(i int) int64 {
	n, _ := r[i].(int64)
	return n
}

func (r row) text(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) blob(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

// fill copies a blob of known length.
func (r row) fill(i int, to []byte) error {
	b := r.blob(i)
	if b != nil && len(b) != len(to) {
		return fmt.Errorf("a blob of %d bytes where %d belong", len(b), len(to))
	}
	copy(to, b)
	return nil
}
