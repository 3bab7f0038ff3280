package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
)

// ParseEntry reads the canonical bytes of an entry. It accepts exactly what
// AppendEntry writes, so that parsing and writing again gives the same bytes;
// anything else, such as an entry of a newer version, is invalid_request.
func ParseEntry(b []byte) (*Entry, error) {
	s := scanner{b: b}
	e := s.entry()
	if s.failed || s.at != len(b) {
		return nil, refuse(CodeInvalid, "No canonical entry of version 1: wrong at byte %d.", s.at)
	}
	if !bytes.Equal(AppendEntry(nil, e), b) {
		return nil, refuse(CodeInvalid, "Entry %s is not in canonical form.", e.Position)
	}
	return e, nil
}

// scanner walks canonical bytes in their fixed field order.
type scanner struct {
	b      []byte
	at     int
	failed bool
}

func (s *scanner) entry() *Entry {
	s.must(`{"v":1,"id":`)
	e := &Entry{Position: s.position()}
	s.must(`,"kind":`)
	e.Kind = s.kind()
	s.must(`,"occurred_at":`)
	e.OccurredAt = Instant(s.integer())
	s.must(`,"recorded_at":`)
	e.RecordedAt = Instant(s.integer())
	e.ClockOK = !s.has(`,"clock_ok":false`)
	e.Actor = s.optional(`,"actor":`)
	e.Terminal = s.optional(`,"terminal":`)
	e.Source = s.optional(`,"source":`)
	e.ExternalID = s.optional(`,"external_id":`)
	if s.has(`,"line":`) {
		e.Line = s.integer()
	}
	if s.has(`,"again":`) {
		e.Again = s.position()
	}
	if s.has(`,"notes_digest":`) {
		e.NotesDigest = s.base64()
	}
	if s.failed {
		return e
	}
	switch e.Kind {
	case KindMovement:
		e.Movement = s.movement()
	case KindHold:
		e.Hold = s.hold()
	case KindDocument:
		e.Document = &Document{Type: DocumentType(s.optional(`,"document":`)), ID: s.id(`,"of":`), Body: s.body()}
	case KindEvent:
		e.Event = &Event{Type: EventType(s.optional(`,"event":`)), Body: s.body()}
	}
	s.must(`}`)
	return e
}

func (s *scanner) movement() *Movement {
	m := &Movement{Item: s.id(`,"item":`)}
	m.Change = s.quantity(`,"quantity_change":`)
	m.After = s.quantity(`,"quantity_after":`)
	m.ReservedAfter = s.quantity(`,"reserved_after":`)
	m.Reason, _ = ParseReason(s.optional(`,"reason_code":`))
	m.SubReason = s.optional(`,"sub_reason":`)
	m.Reference = s.optional(`,"reference":`)
	m.Transfer = s.id(`,"transfer":`)
	if s.has(`,"reverses":`) {
		m.Reverses = s.position()
	}
	m.Reservation = s.id(`,"reservation":`)
	m.ValueChange = Money(s.quantity(`,"value_change":`))
	if s.has(`,"flags":`) {
		m.Flags = Flag(s.integer())
	}
	s.failed = s.failed || m.Reason == 0
	return m
}

func (s *scanner) hold() *Hold {
	h := &Hold{Item: s.id(`,"item":`)}
	h.ReservedChange = s.quantity(`,"reserved_change":`)
	h.After = s.quantity(`,"quantity_after":`)
	h.ReservedAfter = s.quantity(`,"reserved_after":`)
	h.Reservation = s.id(`,"reservation":`)
	if s.has(`,"expires_at":`) {
		h.ExpiresAt = Instant(s.integer())
	}
	h.Why = s.optional(`,"why":`)
	h.Reference = s.optional(`,"reference":`)
	return h
}

// has consumes text when it comes next.
func (s *scanner) has(text string) bool {
	if s.failed || len(s.b)-s.at < len(text) || string(s.b[s.at:s.at+len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

func (s *scanner) must(text string) {
	if !s.has(text) {
		s.failed = true
	}
}

// run consumes the bytes up to the first that ends a number.
func (s *scanner) run() []byte {
	from := s.at
	for s.at < len(s.b) && s.b[s.at] != ',' && s.b[s.at] != '}' {
		s.at++
	}
	return s.b[from:s.at]
}

func (s *scanner) integer() int64 {
	n, err := strconv.ParseInt(string(s.run()), 10, 64)
	s.failed = s.failed || err != nil
	return n
}

func (s *scanner) quantity(key string) Quantity {
	s.must(key)
	n, err := parseFixed(string(s.run()), maxInt64)
	s.failed = s.failed || err != nil
	return Quantity(n)
}

// text consumes a JSON string.
func (s *scanner) text() string {
	if s.must(`"`); s.failed {
		return ""
	}
	end, escaped := s.at, false
	for end < len(s.b) && s.b[end] != '"' {
		if s.b[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	if end >= len(s.b) {
		s.failed = true
		return ""
	}
	raw := s.b[s.at-1 : end+1]
	s.at = end + 1
	if !escaped {
		return string(raw[1 : len(raw)-1])
	}
	var text string
	s.failed = json.Unmarshal(raw, &text) != nil
	return text
}

func (s *scanner) optional(key string) string {
	if !s.has(key) {
		return ""
	}
	return s.text()
}

func (s *scanner) id(key string) (id ID) {
	if !s.has(key) {
		return id
	}
	id, ok := ParseID(s.text())
	s.failed = s.failed || !ok
	return id
}

func (s *scanner) position() Position {
	p, ok := ParsePosition(s.text())
	s.failed = s.failed || !ok
	return p
}

func (s *scanner) base64() []byte {
	b, err := base64.RawURLEncoding.DecodeString(s.text())
	s.failed = s.failed || err != nil
	return b
}

func (s *scanner) kind() Kind {
	name := s.text()
	for k := KindMovement; k <= KindEvent; k++ {
		if kindNames[k] == name {
			return k
		}
	}
	s.failed = true
	return 0
}

// body consumes the JSON value that ends one byte before the last.
func (s *scanner) body() json.RawMessage {
	s.must(`,"body":`)
	end := len(s.b) - 1
	if s.failed || end <= s.at || !json.Valid(s.b[s.at:end]) {
		s.failed = true
		return nil
	}
	raw := s.b[s.at:end:end]
	s.at = end
	return raw
}
