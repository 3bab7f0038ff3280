package cmd

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// sheetRecordLimit is the most bytes of one CSV record, line breaks in quotes
// included; it bounds what a quote that is never closed can swallow.
const sheetRecordLimit = 1 << 20

// sheetDecode gives the text of a CSV file as UTF-8 and the name of its
// encoding. A byte-order mark outranks the name asked for.
func sheetDecode(r *bufio.Reader, name string) (io.Reader, string, error) {
	asked, err := sheetEncoding(name)
	if err != nil {
		return nil, "", err
	}
	mark, _ := r.Peek(3)
	switch {
	case string(mark) == "\xEF\xBB\xBF":
		_, err := r.Discard(3)
		return r, "utf-8", err
	case len(mark) >= 2 && (string(mark[:2]) == "\xFF\xFE" || string(mark[:2]) == "\xFE\xFF"):
		asked, name = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16"
	case asked == nil:
		return r, "utf-8", nil
	}
	return asked.NewDecoder().Reader(r), strings.ToLower(name), nil
}

// sheetEncoding gives the encoding of a name; nil is UTF-8.
func sheetEncoding(name string) (encoding.Encoding, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8":
		return nil, nil
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "windows-1252", "cp1252", "iso-8859-1", "latin1":
		return charmap.Windows1252, nil
	}
	return nil, sheetError{Value: name, Message: "is no encoding: utf-8, utf-16 or windows-1252."}
}

// sheetText hands UTF-8 text to a CSV reader with every line ended by a line
// feed, and stops with a sheetError at the first thing that is no text. It
// keeps track of quotes, which a CSV reader does not tell about.
type sheetText struct {
	src       *bufio.Reader
	pending   []byte // encoded but not yet handed over
	delivered int64  // bytes handed over
	record    int64  // delivered when the last record ended
	line, col int    // of the last character, from 1
	quoted    bool   // inside quotes
	closed    bool   // the last character closed quotes
	quoteLine int    // where the quotes that are or were last open began
	err       error
}

// Read is that of io.Reader.
func (t *sheetText) Read(p []byte) (int, error) {
	n := copy(p, t.pending)
	t.pending = t.pending[n:]
	for t.err == nil && n < len(p) {
		var one [utf8.UTFMax]byte
		k := t.char(one[:])
		done := copy(p[n:], one[:k])
		t.pending = append(t.pending, one[done:k]...)
		n += done
	}
	t.delivered += int64(n)
	if t.delivered-t.record > sheetRecordLimit && t.err == nil {
		t.err = t.tooLong()
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.err
}

// char reads one character into p and gives its length, 0 when t.err is set.
func (t *sheetText) char(p []byte) int {
	r, size, err := t.src.ReadRune()
	if err != nil {
		t.err = err
		return 0
	}
	t.col++
	if r == utf8.RuneError && size == 1 || r == 0 {
		t.err = t.fault(r)
		return 0
	}
	if r == '\r' {
		if next, _ := t.src.Peek(1); len(next) == 1 && next[0] == '\n' {
			_, _ = t.src.Discard(1)
		}
		r = '\n'
	}
	t.quote(r)
	if r == '\n' {
		t.line, t.col = t.line+1, 0
		if !t.quoted {
			t.record = t.delivered
		}
	}
	return utf8.EncodeRune(p, r)
}

// quote follows quotes; a doubled one does not open anew.
func (t *sheetText) quote(r rune) {
	if r != '"' {
		t.closed = false
		return
	}
	if !t.quoted && !t.closed {
		t.quoteLine = t.line
	}
	t.closed, t.quoted = t.quoted, !t.quoted
}

func (t *sheetText) fault(r rune) sheetError {
	p := sheetError{Line: t.line, Fatal: true}
	if r == 0 {
		p.Message = fmt.Sprintf("character %d is a NUL byte. If the file was saved as Unicode text, import it with --encoding utf-16; otherwise it is no CSV file.", t.col)
		return p
	}
	_ = t.src.UnreadRune()
	b, _ := t.src.Peek(1)
	p.Message = fmt.Sprintf("character %d is the byte 0x%02X, which is not UTF-8. If the file was saved by Excel as plain CSV, import it with --encoding windows-1252.", t.col, b[0])
	return p
}

func (t *sheetText) tooLong() sheetError {
	if t.quoted {
		return sheetError{Line: t.quoteLine, Fatal: true, Message: "the quote opened on this line is not closed within 1 MiB."}
	}
	return sheetError{Line: t.line, Fatal: true, Message: "the line is longer than 1 MiB."}
}

// sheetCounter counts what is read through it.
type sheetCounter struct {
	r io.Reader
	n *atomic.Int64
}

// Read is that of io.Reader.
func (c sheetCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
