package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Report is what verify looked at.
type Report struct {
	Head Head
	// Entries by kind.
	Entries, Movements, Holds, Documents, Events int64
	// Items is how many rows of stock there are; Balances and Heads how many
	// saved ones were compared; Erased how many notes are gone.
	Items, Balances, Heads, Erased int64
}

// Verify folds a journal from its first entry with its own arithmetic and
// checks the chain, the columns beside the canonical bytes, every balance,
// every saved balance and head, and the notes. It only reads. The error is a
// *DamageError for the first thing found wrong. progress is told the entries
// checked, now and then; checkHead tests a head's signature; both may be nil.
func Verify(ctx context.Context, j Journal, progress func(int64), checkHead func(Head) error) (Report, error) {
	meta, err := j.Meta(ctx)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{ctx: ctx, j: j, meta: meta, items: map[ID]int64{}, progress: progress}
	if err := v.plan(checkHead); err != nil {
		return v.report, err
	}
	if err := v.scan(); err != nil {
		return v.report, err
	}
	if v.head.Seq != meta.Seq || v.head.Hash != meta.Hash {
		return v.report, &DamageError{v.head.Seq + 1, "entries are missing at the end"}
	}
	if len(v.heads) > 0 {
		return v.report, &DamageError{v.head.Seq + 1, "a saved head lies beyond the ledger: entries are missing at the end"}
	}
	v.report.Head, v.report.Items = v.head, int64(len(v.rows))
	return v.report, nil
}

// verifier is a second, simpler fold.
type verifier struct {
	ctx      context.Context
	j        Journal
	meta     Meta
	report   Report
	head     Head
	items    map[ID]int64
	rows     []verified
	heads    map[int64]Hash
	balances []int64 // seqs of saved balances, ascending
	progress func(int64)
	scratch  []byte
	// again is where the newest entry that was appended again stood before.
	again Position
}

// verified is an item's balance and newest entry.
type verified struct {
	balance
	seq int64
}

// plan lists the saved heads and balances to compare on the way.
func (v *verifier) plan(checkHead func(Head) error) error {
	v.heads = map[int64]Hash{}
	for before := int64(0); ; {
		heads, err := v.j.ListHeads(v.ctx, before, 1000)
		if err != nil || len(heads) == 0 {
			if err != nil {
				return err
			}
			break
		}
		for _, h := range heads {
			v.heads[h.Seq], before = h.Hash, h.Seq
			if checkHead != nil && h.Note != "" {
				if err := checkHead(h); err != nil {
					return &DamageError{h.Seq, fmt.Sprintf("the signature of the head is wrong: %v", err)}
				}
			}
		}
	}
	if err := v.planState(); err != nil {
		return err
	}
	for seq := v.meta.Seq; seq > 0; {
		full, since, err := v.j.FindBalances(v.ctx, seq)
		if err != nil {
			return err
		}
		if seq = max(full.Seq, since.Seq); seq > 0 {
			v.balances = append(v.balances, seq)
			seq--
		}
	}
	slices.Reverse(v.balances)
	return nil
}

// planState takes the position of the full state for one more saved head.
func (v *verifier) planState() error {
	at, r, err := v.j.State(v.ctx)
	if err != nil || at.Seq == 0 {
		return err
	}
	if saved, ok := v.heads[at.Seq]; ok && saved != at.Hash {
		return &DamageError{at.Seq, "the saved head and the saved state differ"}
	}
	v.heads[at.Seq] = at.Hash
	return r.Close()
}

// scan reads in one goroutine and checks in another.
func (v *verifier) scan() error {
	ctx, cancel := context.WithCancel(v.ctx)
	defer cancel()
	pages := make(chan []Stored, 4)
	read := make(chan error, 1)
	go func() {
		defer close(pages)
		read <- v.read(ctx, pages)
	}()
	for page := range pages {
		for i := range page {
			if err := v.check(&page[i]); err != nil {
				return err
			}
		}
		if v.progress != nil {
			v.progress(v.report.Entries)
		}
	}
	return <-read
}

