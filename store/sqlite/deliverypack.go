package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// packedMost is how many deliveries are in one row at most: 30 KB of them.
	packedMost = 1000
	// maxTook is the longest time that fits, in microseconds.
	maxTook = math.MaxInt64 / int64(time.Microsecond)
)

// pack is deliveries to one endpoint that went well, oldest first, as one row.
type pack struct {
	webhook, first, last store.ID
	list                 []store.Delivery
}

// packed puts what went well into packs of its endpoint, and gives the rest.
func packed(list []store.Delivery) (packs []pack, rest []store.Delivery) {
	of := map[store.ID][]store.Delivery{}
	var hooks []store.ID
	for i := range list {
		switch d := &list[i]; {
		case !packable(d):
			rest = append(rest, *d)
		default:
			if of[d.Webhook] == nil {
				hooks = append(hooks, d.Webhook)
			}
			of[d.Webhook] = append(of[d.Webhook], *d)
		}
	}
	for _, hook := range hooks {
		all := of[hook]
		slices.SortFunc(all, older)
		for page := range slices.Chunk(all, packedMost) {
			packs = append(packs, pack{webhook: hook, first: page[0].ID, last: page[len(page)-1].ID, list: page})
		}
	}
	return packs, rest
}

func older(a, b store.Delivery) int { return bytes.Compare(a.ID[:], b.ID[:]) }

// packable tells whether a delivery has nothing that a pack leaves out.
func packable(d *store.Delivery) bool {
	_, ok := part(d)
	return ok && d.Outcome == store.DeliveryDone && d.Detail == "" && d.NextAt == 0
}

// part is which of the news of its entry a delivery tells, from 1; not ok for
// news that is of no entry.
func part(d *store.Delivery) (n uint64, ok bool) {
	rest, ok := strings.CutPrefix(d.NewsID, d.Position.String())
	if !ok || rest == "" {
		return 1, ok
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(rest, "."), 10, 32)
	return n, err == nil && newsID(d.Position, n) == d.NewsID
}

// newsID is the id of one of the news of an entry.
func newsID(at store.Position, n uint64) string {
	if n == 1 {
		return at.String()
	}
	return at.String() + "." + strconv.FormatUint(n, 10)
}

// encode gives the deliveries as bytes. A delivery is its id, and as varints:
// its epoch, seq and time less those of the one before, which news of its entry
// it was, attempt, status, microseconds, and the number of its type. A type
// that was not met before follows its number, length and text.
func (p *pack) encode() []byte {
	b := make([]byte, 0, 32*len(p.list))
	var before store.Delivery
	var types []store.NewsType
	for i := range p.list {
		d := &p.list[i]
		n, _ := part(d)
		b = append(b, d.ID[:]...)
		b = binary.AppendVarint(b, d.Position.Epoch-before.Position.Epoch)
		b = binary.AppendVarint(b, d.Position.Seq-before.Position.Seq)
		b = binary.AppendVarint(b, int64(d.At-before.At))
		b = binary.AppendUvarint(b, n)
		b = binary.AppendVarint(b, d.Attempt)
		b = binary.AppendVarint(b, int64(d.Status))
		b = binary.AppendVarint(b, d.Took.Microseconds())
		at := slices.Index(types, d.Type)
		if at < 0 {
			at, types = len(types), append(types, d.Type)
			b = binary.AppendUvarint(b, uint64(at))
			b = binary.AppendUvarint(b, uint64(len(d.Type)))
			b = append(b, d.Type...)
		} else {
			b = binary.AppendUvarint(b, uint64(at))
		}
		before = *d
	}
	return b
}

// unpack gives the deliveries in the body of a pack, oldest first.
func unpack(webhook store.ID, b []byte) ([]store.Delivery, error) {
	r := packReader{rest: b}
	var list []store.Delivery
	var d store.Delivery
	for len(r.rest) > 0 {
		d.Webhook, d.Outcome = webhook, store.DeliveryDone
		copy(d.ID[:], r.bytes(uint64(len(d.ID))))
		d.Position.Epoch += r.int()
		d.Position.Seq += r.int()
		d.At += store.Instant(r.int())
		d.NewsID = newsID(d.Position, r.part())
		d.Attempt, d.Status = r.int(), int(r.within(math.MinInt32, math.MaxInt32))
		d.Took = time.Duration(r.within(-maxTook, maxTook)) * time.Microsecond
		d.Type = r.newsType()
		if r.bad {
			return nil, errors.New("what was delivered cannot be read")
		}
		list = append(list, d)
	}
	return list, nil
}

// packReader reads a body; bad once it is none.
type packReader struct {
	rest  []byte
	types []store.NewsType
	bad   bool
}

func (r *packReader) skip(n int) {
	if n <= 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *packReader) int() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *packReader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

// part is which of the news of its entry.
func (r *packReader) part() uint64 {
	n := r.uint()
	if n > math.MaxUint32 {
		r.bad = true
	}
	return n
}

// within is a number that has to lie between two others.
func (r *packReader) within(least, most int64) int64 {
	v := r.int()
	if v < least || v > most {
		r.bad = true
	}
	return v
}

func (r *packReader) bytes(n uint64) []byte {
	b := r.rest[:min(n, uint64(len(r.rest)))]
	r.skip(int(min(n, uint64(len(r.rest))+1)))
	return b
}

func (r *packReader) newsType() store.NewsType {
	at := r.uint()
	if at == uint64(len(r.types)) {
		r.types = append(r.types, store.NewsType(r.bytes(r.uint())))
	}
	if r.bad || at >= uint64(len(r.types)) {
		r.bad = true
		return ""
	}
	return r.types[at]
}
