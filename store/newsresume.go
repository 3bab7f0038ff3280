package store

import (
	"context"
	"encoding/json"
)

// Resume gives the seq after which a reader goes on that was last told of a
// position. That is the position's own seq, unless the ledger branched since:
// what came after the branch may be other facts than those that the reader
// knows, so it goes on from there, and is told of what it knows again rather
// than of less than there is. It is never beyond the newest entry.
func (l *Ledger) Resume(ctx context.Context, last Position) (int64, error) {
	head := l.Head()
	seq, epoch := min(last.Seq, head.Seq), last.Epoch
	for head.Seq > 0 && epoch < head.Epoch {
		opened, err := l.epochAfter(ctx, epoch, head.Seq)
		if err != nil {
			return 0, err
		}
		epoch = opened.Epoch
		if opened.Event == nil || opened.Event.Type != EventEpoch {
			continue // the epoch that the ledger was founded with
		}
		var body epochOpened
		if err := json.Unmarshal(opened.Event.Body, &body); err != nil {
			return 0, err
		}
		seq = min(seq, body.Seq)
	}
	return seq, nil
}

// epochAfter gives the first entry of an epoch later than one, which there is
// at or before newest: they never decrease along the ledger.
func (l *Ledger) epochAfter(ctx context.Context, epoch, newest int64) (*Entry, error) {
	lowest := int64(1)
	for lowest < newest {
		middle := lowest + (newest-lowest)/2
		e, err := readEntry(ctx, l.h, middle)
		if err != nil {
			return nil, err
		}
		if e.Epoch > epoch {
			newest = middle
		} else {
			lowest = middle + 1
		}
	}
	return readEntry(ctx, l.h, lowest)
}
