package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// call is one command waiting for its outcome.
type call struct {
	req     Request
	cmd     Command
	receipt Receipt
	err     error
	// replay is the first entry of the command that had the same key.
	replay int64
	// done gets one value when the outcome is there.
	done chan struct{}
}

// answered keeps calls for the next askers.
var answered = sync.Pool{New: func() any { return &call{done: make(chan struct{}, 1)} }}

func newCall(r Request, cmd Command) *call {
	c := answered.Get().(*call)
	*c = call{req: r, cmd: cmd, done: c.done}
	return c
}

// keyring finds the command of an idempotency key; the writer changes it under
// the ledger's lock. Eight bytes of the hash are enough to find the row on
// disk, which has all of it; other keys with the same eight bytes are kept
// whole in clashes.
type keyring struct {
	bySum   map[uint64]int64
	clashes map[[16]byte]int64
}

func sumOf(hash [16]byte) uint64 {
	var n uint64
	for _, b := range hash[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

func (k *keyring) load(ctx context.Context, j Journal, since Instant) error {
	k.bySum, k.clashes = map[uint64]int64{}, map[[16]byte]int64{}
	return j.ScanKeys(ctx, since, func(key Key) error {
		k.put(key)
		return nil
	})
}

func (k *keyring) put(key Key) {
	if _, taken := k.bySum[sumOf(key.Hash)]; taken {
		k.clashes[key.Hash] = key.Seq
		return
	}
	k.bySum[sumOf(key.Hash)] = key.Seq
}

func (k *keyring) len() int { return len(k.bySum) + len(k.clashes) }

// find gives the seq under which a key may be on disk, 0 for certainly not.
func (k *keyring) find(hash [16]byte) int64 {
	if seq, ok := k.clashes[hash]; ok {
		return seq
	}
	return k.bySum[sumOf(hash)]
}

// outcome is what a key's row remembers of a bulk or import: the fact of each
// line, and the refusals.
type outcome struct {
	Facts  []int            `json:"facts"`
	Status []string         `json:"status,omitempty"`
	Failed map[int]*Refused `json:"failed,omitempty"`
}

// Refused is a refusal as it is remembered.
type Refused struct {
	Code    Code     `json:"code"`
	Message string   `json:"message"`
	Item    ID       `json:"inventory_id,omitzero"`
	Details []Detail `json:"details,omitempty"`
}

func encodeOutcome(lines []Line) []byte {
	if len(lines) == 0 {
		return nil
	}
	o := outcome{Failed: map[int]*Refused{}}
	for i, line := range lines {
		o.Facts = append(o.Facts, line.Fact)
		if line.Status != "" {
			o.Status = append(o.Status, line.Status)
		}
		if line.Err != nil {
			o.Failed[i] = &Refused{Code: line.Err.Code, Message: line.Err.Message, Details: line.Err.Details}
			if line.Item != nil {
				o.Failed[i].Item = line.Item.ID
			}
		}
	}
	return encodeDocument(o)
}

// replay makes the receipt of a command that was already done, as of then.
func (l *Ledger) replay(ctx context.Context, r Request, seq int64) (Receipt, error) {
	key, err := l.j.FindKey(ctx, seq)
	if err != nil {
		return Receipt{}, err
	}
	if key.Print != r.Key.Print {
		return Receipt{}, refuse(CodeIdempotencyMismatch, "This Idempotency-Key was used for another request.")
	}
	receipt := Receipt{Replayed: true}
	for s := seq; s < seq+key.Count; s++ {
		f, err := l.factAt(ctx, s)
		if err != nil {
			return Receipt{}, err
		}
		receipt.Facts = append(receipt.Facts, f)
	}
	return receipt, l.replayLines(&receipt, key.Outcome)
}

func (l *Ledger) replayLines(receipt *Receipt, remembered []byte) error {
	if len(remembered) == 0 {
		return nil
	}
	var o outcome
	if err := json.Unmarshal(remembered, &o); err != nil {
		return fmt.Errorf("idempotency outcome: %w", err)
	}
	for i, fact := range o.Facts {
		line := Line{Fact: fact}
		if i < len(o.Status) {
			line.Status = o.Status[i]
		}
		if fact >= 0 {
			line.Item = receipt.Facts[fact].After
		}
		if f := o.Failed[i]; f != nil {
			line.Err = &Error{Code: f.Code, Message: f.Message, Details: f.Details}
			line.Item, _ = l.Item(f.Item)
		}
		receipt.Lines = append(receipt.Lines, line)
	}
	return nil
}
