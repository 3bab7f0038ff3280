package central

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

const copyEntries = `COPY entry (store, seq, recorded_at, occurred_at, change, after, reserved_after, prev_seq, item,
  kind, late, hash, body, salt, notes, key, key_count, key_at, key_outcome) FROM STDIN BINARY`

// insert stores lines with the columns that folding gave them; rows may be
// shorter than lines. It is one round trip.
func (s *session) insert(ctx context.Context, lines []wire.Line, rows []columns) error {
	size := 0
	for n := range lines {
		size += len(lines[n].Bytes) + 256
	}
	b := copyBuffer{buf: make([]byte, 0, size)}
	b.buf = append(b.buf, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	for n := range lines {
		var row columns
		if n < len(rows) {
			row = rows[n]
		}
		b.entry(s.id, &lines[n], &row)
	}
	b.short(-1)
	_, err := s.conn.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(b.buf), copyEntries)
	return err
}

// copyBuffer writes PostgreSQL's binary copy format, version 1 (manual, COPY).
type copyBuffer struct{ buf []byte }

const entryFields = 19

func (b *copyBuffer) entry(id store.ID, l *wire.Line, c *columns) {
	b.short(entryFields)
	b.bytes(id[:])
	b.long(l.Seq)
	known, balance := c.kind != 0, c.item != 0
	b.optional(int64(c.recordedAt), known)
	b.optional(int64(c.occurredAt), known && c.occurredAt != c.recordedAt)
	b.optional(c.change, c.kind == store.KindMovement || c.kind == store.KindHold)
	b.optional(c.after, balance)
	b.optional(c.reservedAfter, balance)
	b.optional(c.prev, c.prev != 0)
	b.number(int32(c.item), balance)
	b.small(int16(c.kind), true)
	b.small(c.late, c.late != 0)
	b.bytes(l.Hash[:])
	b.bytes(l.Bytes)
	b.beside(l)
}

func (b *copyBuffer) beside(l *wire.Line) {
	if l.Notes != nil {
		b.bytes(l.Notes.Salt[:])
		b.bytes([]byte(l.Notes.Body))
	} else {
		b.null()
		b.null()
	}
	k := l.Key
	if k == nil {
		k = &store.Key{}
		b.null()
	} else {
		b.bytes(append(k.Hash[:len(k.Hash):len(k.Hash)], k.Print[:]...))
	}
	b.optional(k.Count, l.Key != nil)
	b.optional(int64(k.At), l.Key != nil)
	if k.Outcome != nil {
		b.bytes(k.Outcome)
	} else {
		b.null()
	}
}

func (b *copyBuffer) short(v int16) { b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(v)) }

func (b *copyBuffer) length(n int) { b.buf = binary.BigEndian.AppendUint32(b.buf, uint32(n)) }

func (b *copyBuffer) null() { b.length(-1) }

func (b *copyBuffer) bytes(v []byte) {
	b.length(len(v))
	b.buf = append(b.buf, v...)
}

func (b *copyBuffer) long(v int64) {
	b.length(8)
	b.buf = binary.BigEndian.AppendUint64(b.buf, uint64(v))
}

// optional writes NULL unless there is something.
func (b *copyBuffer) optional(v int64, some bool) {
	if !some {
		b.null()
		return
	}
	b.long(v)
}

func (b *copyBuffer) number(v int32, some bool) {
	if !some {
		b.null()
		return
	}
	b.length(4)
	b.buf = binary.BigEndian.AppendUint32(b.buf, uint32(v))
}

func (b *copyBuffer) small(v int16, some bool) {
	if !some {
		b.null()
		return
	}
	b.length(2)
	b.short(v)
}