// read sends pages of copied rows.
func (v *verifier) read(ctx context.Context, pages chan<- []Stored) error {
	const length = 1024
	page, slab := make([]Stored, 0, length), []byte(nil)
	send := func() error {
		select {
		case pages <- page:
		case <-ctx.Done():
			return ctx.Err()
		}
		page, slab = make([]Stored, 0, length), make([]byte, 0, len(slab))
		return nil
	}
	err := v.j.Scan(ctx, 0, v.meta.Seq, func(s *Stored) error {
		from := len(slab)
		slab = append(slab, s.Bytes...)
		row := *s
		row.Bytes = slab[from:len(slab):len(slab)]
		if page = append(page, row); len(page) == length {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}

func (v *verifier) check(s *Stored) error {
	e, err := ParseEntry(s.Bytes)
	if err != nil {
		return &DamageError{s.Seq, err.Error()}
	}
	hash := v.head.Hash.next(s.Bytes, &v.scratch)
	for _, fault := range []struct {
		wrong  bool
		reason string
	}{
		{s.Seq != v.head.Seq+1 || e.Seq != s.Seq, "it is out of sequence"},
		{hash != s.Hash, "its hash does not continue the chain"},
		{e.RecordedAt < v.head.RecordedAt, "it was recorded before the one in front of it"},
		{e.OccurredAt != s.Change.OccurredAt || e.RecordedAt != s.Change.RecordedAt, "its columns differ from its bytes"},
		{s.Notes != nil && !matches(e, s.Notes), "its notes are not those it was written with"},
		{v.isHeadWrong(s.Seq, hash), "a saved head says another hash"},
	} {
		if fault.wrong {
			return &DamageError{s.Seq, fault.reason}
		}
	}
	if e.NotesDigest != nil && s.Notes == nil {
		v.report.Erased++
	}
	if err := v.lineage(e); err != nil {
		return err
	}
	v.head = Head{Epoch: e.Epoch, Seq: s.Seq, Hash: hash, RecordedAt: e.RecordedAt}
	v.report.Entries++
	if reason := v.fold(e, s); reason != "" {
		return &DamageError{s.Seq, reason}
	}
	return v.compareSaved(s.Seq)
}

// lineage checks what an entry says of epochs: each begins by naming an entry
// in front of it, and facts come again in the order they had.
func (v *verifier) lineage(e *Entry) error {
	epoch := v.head.Epoch
	if v.head.Seq == 0 {
		epoch = v.meta.Epoch
	}
	if !e.follows(epoch) {
		return &DamageError{e.Seq, fmt.Sprintf("it is of epoch %d after one of epoch %d", e.Epoch, epoch)}
	}
	if !e.Again.IsZero() {
		if e.Again.Epoch >= e.Epoch || e.Again.Seq <= v.again.Seq {
			return &DamageError{e.Seq, fmt.Sprintf("it says it is %s again, out of order", e.Again)}
		}
		v.again = e.Again
	}
	if e.Epoch == epoch {
		return nil
	}
	var s state
	if err := s.applyEpoch(e); err != nil {
		return &DamageError{e.Seq, err.Error()}
	}
	v.again = s.historyDraft.branch
	stored, err := v.j.FindEntry(v.ctx, v.again.Seq)
	if CodeOf(err) != CodeNotFound && err != nil {
		return err
	}
	if err != nil || v.again.Seq >= e.Seq || stored.Hash != s.historyDraft.hash {
		return &DamageError{e.Seq, fmt.Sprintf("it does not branch from entry %s", v.again)}
	}
	return nil
}

func matches(e *Entry, notes *Text) bool {
	digest := notes.Digest()
	return bytes.Equal(e.NotesDigest, digest[:])
}

func (v *verifier) isHeadWrong(seq int64, hash Hash) bool {
	saved, ok := v.heads[seq]
	if ok {
		v.report.Heads++
		delete(v.heads, seq)
	}
	return ok && saved != hash
}

// fold takes an entry into the balances; a reason says what does not fit.
func (v *verifier) fold(e *Entry, s *Stored) (reason string) {
	var change, after balance
	switch e.Kind {
	case KindMovement:
		v.report.Movements++
		m := e.Movement
		change, after = balance{quantity: m.Change}, balance{m.After, m.ReservedAfter}
	case KindHold:
		v.report.Holds++
		h := e.Hold
		change, after = balance{reserved: h.ReservedChange}, balance{h.After, h.ReservedAfter}
	case KindDocument:
		v.report.Documents++
		if e.Document.Type == DocItem {
			return v.openItem(e, s)
		}
		return ""
	default:
		v.report.Events++
		return ""
	}
	no := v.items[e.itemID()]
	if no == 0 || no != s.Item {
		return "it is about an item that was never opened"
	}
	row := &v.rows[no-1]
	row.quantity += change.quantity
	row.reserved += change.reserved
	switch {
	case row.balance != after:
		return "its balance is not the sum of the changes before it"
	case s.Change.Quantity != change.quantity || s.Change.Reserved != change.reserved,
		s.Change.After != after.quantity || s.Change.ReservedAfter != after.reserved:
		return "its columns differ from its bytes"
	case s.Prev != row.seq:
		return "it does not point to its item's entry before"
	}
	row.seq = e.Seq
	return ""
}

// openItem takes in an item's document.
func (v *verifier) openItem(e *Entry, s *Stored) string {
	var d itemDocument
	if err := json.Unmarshal(e.Document.Body, &d); err != nil {
		return err.Error()
	}
	if _, known := v.items[d.ID]; !known {
		v.rows = append(v.rows, verified{})
		v.items[d.ID] = int64(len(v.rows))
	}
	no := v.items[d.ID]
	row := &v.rows[no-1]
	switch {
	case no != d.No || s.Prev != row.seq:
		return "it does not continue its item"
	case no != s.Item || s.Change.After != row.quantity || s.Change.ReservedAfter != row.reserved:
		return "its columns differ from its bytes"
	}
	row.seq = e.Seq
	return ""
}

// compareSaved compares the balances that were saved at a seq.
func (v *verifier) compareSaved(seq int64) error {
	if len(v.balances) == 0 || v.balances[0] != seq {
		return nil
	}
	v.balances = v.balances[1:]
	v.report.Balances++
	full, since, err := v.j.FindBalances(v.ctx, seq)
	if err != nil {
		return err
	}
	saved, err := readBalances(full.Body, nil)
	if err == nil {
		saved, err = readBalances(since.Body, saved)
	}
	if err != nil {
		return &DamageError{seq, err.Error()}
	}
	if len(saved) > len(v.rows) {
		return &DamageError{seq, "the saved balances have an item too many"}
	}
	for n, row := range v.rows {
		if (n < len(saved) && saved[n] != row.balance) || (n >= len(saved) && row.balance != balance{}) {
			return &DamageError{seq, fmt.Sprintf("the saved balance of item number %d is wrong", n+1)}
		}
	}
	return nil
}
