package store

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

// coder reads or writes the full state: the same walk over the fields does
// both, so that the two cannot differ.
type coder struct {
	w     *bufio.Writer
	r     *bufio.Reader
	sum   hash.Hash32
	err   error
	buf   []byte
	words map[string]string
}

// residue is the checksum of anything followed by its own checksum.
var residue = crc32.Checksum(make([]byte, 4), crc32.MakeTable(crc32.Castagnoli))

func newWriter(w io.Writer) *coder {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	return &coder{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10), sum: sum}
}

func newReader(r io.Reader) *coder {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	return &coder{r: bufio.NewReaderSize(io.TeeReader(r, sum), 64<<10), sum: sum, words: map[string]string{}}
}

var errState = errors.New("the saved state is cut short or damaged")

func (c *coder) writing() bool { return c.w != nil }

func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *coder) put(b []byte) {
	if _, err := c.w.Write(b); err != nil {
		c.fail(err)
	}
}

func (c *coder) take(n int) []byte {
	if n < 0 || n > 1<<26 || c.err != nil {
		c.fail(errState)
		return make([]byte, 32)
	}
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	b := c.buf[:n]
	if _, err := io.ReadFull(c.r, b); err != nil {
		c.fail(errState)
	}
	return b
}

// number codes one signed number of any integer type.
func number[T ~int | ~int64 | ~uint8](c *coder, v *T) {
	if c.writing() {
		c.buf = binary.AppendVarint(c.buf[:0], int64(*v))
		c.put(c.buf)
		return
	}
	n, err := binary.ReadVarint(c.r)
	if err != nil {
		c.fail(errState)
	}
	*v = T(n)
}

func (c *coder) bool(v *bool) {
	n := 0
	if *v {
		n = 1
	}
	number(c, &n)
	*v = n != 0
}

func (c *coder) id(v *ID) {
	if c.writing() {
		c.put(v[:])
		return
	}
	copy(v[:], c.take(len(v)))
}

func (c *coder) hash(v *Hash) {
	if c.writing() {
		c.put(v[:])
		return
	}
	copy(v[:], c.take(len(v)))
}

func text[T ~string](c *coder, v *T) {
	n := len(*v)
	number(c, &n)
	if c.writing() {
		c.put([]byte(*v))
		return
	}
	*v = T(c.take(n))
}

// word codes a text that many records share, and keeps one copy of it.
func word[T ~string](c *coder, v *T) {
	text(c, v)
	if c.writing() {
		return
	}
	if one, ok := c.words[string(*v)]; ok {
		*v = T(one)
		return
	}
	c.words[string(*v)] = string(*v)
}

func (c *coder) threshold(v **Quantity) {
	has := *v != nil
	c.bool(&has)
	if !has {
		return
	}
	if !c.writing() {
		*v = new(Quantity)
	}
	number(c, *v)
}

// json codes a record of which there are few.
func (c *coder) json(v any) {
	var raw string
	if c.writing() {
		raw = string(encodeDocument(v))
	}
	text(c, &raw)
	if c.writing() || c.err != nil {
		return
	}
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		c.fail(err)
	}
}

// list codes a list: its length, then each element by each. Reading, made
// gives a fresh element.
func list[T any](c *coder, values []T, made func() T, each func(T)) []T {
	n := len(values)
	number(c, &n)
	if !c.writing() {
		if n < 0 || n > 1<<28 {
			c.fail(errState)
			return nil
		}
		values = make([]T, 0, min(n, 1<<20))
	}
	for i := range n {
		if c.err != nil {
			return values
		}
		if !c.writing() {
			values = append(values, made())
		}
		each(values[i])
	}
	return values
}
