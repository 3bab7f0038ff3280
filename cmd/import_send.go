package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	importPath = "/api/v1/import"
	// importRows is how many rows go in one request: registers wait for it.
	importRows = 200
	// importTries is how often a request goes to a server that is busy or
	// does not answer.
	importTries = 5
)

// check has the API check rows and notes what it finds.
func (m *importer) check(ctx context.Context, rows []sheetRow) error {
	for len(rows) > 0 {
		result, bad, err := m.post(ctx, rows, true)
		if err != nil {
			return err
		}
		if result != nil {
			return m.count(result, len(rows))
		}
		rows = m.without(rows, bad)
	}
	return nil
}

// book has the API book rows. They were checked, so a refusal now means that
// something else has changed.
func (m *importer) book(ctx context.Context, rows []sheetRow) error {
	for len(rows) > 0 {
		result, bad, err := m.post(ctx, rows, false)
		if err != nil {
			return err
		}
		if result != nil {
			return m.count(result, len(rows))
		}
		rows = m.without(rows, bad)
		if !m.o.skipBad {
			r := &m.report
			return withExit(exitFailure, &badRowsError{bad: r.Skipped, rows: r.Rows, late: true, written: r.Created + r.Updated})
		}
	}
	return nil
}

// without notes bad rows and gives the others.
func (m *importer) without(rows []sheetRow, bad map[int][]sheetError) []sheetRow {
	var good []sheetRow
	for n := range rows {
		if problems := bad[n]; problems != nil {
			m.bad(problems)
		} else {
			good = append(good, rows[n])
		}
	}
	return good
}

// count adds up what became of rows.
func (m *importer) count(result *importResult, rows int) error {
	if len(result.Results) != rows {
		return withExit(exitUnreachable, fmt.Errorf("the server answered for %d of %d rows", len(result.Results), rows))
	}
	for _, r := range result.Results {
		m.report.Booked += r.QuantityChange
		switch r.Status {
		case "created":
			m.report.Created++
		case "updated":
			m.report.Updated++
		default:
			m.report.Unchanged++
		}
	}
	return nil
}

// post sends rows, again under the same key while the server is busy. The
// answer is a result, or what is wrong with which row.
func (m *importer) post(ctx context.Context, rows []sheetRow, dryRun bool) (*importResult, map[int][]sheetError, error) {
	m.chunks++
	key := fmt.Sprintf("import-%s-%x-%d", m.id, m.digest[:8], m.chunks)
	body := m.chunk(rows)
	for try := 1; ; try++ {
		result := new(importResult)
		err := m.client.keyed(key).send(ctx, http.MethodPost, importPath, dry(dryRun), body, result)
		if err == nil {
			return result, nil, nil
		}
		p, refused := errors.AsType[*problem](err)
		switch passing := isPassing(err, p); {
		case passing && try < importTries:
		case refused && !passing:
			if bad, ok := m.blame(p, rows); ok {
				return nil, bad, nil
			}
			return nil, nil, err
		default:
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-m.o.clock.After(time.Duration(try) * time.Second):
		}
	}
}

// isPassing tells whether the same request may succeed in a moment: the
// network failed, or the server is busy or starting.
func isPassing(err error, p *problem) bool {
	if p == nil {
		return exitCode(err) == exitUnreachable
	}
	return slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable}, p.Status)
}

// keyed gives a client whose changes carry one Idempotency-Key, so that
// sending a request again books it once.
func (c *client) keyed(key string) *client {
	k := *c
	h := *c.http
	h.Transport = keyTransport{c.http.Transport, key}
	k.http = &h
	return &k
}

type keyTransport struct {
	http.RoundTripper
	key string
}

// RoundTrip is that of http.RoundTripper.
func (t keyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Idempotency-Key", t.key)
	return t.RoundTripper.RoundTrip(r)
}
