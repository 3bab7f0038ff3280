package store

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"slices"
	"strconv"
)

// StateDigest gives the newest position and a digest of the folded state
// there; see DigestState.
func (l *Ledger) StateDigest() (Head, [sha256.Size]byte) {
	l.mu.RLock()
	head, items, docs := l.s.head, slices.Clone(l.s.byNo), l.s.documentSums()
	l.mu.RUnlock()
	slices.SortFunc(items, func(a, b *Item) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	d := newDigester()
	for _, i := range items {
		d.item(i.ID, i.Quantity, i.Reserved, i.Value, i.Seq)
	}
	return head, d.finish(docs)
}

// DigestState is a digest of a folded state by which two can be compared,
// version 1: SHA-256 over one line for each item and then one for each
// product, location, lot and transfer, both in order of the ids' bytes:
//
//	i <id> <quantity> <reserved quantity> <value> <seq of its newest entry>
//	d <id> <seq of its newest version>
//
// A line ends with a line feed; amounts are exact decimals as in the canonical
// bytes of entries. The records may come in any order.
func DigestState(items []ItemRecord, docs []DocumentRecord) [sha256.Size]byte {
	order := make([]*ItemRecord, len(items))
	for n := range items {
		order[n] = &items[n]
	}
	slices.SortFunc(order, func(a, b *ItemRecord) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	d := newDigester()
	for _, i := range order {
		d.item(i.ID, i.Quantity, i.Reserved, i.Value, i.Seq)
	}
	sums := make([]documentSum, len(docs))
	for n := range docs {
		sums[n] = documentSum{docs[n].ID, docs[n].Seq}
	}
	return d.finish(sums)
}

// documentSum is what the digest has of a document.
type documentSum struct {
	id      ID
	version int64
}

// documentSums lists all published documents but those of items.
func (s *state) documentSums() []documentSum {
	list := make([]documentSum, 0, len(s.products.base)+len(s.locations.base)+len(s.lots.base))
	for id, v := range s.products.base {
		list = append(list, documentSum{id, v.Version})
	}
	for id, v := range s.locations.base {
		list = append(list, documentSum{id, v.Version})
	}
	for id, v := range s.lots.base {
		list = append(list, documentSum{id, v.Version})
	}
	for id, v := range s.transfers.base {
		list = append(list, documentSum{id, v.Version})
	}
	return list
}

// digester hashes the lines of a state.
type digester struct {
	sum hash.Hash
	buf []byte
}

func newDigester() *digester { return &digester{sum: sha256.New(), buf: make([]byte, 0, 16<<10)} }

func (d *digester) item(id ID, quantity, reserved Quantity, value Money, seq int64) {
	b := id.Append(append(d.buf, 'i', ' '))
	b = quantity.Append(append(b, ' '))
	b = reserved.Append(append(b, ' '))
	b = value.Append(append(b, ' '))
	b = strconv.AppendInt(append(b, ' '), seq, 10)
	d.keep(append(b, '\n'))
}

// keep hashes what has gathered once there is much of it.
func (d *digester) keep(b []byte) {
	if d.buf = b; len(b) > 15<<10 {
		d.sum.Write(b)
		d.buf = b[:0]
	}
}

// finish adds the documents and gives the digest.
func (d *digester) finish(docs []documentSum) (sum [sha256.Size]byte) {
	slices.SortFunc(docs, func(a, b documentSum) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, doc := range docs {
		b := doc.id.Append(append(d.buf, 'd', ' '))
		b = strconv.AppendInt(append(b, ' '), doc.version, 10)
		d.keep(append(b, '\n'))
	}
	d.sum.Write(d.buf)
	d.sum.Sum(sum[:0])
	return sum
}
