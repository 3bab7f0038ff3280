package store

import (
	"context"
	"slices"
	"strings"
)

// Transfer finds a transfer document by id; ok is false when there is none.
func (l *Ledger) Transfer(id ID) (*TransferDocument, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	d, ok := l.s.transfers.base[id]
	return d, ok
}

// TransferFilter chooses transfers. Empty fields choose all.
type TransferFilter struct {
	Direction Direction
	Status    TransferStatus
	// Location keeps those that leave it or arrive there, within this store.
	Location ID
	// Visible keeps those that may be shown to someone bound to a location:
	// those of Location, and those that are on their way to nowhere in
	// particular.
	Visible ID
	// Number is compared without regard to letter case.
	Number string
	// Before keeps those with a smaller id, which are older.
	Before ID
	// Limit is how many to give at most; zero for all.
	Limit int
}

// Transfers lists transfers by id, newest first.
func (l *Ledger) Transfers(f TransferFilter) []*TransferDocument {
	l.mu.RLock()
	var list []*TransferDocument
	for _, d := range l.s.transfers.base {
		if f.match(d) {
			list = append(list, d)
		}
	}
	l.mu.RUnlock()
	slices.SortFunc(list, func(a, b *TransferDocument) int { return compareIDs(b.ID, a.ID) })
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list
}

func (f *TransferFilter) match(d *TransferDocument) bool {
	own := d.Own()
	return (f.Direction == "" || f.Direction == d.Direction) &&
		(f.Status == "" || f.Status == d.Status) &&
		(f.Number == "" || strings.EqualFold(f.Number, d.Number)) &&
		(f.Location.IsZero() || slices.Contains(own, f.Location)) &&
		(f.Visible.IsZero() || len(own) == 0 || slices.Contains(own, f.Visible)) &&
		(f.Before.IsZero() || compareIDs(d.ID, f.Before) < 0)
}

// TransferAt gives a transfer document as it was right after seq; not_found
// when it did not exist yet.
func (l *Ledger) TransferAt(ctx context.Context, id ID, seq int64) (*TransferDocument, error) {
	if d, ok := l.Transfer(id); ok && d.Version <= seq {
		return d, nil
	}
	f, err := l.transferVersion(ctx, id, seq)
	if err != nil {
		return nil, err
	}
	return f.Of.(*TransferDocument), nil
}

// transferVersion reads the entry that made the version of a transfer document
// that held at seq.
func (l *Ledger) transferVersion(ctx context.Context, id ID, seq int64) (Fact, error) {
	at, err := l.h.FindDocument(ctx, id, seq)
	if err != nil {
		return Fact{}, err
	}
	if at != 0 {
		f, err := l.factAt(ctx, at)
		if _, ok := f.Of.(*TransferDocument); ok || err != nil {
			return f, err
		}
	}
	return Fact{}, refuse(CodeNotFound, "There is no transfer %s.", id)
}

// TransferHistory lists the newest versions of a transfer document, at most
// limit, newest first: what it was and who made it so.
func (l *Ledger) TransferHistory(ctx context.Context, id ID, limit int) ([]Fact, error) {
	d, ok := l.Transfer(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no transfer %s.", id)
	}
	var list []Fact
	for seq := d.Version; len(list) < limit; {
		f, err := l.transferVersion(ctx, id, seq)
		if CodeOf(err) == CodeNotFound {
			break
		}
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		seq = f.Entry.Seq - 1
	}
	return list, nil
}

// TransferMovements lists movements of a transfer with a seq above after, at
// most limit, oldest first; next is where the list goes on, 0 at its end.
func (l *Ledger) TransferMovements(ctx context.Context, id ID, after int64, limit int) (list []Fact, next int64, err error) {
	seqs, err := l.j.ListTransfer(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	for _, seq := range seqs {
		if seq <= after {
			continue
		}
		if len(list) == limit {
			return list, list[limit-1].Entry.Seq, nil
		}
		f, err := l.factAt(ctx, seq)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, f)
	}
	return list, 0, nil
}
