package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/shelfd/shelfd/store"
)

// entryStart and besideStart are what lines start with.
const (
	entryStart  = `{"v":`
	besideStart = `{"beside":`
)

// appendBeside appends the line of what lies beside an entry, without its
// line break.
func appendBeside(b []byte, notes *store.Text, key *store.Key) []byte {
	b = append(b, besideStart+`{`...)
	if notes != nil {
		b = appendNotes(b, notes)
		if key != nil {
			b = append(b, ',')
		}
	}
	if key != nil {
		b = appendKey(b, key)
	}
	return append(b, "}}"...)
}

// appendNotes writes text that is no UTF-8 in base64, so that it stays what
// its digest was made of.
func appendNotes(b []byte, notes *store.Text) []byte {
	b = appendBytes(b, `"salt":"`, notes.Salt[:])
	if utf8.ValidString(notes.Body) {
		return store.AppendString(append(b, `,"notes":`...), notes.Body)
	}
	return appendBytes(b, `,"notes_base64":"`, []byte(notes.Body))
}

func appendKey(b []byte, k *store.Key) []byte {
	b = appendBytes(b, `"key":{"hash":"`, k.Hash[:])
	b = appendBytes(b, `,"print":"`, k.Print[:])
	b = strconv.AppendInt(append(b, `,"count":`...), k.Count, 10)
	b = strconv.AppendInt(append(b, `,"at":`...), int64(k.At), 10)
	if len(k.Outcome) > 0 {
		b = appendBytes(b, `,"outcome":"`, k.Outcome)
	}
	return append(b, '}')
}

// appendBytes appends key, which ends with an opening quote, and base64.
func appendBytes(b []byte, key string, v []byte) []byte {
	return append(base64.RawURLEncoding.AppendEncode(append(b, key...), v), '"')
}

// besideLine is what beside lines hold. Members that are not named here are
// of a newer program and left out.
type besideLine struct {
	Beside struct {
		Salt        *encoded `json:"salt"`
		Notes       *string  `json:"notes"`
		NotesBase64 *encoded `json:"notes_base64"`
		Key         *struct {
			Hash    encoded `json:"hash"`
			Print   encoded `json:"print"`
			Count   int64   `json:"count"`
			At      int64   `json:"at"`
			Outcome encoded `json:"outcome"`
		} `json:"key"`
	} `json:"beside"`
}

// encoded is bytes in unpadded base64 of RFC 4648, section 5.
type encoded []byte

// UnmarshalText reads base64.
func (e *encoded) UnmarshalText(b []byte) (err error) {
	*e, err = base64.RawURLEncoding.Strict().DecodeString(string(b))
	return err
}

var (
	errBesideUTF8  = errors.New("it is not UTF-8")
	errBesideNotes = errors.New("notes need a salt of 16 bytes and one text")
	errBesideKey   = errors.New("a key needs a hash and a print of 16 bytes, and a count from 1")
)

// readBeside sets what a beside line says about its entry.
func (l *Line) readBeside(line []byte) error {
	if !utf8.Valid(line) {
		return errBesideUTF8
	}
	var v besideLine
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	return errors.Join(l.readNotes(&v), l.readKey(&v))
}

func (l *Line) readNotes(v *besideLine) error {
	b := &v.Beside
	if b.Salt == nil && b.Notes == nil && b.NotesBase64 == nil {
		return nil
	}
	l.Notes = &store.Text{}
	if b.Salt == nil || len(*b.Salt) != len(l.Notes.Salt) || (b.Notes == nil) == (b.NotesBase64 == nil) {
		return errBesideNotes
	}
	copy(l.Notes.Salt[:], *b.Salt)
	if b.Notes != nil {
		l.Notes.Body = *b.Notes
	} else {
		l.Notes.Body = string(*b.NotesBase64)
	}
	return nil
}

func (l *Line) readKey(v *besideLine) error {
	k := v.Beside.Key
	if k == nil {
		return nil
	}
	l.Key = &store.Key{Seq: l.Seq, Count: k.Count, At: store.Instant(k.At), Outcome: k.Outcome}
	if len(k.Hash) != len(l.Key.Hash) || len(k.Print) != len(l.Key.Print) || k.Count < 1 {
		return errBesideKey
	}
	copy(l.Key.Hash[:], k.Hash)
	copy(l.Key.Print[:], k.Print)
	return nil
}

// isEntry tells an entry's line from one beside it.
func isEntry(line []byte) bool { return bytes.HasPrefix(line, []byte(entryStart)) }
