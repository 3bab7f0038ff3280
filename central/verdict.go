package central

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/syncer/wire"
)

// verdicts gives what was said about the entries of a batch that is here
// already.
func (s *session) verdicts(ctx context.Context, in *wire.Incoming) ([]wire.Verdict, error) {
	rows, err := s.conn.Query(ctx, `SELECT seq, code, detail FROM verdict
  WHERE store = $1 AND seq >= $2 AND seq <= $3 AND resolved_at IS NULL AND code = ANY($4) ORDER BY seq`,
		uid(s.id), in.First, in.Head().Seq, []string{string(wire.VerdictUnparsed), string(wire.VerdictInconsistent)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (v wire.Verdict, err error) {
		err = row.Scan(&v.Seq, (*string)(&v.Code), &v.Detail)
		return v, err
	})
}
