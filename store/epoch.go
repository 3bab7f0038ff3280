package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// lineage is where the ledger comes from and how far it went: the parts of
// the fold that are about the ledger itself.
type lineage struct {
	// branch is the last entry that the current epoch shares with the stream
	// it left, as a position of that stream; hash is the chain's there. Both
	// are zero in a ledger that never branched.
	branch Position
	hash   Hash
	// opened is the first entry of the current epoch.
	opened int64
	// again is the newest entry of that stream that was dealt with.
	again Position
	// command is the number of the newest command from central.
	command int64
}

// The reasons to open an epoch.
const (
	// EpochRestored: the ledger was restored from a backup.
	EpochRestored = "restored"
	// EpochAdopted: a person chose this one of two copies.
	EpochAdopted = "adopted"
)

// OpenEpoch starts a new epoch, because what central holds of this store and
// this ledger are the same up to Branch only. The epoch is one more than the
// newer of the ledger's and Branch's. Opening it twice from the same branch
// does nothing. Codes: invalid_request when the ledger does not have Hash at
// that place.
type OpenEpoch struct {
	// Branch is the last common entry, its epoch that of the stream at
	// central; Hash is the chain's there.
	Branch Position
	Hash   Hash
	// Reason is EpochRestored or EpochAdopted.
	Reason string

	ours Hash
}

// epochOpened is the body of an epoch_opened event.
type epochOpened struct {
	FromEpoch int64  `json:"from_epoch"`
	Seq       int64  `json:"seq"`
	Hash      Hash   `json:"hash"`
	Reason    string `json:"reason"`
}

func (c *OpenEpoch) recall(ctx context.Context, _ Request, j Journal) error {
	stored, err := j.FindEntry(ctx, c.Branch.Seq)
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err == nil {
		c.ours = stored.Hash
	}
	return err
}

func (c *OpenEpoch) decide(t *tx) error {
	var p problems
	if c.Reason != EpochRestored && c.Reason != EpochAdopted {
		p.add(refuse(CodeInvalid, "The reason of a new epoch is restored or adopted.").at("/reason"))
	}
	if c.Branch.Epoch < 1 || c.Branch.Seq < 1 || c.Hash != c.ours || c.Hash == (Hash{}) {
		p.add(refuse(CodeInvalid, "This ledger does not have entry %s with that hash.", c.Branch).at("/branch"))
	}
	if err := p.err(); err != nil {
		return err
	}
	if now := t.s.historyDraft; now.branch == c.Branch && now.hash == c.Hash {
		return nil
	}
	_, err := t.write(&Entry{
		Position: Position{Epoch: max(t.s.draft.Epoch, c.Branch.Epoch) + 1},
		Kind:     KindEvent,
		Event:    &Event{Type: EventEpoch, Body: encodeDocument(epochOpened{c.Branch.Epoch, c.Branch.Seq, c.Hash, c.Reason})},
	})
	return err
}

// applyEpoch notes where the entry's epoch branched.
func (s *state) applyEpoch(e *Entry) error {
	var body epochOpened
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return fmt.Errorf("entry %s: %w", e.Position, err)
	}
	h := &s.historyDraft
	h.branch, h.hash = Position{body.FromEpoch, body.Seq}, body.Hash
	h.again, h.opened = h.branch, e.Seq
	return nil
}

// follows tells whether an entry's epoch continues that of the entry before:
// it changes with an epoch_opened event only, and grows.
func (e *Entry) follows(epoch int64) bool {
	if e.Kind == KindEvent && e.Event.Type == EventEpoch {
		return e.Epoch > epoch
	}
	return e.Epoch == epoch
}

// Branch gives the last entry that the current epoch shares with the stream
// that it left, and its hash; zero for a ledger that never branched.
func (l *Ledger) Branch() (Position, Hash) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.history.branch, l.s.history.hash
}

// Again gives the newest entry of the stream left behind that Reappend has
// dealt with, the branch when there is none yet; zero for a ledger that never
// branched. Its seq may be beyond the rows that were given.
func (l *Ledger) Again() Position {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.history.again
}

// Command gives the number of the newest command from central, 0 for none.
func (l *Ledger) Command() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.history.command
}
