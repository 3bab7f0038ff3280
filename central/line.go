package central

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// part is a stretch of a stream, after and up to a seq: on the current line,
// or cut off when the stream of an epoch was closed.
type part struct {
	after, upTo int64
	// closed is 0 for the current line.
	closed int64
}

// endless is above every seq.
const endless = 1 << 62

// partsOf gives where the entries of a stream are, from its first entry on:
// with what it inherited from the epochs before it. None of an epoch above the
// current one.
func (s *standing) partsOf(ctx context.Context, q querier, epoch int64) ([]part, error) {
	if epoch < 1 || epoch > s.epoch {
		return nil, nil
	}
	live := part{upTo: s.acked.Seq}
	if epoch == s.epoch {
		return []part{live}, nil
	}
	rows, err := q.Query(ctx, `SELECT closed_epoch, branch_seq FROM stream
  WHERE store = $1 AND closed_epoch >= $2 ORDER BY epoch`, uid(s.id), epoch)
	if err != nil {
		return nil, err
	}
	parts, upTo := []part(nil), int64(endless)
	var closed, branch int64
	_, err = pgx.ForEachRow(rows, []any{&closed, &branch}, func() error {
		if len(parts) == 0 && closed != epoch {
			upTo = 0 // no store ever pushed in that epoch
		}
		if branch < upTo {
			parts = append([]part{{after: branch, upTo: upTo, closed: closed}}, parts...)
			upTo = branch
		}
		return nil
	})
	live.upTo = min(upTo, s.acked.Seq)
	return append([]part{live}, parts...), err
}

// liveAt tells whether a seq of a stream is on the current line.
func liveAt(parts []part, seq int64) bool {
	return len(parts) > 0 && seq > parts[0].after && seq <= parts[0].upTo
}

// hashIn gives the hash at a seq of a stream; ok is false when there is none.
func (s *standing) hashIn(ctx context.Context, q querier, parts []part, seq int64) (h store.Hash, ok bool, err error) {
	if seq == 0 {
		return h, len(parts) > 0, nil
	}
	for _, p := range parts {
		if seq <= p.after || seq > p.upTo {
			continue
		}
		var hash []byte
		table := "SELECT hash FROM entry WHERE store = $1 AND seq = $2 AND $3::bigint = 0"
		if p.closed != 0 {
			table = "SELECT hash FROM abandoned WHERE store = $1 AND seq = $2 AND epoch = $3"
		}
		rows, err := q.Query(ctx, table, uid(s.id), seq, p.closed)
		if err != nil {
			return h, false, err
		}
		_, err = pgx.ForEachRow(rows, []any{&hash}, func() error {
			copy(h[:], hash)
			ok = true
			return nil
		})
		return h, ok, err
	}
	return h, false, nil
}
