package sqlite

import (
	"context"
	"errors"
	"io"

	"github.com/shelfd/shelfd/store"
)

// chunkBytes is the size of the pieces a full state is kept in, so that
// neither writing nor reading one needs memory for the whole.
const chunkBytes = 256 << 10

// PutState saves a full state in place of the one before, all or nothing. An
// error of write is returned and keeps the one before. Codes as for Append.
func (d *DB) PutState(ctx context.Context, at store.Head, write func(io.Writer) error) error {
	return d.write(ctx, "put state", func(c *conn) error {
		if err := c.run("DELETE FROM state"); err != nil {
			return err
		}
		w := stateWriter{conn: c, at: at, piece: make([]byte, 0, chunkBytes)}
		if err := write(&w); err != nil {
			return err
		}
		return w.flush()
	})
}

// stateWriter cuts what is written to it into rows.
type stateWriter struct {
	conn  *conn
	at    store.Head
	chunk int64
	piece []byte
}

func (w *stateWriter) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(w.piece[len(w.piece):cap(w.piece)], p[n:])
		w.piece = w.piece[:len(w.piece)+k]
		n += k
		if len(w.piece) < cap(w.piece) {
			break
		}
		if err := w.flush(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// flush writes a row, an empty one only when it is the first.
func (w *stateWriter) flush() error {
	if len(w.piece) == 0 && w.chunk > 0 {
		return nil
	}
	err := w.conn.run("INSERT INTO state (chunk, epoch, seq, hash, recorded_at, note, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
		w.chunk, w.at.Epoch, w.at.Seq, w.at.Hash[:], int64(w.at.RecordedAt), w.at.Note, w.piece)
	w.chunk++
	w.piece = w.piece[:0]
	return err
}

// State opens the newest full state; at.Seq is 0 when there is none. Reading
// fails when the state is replaced meanwhile.
func (d *DB) State(ctx context.Context) (at store.Head, r io.ReadCloser, err error) {
	s := &stateReader{ctx: ctx, db: d}
	err = d.read(ctx, "state", func(c *conn) error {
		r, err := c.first("SELECT seq, epoch, hash, recorded_at, note FROM state WHERE chunk = 0")
		if r == nil {
			s.done = true
			return err
		}
		at, err = readHead(r)
		s.seq = at.Seq
		return err
	})
	return at, s, err
}

// stateReader gives the rows of one state as a stream. It holds no connection
// between reads.
type stateReader struct {
	ctx   context.Context
	db    *DB
	seq   int64
	chunk int64
	piece []byte
	done  bool
}

var errReplaced = errors.New("the saved state was replaced while it was read")

// Read gives the next bytes of the state.
func (s *stateReader) Read(p []byte) (int, error) {
	for len(s.piece) == 0 && !s.done {
		if err := s.db.read(s.ctx, "read state", s.next); err != nil {
			return 0, err
		}
	}
	if len(s.piece) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.piece)
	s.piece = s.piece[n:]
	return n, nil
}

// next fetches a row. The one past the last must find the same state still
// there: a shorter one may have taken its place.
func (s *stateReader) next(c *conn) error {
	r, err := c.first("SELECT seq, body FROM state WHERE chunk = ?", s.chunk)
	if err != nil {
		return err
	}
	if r == nil {
		s.done = true
		r, err = c.first("SELECT seq FROM state WHERE chunk = 0")
		if err == nil && (r == nil || r.int(0) != s.seq) {
			return errReplaced
		}
		return err
	}
	if r.int(0) != s.seq {
		return errReplaced
	}
	s.chunk++
	s.piece = r.blob(1)
	return nil
}

// Close ends the reading.
func (s *stateReader) Close() error {
	s.done, s.piece = true, nil
	return nil
}
