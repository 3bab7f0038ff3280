package store

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// ID names a product, location, lot, item, reservation or transfer. It is a
// UUID (version 7, RFC 9562, so that ids made later sort later) and opaque to
// clients. The zero ID means none.
type ID [16]byte

// ParseID reads the canonical lower-case or upper-case UUID form. ok is false
// for anything else.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, false
	}
	var hexed [32]byte
	n := copy(hexed[:], s[:8])
	n += copy(hexed[n:], s[9:13])
	n += copy(hexed[n:], s[14:18])
	n += copy(hexed[n:], s[19:23])
	copy(hexed[n:], s[24:])
	if _, err := hex.Decode(id[:], hexed[:]); err != nil {
		return ID{}, false
	}
	return id, id != ID{}
}

// IsZero tells whether the id names nothing.
func (i ID) IsZero() bool { return i == ID{} }

// String gives the canonical UUID form, "" for the zero ID.
func (i ID) String() string {
	if i.IsZero() {
		return ""
	}
	return string(i.Append(nil))
}

// Append appends the canonical UUID form.
func (i ID) Append(b []byte) []byte {
	b = append(b, "00000000-0000-0000-0000-000000000000"...)
	text := b[len(b)-36:]
	at := 0
	for n, v := range i {
		if n == 4 || n == 6 || n == 8 || n == 10 {
			at++
		}
		text[at], text[at+1] = hexDigits[v>>4], hexDigits[v&15]
		at += 2
	}
	return b
}

// MarshalText gives the canonical UUID form.
func (i ID) MarshalText() ([]byte, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.Append(nil), nil
}

// UnmarshalText reads the canonical UUID form; the empty text is the zero ID.
func (i *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = ID{}
		return nil
	}
	v, ok := ParseID(string(b))
	if !ok {
		return refuse(CodeInvalid, "%.40q is not an id.", b)
	}
	*i = v
	return nil
}

// Position is the place of an entry: seq counts from 1 without gaps within
// the store's ledger; epoch grows when a ledger is restored and may fork.
type Position struct {
	Epoch int64
	Seq   int64
}

// ParsePosition reads "<epoch>-<seq>". ok is false for anything else.
func ParsePosition(s string) (p Position, ok bool) {
	e, q, found := strings.Cut(s, "-")
	if !found || digitsIn(e) != len(e) || digitsIn(q) != len(q) {
		return Position{}, false
	}
	var err1, err2 error
	p.Epoch, err1 = strconv.ParseInt(e, 10, 64)
	p.Seq, err2 = strconv.ParseInt(q, 10, 64)
	return p, err1 == nil && err2 == nil && p.Epoch > 0 && p.Seq > 0
}

// IsZero tells whether the position names nothing.
func (p Position) IsZero() bool { return p.Seq == 0 }

// String gives "<epoch>-<seq>", the public id of an entry.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return string(p.Append(nil))
}

// Append appends "<epoch>-<seq>".
func (p Position) Append(b []byte) []byte {
	b = strconv.AppendInt(b, p.Epoch, 10)
	return strconv.AppendInt(append(b, '-'), p.Seq, 10)
}
