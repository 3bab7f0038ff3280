package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"github.com/shelfd/shelfd/store"
)

// importer is one import under way.
type importer struct {
	o      *importOptions
	sheet  *sheet
	client *client
	report importReport
	bar    *importBar
	digest []byte // of the file
	// id is new for every import, so that an answer of an earlier one never
	// comes again for the same rows.
	id     string
	chunks int
	// tags has the SKU of each package tag in lower case.
	tags map[string]string
	// fatal says that the file could not be read to its end.
	fatal bool
}

func newImporter(o *importOptions, s *sheet, c *client, room store.Room) *importer {
	return &importer{
		o: o, sheet: s, client: c, bar: newImportBar(o, s), id: uuid.NewString(),
		report: importReport{File: o.file, Room: room, DryRun: o.dryRun},
	}
}

// run checks the whole file, and then writes it.
func (m *importer) run(ctx context.Context) (err error) {
	if m.digest, err = digestOf(m.o.file); err != nil {
		return err
	}
	if m.report.Location, err = m.findPlace(ctx); err != nil {
		return err
	}
	if m.report.Location.Opened {
		if err := m.prepare(ctx); err != nil || m.o.dryRun {
			return err
		}
	}
	if err := m.pass(ctx, m.check); err != nil {
		return m.takeBack(ctx, err)
	}
	if err := m.verdict(); exitCode(err) == exitRefused || m.o.dryRun {
		return m.takeBack(ctx, err)
	}
	return m.write(ctx)
}

// prepare checks what can be checked before the location exists, and opens
// it. After a dry run all rows that are not bad count as new.
func (m *importer) prepare(ctx context.Context) error {
	if err := m.pass(ctx, m.countNew); err != nil {
		return err
	}
	if err := m.verdict(); exitCode(err) == exitRefused {
		return err
	}
	if err := m.openPlace(ctx, m.o.dryRun); err != nil {
		return err
	}
	return m.verdict()
}

// countNew counts rows that would be new.
func (m *importer) countNew(_ context.Context, rows []sheetRow) error {
	for i := range rows {
		m.report.Created++
		if q, err := store.ParseQuantity(rows[i].Quantity); err == nil {
			m.report.Booked += q
		}
	}
	return nil
}

// takeBack archives a location that was opened for nothing.
func (m *importer) takeBack(ctx context.Context, err error) error {
	if m.report.Location.Opened && err != nil {
		return errors.Join(err, m.closePlace(context.WithoutCancel(ctx)))
	}
	return err
}

// verdict says whether bad rows stop the import, or make it one in part.
func (m *importer) verdict() error {
	r := &badRowsError{bad: m.report.Skipped, rows: m.report.Rows}
	switch {
	case m.fatal, r.bad > 0 && !m.o.skipBad:
		return withExit(exitRefused, r)
	case r.bad > 0:
		r.skipped = true
		return withExit(exitPartial, r)
	}
	return nil
}

// write books the rows, unless the file has changed since it was checked.
func (m *importer) write(ctx context.Context) error {
	now, err := digestOf(m.o.file)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, m.digest) {
		return withExit(exitRefused, fmt.Errorf("%s changed while it was checked; nothing was written", m.o.file))
	}
	m.report.Written = true
	if err := m.pass(ctx, m.book); err != nil {
		return err
	}
	return m.verdict()
}

// pass goes through the file once and gives each chunk of good rows to do.
// What the pass before found is forgotten.
func (m *importer) pass(ctx context.Context, do func(context.Context, []sheetRow) error) error {
	r := &m.report
	r.Rows, r.Created, r.Updated, r.Unchanged, r.Skipped, r.Booked, r.Problems = 0, 0, 0, 0, 0, 0, []sheetError{}
	m.tags, m.chunks = map[string]string{}, 0
	rows := make([]sheetRow, 0, importRows)
	for row, problems := range m.sheet.Rows() {
		m.bar.step()
		r.Rows++
		if len(problems) == 0 {
			problems = m.strayLot(&row)
		}
		if len(problems) > 0 {
			m.bad(problems)
		} else if rows = append(rows, row); len(rows) == importRows {
			if err := do(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return do(ctx, rows)
}

// bad notes a row that is left out.
func (m *importer) bad(problems []sheetError) {
	m.report.Skipped++
	m.report.Problems = append(m.report.Problems, problems...)
	m.fatal = m.fatal || problems[0].Fatal
}

// digestOf is SHA-256 of a file.
func digestOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}
