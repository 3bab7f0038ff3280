package store

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"
)

// tx is one command being decided: what it may read, and the entries it has
// written so far. The writer keeps or drops them as one.
type tx struct {
	s       *state
	rules   *Rules
	store   ID
	req     Request
	now     Instant
	clockOK bool
	// keeper compares the wall clock with the time that is recorded.
	keeper  *timekeeper
	newID   func() ID
	newSalt func() [16]byte

	rows    []Row
	receipt Receipt
	tokens  []*Token
	erased  []int64
	// keys are those of commands that were appended again.
	keys    []Key
	touched []ID
	// scratch is for hashing: previous hash and bytes side by side.
	scratch []byte
}

// write completes an entry, folds it into the draft and queues it. The
// entry's own fields win over the request's; one that was appended before
// keeps who it came from.
func (t *tx) write(e *Entry) (any, error) {
	e.Position = Position{Epoch: max(e.Epoch, t.s.draft.Epoch), Seq: t.s.draft.Seq + 1}
	e.RecordedAt, e.ClockOK = t.now, t.clockOK
	if e.OccurredAt == 0 {
		e.OccurredAt = t.now
	}
	if e.Again.IsZero() {
		e.Actor, e.Terminal, e.Source = t.req.Actor, t.req.Terminal, t.req.Source
	}
	if e.Notes != nil {
		digest := e.Notes.Digest()
		e.NotesDigest = digest[:]
	}
	row := Row{Entry: e, Bytes: AppendEntry(make([]byte, 0, 448), e)}
	if !utf8.Valid(row.Bytes) {
		return nil, refuse(CodeInvalid, "The request holds text that is not UTF-8.")
	}
	if limit := MaxEntryBytes; len(row.Bytes) > limit && (e.Again.IsZero() || len(row.Bytes) > limit+againBytes) {
		return nil, refuse(CodePayloadTooLarge, "This would make an entry of %d bytes; at most %d are allowed.", len(row.Bytes), MaxEntryBytes)
	}
	id := e.itemID()
	if was, ok := t.s.items.get(id); ok {
		row.Prev = was.Seq
	}
	of, err := t.s.apply(e)
	if err != nil {
		return nil, err
	}
	row.Hash = t.s.draft.Hash.next(row.Bytes, &t.scratch)
	t.s.draft = Head{Epoch: e.Epoch, Seq: e.Seq, Hash: row.Hash, RecordedAt: e.RecordedAt}
	fact := Fact{Entry: e, Of: of}
	if !id.IsZero() {
		fact.After, _ = t.s.items.get(id)
		row.Item, row.After, row.ReservedAfter = fact.After.No, fact.After.Quantity, fact.After.Reserved
		t.touched = append(t.touched, id)
	}
	t.rows = append(t.rows, row)
	t.receipt.Facts = append(t.receipt.Facts, fact)
	return of, nil
}

// againBytes is how much longer an entry may be that comes again: its position
// before, and longer balances.
const againBytes = 256

// event writes an event entry.
func (t *tx) event(kind EventType, body any) error {
	_, err := t.write(&Entry{Kind: KindEvent, Event: &Event{Type: kind, Body: encodeDocument(body)}})
	return err
}

// document writes a new version of a document.
func (t *tx) document(kind DocumentType, id ID, body any) (any, error) {
	return t.write(&Entry{Kind: KindDocument, Document: &Document{Type: kind, ID: id, Body: encodeDocument(body)}})
}

// finish writes what follows from the command's entries: low-stock crossings.
func (t *tx) finish() error {
	for i := 0; i < len(t.touched); i++ {
		for _, low := range t.s.crossings(t.touched[i]) {
			if err := t.event(EventLowStock, low); err != nil {
				return err
			}
		}
	}
	return nil
}

// note makes erasable text, nil for none.
func (t *tx) note(text string) *Text {
	if text == "" {
		return nil
	}
	return &Text{Salt: t.newSalt(), Body: text}
}

// checkOccurred refuses a moment that is too far ahead or too old.
func (t *tx) checkOccurred(at Instant) *Error {
	switch {
	case at == 0:
		return nil
	case at > t.now.Add(futureLimit):
		return refuse(CodeFutureTime, "occurred_at %s is in the future; it is %s here.", at, t.now).at("/occurred_at")
	case at < minInstant:
		return refuse(CodeInvalid, "occurred_at %s is before 2000.", at).at("/occurred_at")
	case at < t.now.Add(-t.rules.BackdateLimit) && !t.req.Manager:
		return refuse(CodeBackdateLimit, "occurred_at %s is more than %d days ago; a manager may book it.",
			at, int(t.rules.BackdateLimit/(24*time.Hour))).at("/occurred_at")
	}
	return nil
}

// minInstant is 2000-01-01T00:00:00Z; nothing in this field is older.
const minInstant Instant = 946_684_800_000

// item finds an item that is not archived.
func (t *tx) item(id ID, pointer string) (*Item, *Error) {
	item, ok := t.s.items.get(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no inventory item %s.", id).at(pointer)
	}
	return item, nil
}

// checkVersion refuses when a version was asked for and it is another.
func checkVersion(want, have int64) *Error {
	if want != 0 && want != have {
		return refuse(CodeStaleVersion, "It has changed: its version is %d, not %d. Read it again.", have, want)
	}
	return nil
}

// changed tells whether a document differs from the version before.
func changed(before, after any) bool {
	a, errA := json.Marshal(before)
	b, errB := json.Marshal(after)
	return errA != nil || errB != nil || !bytes.Equal(a, b)
}
