package wire

import (
	"bytes"

	"github.com/klauspost/compress/zstd"

	"github.com/shelfd/shelfd/store"
)

// window is how far back the compressor looks: a whole batch of movements.
const window = 1 << 20

// block is how much the compressor holds back before it writes.
const block = 128 << 10

// softBatch is when a batch counts as full uncompressed, so that one more
// entry with the longest lines stays below MaxBatch.
const softBatch = 4 << 20

// Encoder makes batches, one after another, in the same memory. It is for one
// goroutine.
type Encoder struct {
	batch Batch
	out   bytes.Buffer
	z     *zstd.Encoder
	line  []byte
	// raw is how much was written; out has the part of it before held.
	raw, held int
	err       error
}

// NewEncoder makes an encoder, about 3 MB of memory.
func NewEncoder() *Encoder {
	e := &Encoder{}
	// The options are constants, so this cannot fail.
	e.z, e.err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(window), zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	return e
}

// Start begins a batch of the stream of epoch with the entry after a head. The
// batch before is gone.
func (e *Encoder) Start(epoch int64, branch store.Position, after store.Head) {
	e.batch = Batch{
		Place: Place{Epoch: epoch, First: after.Seq + 1, Branch: branch, Previous: after.Hash},
		Last:  after.Seq, Hash: after.Hash,
	}
	e.out.Reset()
	e.z.Reset(&e.out)
	e.raw, e.held = 0, 0
}

// Add appends the next entry, with the idempotency key of the command whose
// first entry it is, or nil. A beside line above MaxBesideLine, such as the
// outcome of an enormous import, loses its key; notes are never that long.
func (e *Encoder) Add(s *store.Stored, key *store.Key) {
	e.batch.Last, e.batch.Hash = s.Seq, s.Hash
	e.line = append(append(e.line[:0], s.Bytes...), '\n')
	if s.Notes != nil || key != nil {
		from := len(e.line)
		e.line = appendBeside(e.line, s.Notes, key)
		if len(e.line)-from > MaxBesideLine {
			e.line = e.line[:from]
			if s.Notes != nil {
				e.line = appendBeside(e.line, s.Notes, nil)
			}
		}
		if len(e.line) > from {
			e.line = append(e.line, '\n')
		}
	}
	e.write()
}

func (e *Encoder) write() {
	before := e.out.Len()
	if _, err := e.z.Write(e.line); err != nil && e.err == nil {
		e.err = err
	}
	e.raw += len(e.line)
	if e.held += len(e.line); e.out.Len() != before {
		e.held = e.raw % block
	}
}

// Full tells whether the batch has reached the limits, as far as that is known
// before it is finished: it may come out larger by one block of 128 KiB.
func (e *Encoder) Full(l Limits) bool {
	return e.Entries() >= min(l.Entries, MaxEntries) || e.size() >= min(l.Bytes, MaxBody/2) || e.raw >= softBatch
}

// Entries is how many entries the batch has so far.
func (e *Encoder) Entries() int { return e.batch.Entries() }

// size estimates what the batch takes compressed: what is written, and for
// what is held back the same ratio, or a third of it at first.
func (e *Encoder) size() int {
	out := e.out.Len()
	if done := e.raw - e.held; done > 0 {
		return out + int(int64(e.held)*int64(out)/int64(done))
	}
	return e.held / 3
}

// Finish ends the batch. It and its body are valid until the next Start.
func (e *Encoder) Finish() (*Batch, error) {
	if err := e.z.Close(); err != nil && e.err == nil {
		e.err = err
	}
	if e.err != nil {
		return nil, e.err
	}
	e.batch.Body = e.out.Bytes()
	e.batch.Digest = Digest(e.batch.Body)
	return &e.batch, nil
}
