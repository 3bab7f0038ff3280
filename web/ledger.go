package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// ledgerPage is how many entries are read and sent at once.
	ledgerPage = 500
	// ledgerPageTime is how long reading one page may take.
	ledgerPageTime = 5 * time.Second
)

// readLedger streams entries in their canonical bytes, one a line.
func (s *Server) readLedger(x *exchange) error {
	head := s.ledger.Head()
	after := x.query.int("after", 0, 1<<53, 0)
	limit := x.query.int("limit", 1, 10_000, 1000)
	if after > head.Seq {
		x.query.wrong("after", fmt.Sprintf("is at most %d, the newest entry", head.Seq))
	}
	if err := x.forAll(x.query.done()); err != nil {
		return err
	}
	previous, err := s.hashAt(x.Request.Context(), after)
	if err != nil {
		return err
	}
	header := x.Writer.Header()
	header.Set("Ledger-Previous-Hash", hex.EncodeToString(previous[:]))
	header.Set("Ledger-Head", string(appendPosition(nil, head)))
	header.Set("Content-Type", "application/x-ndjson")
	for upTo := min(head.Seq, after+limit); after < upTo; after += ledgerPage {
		lines, err := s.ledgerLines(x.Request.Context(), after, min(upTo, after+ledgerPage))
		if err != nil {
			return err
		}
		if n, _ := x.Writer.Write(lines); n < len(lines) {
			return nil // a client that went away is no fault
		}
	}
	return nil
}

// hashAt gives the hash of the chain after a seq; zero before the first.
func (s *Server) hashAt(ctx context.Context, seq int64) (store.Hash, error) {
	if seq == 0 {
		return store.Hash{}, nil
	}
	stored, err := s.ledger.Journal().FindEntry(ctx, seq)
	if err != nil {
		return store.Hash{}, err
	}
	return stored.Hash, nil
}

// ledgerLines reads a page of entries as lines.
func (s *Server) ledgerLines(ctx context.Context, after, upTo int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerPageTime)
	defer cancel()
	var lines bytes.Buffer
	err := s.ledger.Journal().Scan(ctx, after, upTo, func(e *store.Stored) error {
		lines.Write(e.Bytes)
		lines.WriteByte('\n')
		return nil
	})
	return lines.Bytes(), err
}

// appendPosition appends the position of a head; of an empty ledger it has
// seq 0.
func appendPosition(b []byte, h store.Head) []byte {
	return fmt.Appendf(b, "%d-%d", h.Epoch, h.Seq)
}

// head writes the members of a head.
func (w *writer) head(h store.Head) *writer {
	return w.key("id").text(string(appendPosition(nil, h))).key("epoch").int(h.Epoch).key("seq").int(h.Seq).
		key("hash").text(hex.EncodeToString(h.Hash[:])).key("recorded_at").time(h.RecordedAt)
}

// ledgerHead answers the newest entry's position and hash.
func (s *Server) ledgerHead(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	return x.send(http.StatusOK, newWriter().open().head(s.ledger.Head()).close())
}

// listCheckpoints answers the saved heads, newest first.
func (s *Server) listCheckpoints(x *exchange) error {
	cursor, limit := x.query.cursor(), int(x.query.int("limit", 1, maxLimit, defaultLimit))
	if err := x.query.done(); err != nil {
		return err
	}
	heads, err := s.ledger.Journal().ListHeads(x.Request.Context(), cursor, limit+1)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for _, h := range heads[:min(limit, len(heads))] {
		w.open().head(h).key("signature").orNull(h.Note).close()
	}
	next := int64(0)
	if len(heads) > limit {
		next = heads[limit-1].Seq
	}
	w.end().nextCursor(next)
	return x.send(http.StatusOK, w.close())
}
