package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// columns are what folding adds to the row of an entry; the zero columns are
// those of an entry that is not folded.
type columns struct {
	kind                   store.Kind
	item, prev             int64
	change                 int64
	after, reservedAfter   int64
	recordedAt, occurredAt store.Instant
	late                   int16
}

// folding is what folding some lines made.
type folding struct {
	// rows are the columns of the lines that were folded.
	rows  []columns
	items []store.ItemRecord
	docs  []store.DocumentRecord
	// versions are the documents that the folded lines made, items too.
	versions []version
	// newest is what was folded before; newer items are new rows of stock.
	newest int64
	done   []done
	// erased are the entries whose notes go.
	erased   []int64
	dispatch []Dispatch
	// said are the verdicts about the lines, folded or not.
	said []wire.Verdict
}

// version names one version of a document.
type version struct {
	id  store.ID
	seq int64
}

// done is what a store says about a command.
type done struct {
	store.CommandDone
	seq int64
	at  store.Instant
}

// fold folds lines that follow what is folded, as far as it can: what comes
// after an entry that it cannot use waits. Lines that do not follow are only
// looked at.
func (s *session) fold(ctx context.Context, lines []wire.Line) (*folding, error) {
	f := &folding{newest: s.folded}
	var entries []*store.Entry
	for n := range lines {
		e, err := s.c.parse(lines[n].Bytes)
		if err != nil {
			f.say(lines[n].Seq, wire.VerdictUnparsed, err)
		} else if len(entries) == n {
			entries = append(entries, e)
		}
	}
	if lines[0].Seq != s.folded+1 {
		return f, nil
	}
	if err := s.load(ctx, entries); err != nil {
		return nil, err
	}
	for n, e := range entries {
		if err := f.apply(s, e, &lines[n]); err != nil {
			f.say(lines[n].Seq, codeOf(err), err)
			break
		}
	}
	f.items, f.docs = s.replica.Changed()
	s.folded, s.items = s.replica.Head().Seq, s.replica.Items()
	s.recordedAt = s.replica.Head().RecordedAt
	return f, f.send(ctx, s)
}

// codeOf tells what this program is too old for from what does not fit.
func codeOf(err error) wire.VerdictCode {
	if errors.Is(err, store.ErrNewer) {
		return wire.VerdictUnparsed
	}
	return wire.VerdictInconsistent
}

func (f *folding) say(seq int64, code wire.VerdictCode, err error) {
	f.said = append(f.said, wire.Verdict{Seq: seq, Code: code, Detail: fmt.Sprintf("%.500s", err)})
}

// apply folds one entry and notes what it means beside stock.
func (f *folding) apply(s *session, e *store.Entry, l *wire.Line) error {
	row, err := s.replica.Apply(e, l.Seq, l.Hash)
	if err != nil {
		return err
	}
	c := columns{
		kind: e.Kind, item: row.Item, prev: row.Prev, after: int64(row.After), reservedAfter: int64(row.ReservedAfter),
		recordedAt: e.RecordedAt, occurredAt: e.OccurredAt,
	}
	switch e.Kind {
	case store.KindMovement:
		c.change, c.late = int64(e.Movement.Change), int16(e.Lateness())
	case store.KindHold:
		c.change, c.late = int64(e.Hold.ReservedChange), int16(e.Lateness())
	case store.KindDocument:
		f.versions = append(f.versions, version{e.Document.ID, e.Seq})
	case store.KindEvent:
		f.event(e)
	}
	f.rows = append(f.rows, c)
	return nil
}

// event notes what an event means here. A body of a newer program means
// nothing yet.
func (f *folding) event(e *store.Entry) {
	switch e.Event.Type {
	case store.EventCommand:
		d := done{seq: e.Seq, at: e.RecordedAt}
		if json.Unmarshal(e.Event.Body, &d.CommandDone) == nil {
			f.done = append(f.done, d)
		}
	case store.EventNotesErased:
		if at := store.ErasedBy(e); !at.IsZero() {
			f.erased = append(f.erased, at.Seq)
		}
	}
}
