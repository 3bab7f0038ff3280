package store

import (
	"encoding/base64"
	"strconv"
)

// MaxEntryBytes caps the canonical bytes of one entry.
const MaxEntryBytes = 16 << 10

// AppendEntry appends the canonical bytes of an entry, version 1: one JSON
// object, no spaces, fields in the order written here, absent when empty.
// Times are milliseconds since 1970 UTC, amounts exact decimals. These bytes
// are what is hashed, stored and sent, and are never made again from a parsed
// entry.
func AppendEntry(b []byte, e *Entry) []byte {
	b = e.Position.Append(append(b, `{"v":1,"id":"`...))
	b = append(append(b, `","kind":"`...), e.Kind.String()...)
	b = strconv.AppendInt(append(b, `","occurred_at":`...), int64(e.OccurredAt), 10)
	b = strconv.AppendInt(append(b, `,"recorded_at":`...), int64(e.RecordedAt), 10)
	if !e.ClockOK {
		b = append(b, `,"clock_ok":false`...)
	}
	b = appendText(b, `,"actor":`, e.Actor)
	b = appendText(b, `,"terminal":`, e.Terminal)
	b = appendText(b, `,"source":`, e.Source)
	b = appendText(b, `,"external_id":`, e.ExternalID)
	if e.Line != 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), e.Line, 10)
	}
	if !e.Again.IsZero() {
		b = append(e.Again.Append(append(b, `,"again":"`...)), '"')
	}
	if e.NotesDigest != nil {
		b = append(b, `,"notes_digest":"`...)
		b = append(base64.RawURLEncoding.AppendEncode(b, e.NotesDigest), '"')
	}
	switch e.Kind {
	case KindMovement:
		b = e.Movement.append(b)
	case KindHold:
		b = e.Hold.append(b)
	case KindDocument:
		b = appendText(b, `,"document":`, string(e.Document.Type))
		b = appendID(b, `,"of":"`, e.Document.ID)
		b = append(append(b, `,"body":`...), e.Document.Body...)
	case KindEvent:
		b = appendText(b, `,"event":`, string(e.Event.Type))
		b = append(append(b, `,"body":`...), e.Event.Body...)
	}
	return append(b, '}')
}

func (m *Movement) append(b []byte) []byte {
	b = appendID(b, `,"item":"`, m.Item)
	b = m.Change.Append(append(b, `,"quantity_change":`...))
	b = m.After.Append(append(b, `,"quantity_after":`...))
	b = m.ReservedAfter.Append(append(b, `,"reserved_after":`...))
	b = append(append(append(b, `,"reason_code":"`...), m.Reason.String()...), '"')
	b = appendText(b, `,"sub_reason":`, m.SubReason)
	b = appendText(b, `,"reference":`, m.Reference)
	b = appendID(b, `,"transfer":"`, m.Transfer)
	if !m.Reverses.IsZero() {
		b = append(m.Reverses.Append(append(b, `,"reverses":"`...)), '"')
	}
	b = appendID(b, `,"reservation":"`, m.Reservation)
	b = m.ValueChange.Append(append(b, `,"value_change":`...))
	if m.Flags != 0 {
		b = strconv.AppendUint(append(b, `,"flags":`...), uint64(m.Flags), 10)
	}
	return b
}

func (h *Hold) append(b []byte) []byte {
	b = appendID(b, `,"item":"`, h.Item)
	b = h.ReservedChange.Append(append(b, `,"reserved_change":`...))
	b = h.After.Append(append(b, `,"quantity_after":`...))
	b = h.ReservedAfter.Append(append(b, `,"reserved_after":`...))
	b = appendID(b, `,"reservation":"`, h.Reservation)
	if h.ExpiresAt != 0 {
		b = strconv.AppendInt(append(b, `,"expires_at":`...), int64(h.ExpiresAt), 10)
	}
	b = appendText(b, `,"why":`, h.Why)
	return appendText(b, `,"reference":`, h.Reference)
}

// appendID appends key, which ends with an opening quote, and the id.
func appendID(b []byte, key string, id ID) []byte {
	if id.IsZero() {
		return b
	}
	return append(id.Append(append(b, key...)), '"')
}

func appendText(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return AppendString(append(b, key...), s)
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string (RFC 8259, section 7), escaping
// only what must be escaped. Invalid UTF-8 is copied as it is: texts are
// checked where they come in.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	clean := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[clean:i]...)
		clean = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[clean:]...), '"')
}
