package cmd

import (
	"bufio"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tableTextRows is how many rows the widths of an aligned table are taken
// from; wider values further down push their own line out of line.
const tableTextRows = 200

// tableText writes columns aligned with spaces, for a terminal: numbers to
// the right, no colours, and no control characters from the data.
type tableText struct {
	w      *bufio.Writer
	rows   [][]tableCell // held back, the header first; nil once widths are fixed
	right  []bool
	widths []int
	fixed  bool
}

// Row is that of tableWriter.
func (t *tableText) Row(values ...any) error {
	cells, err := tableCells(len(t.widths), values)
	if err != nil {
		return err
	}
	for i := range cells {
		cells[i].text = tableVisible(cells[i].text)
	}
	if t.fixed {
		return t.line(cells)
	}
	if t.rows = append(t.rows, cells); len(t.rows) > tableTextRows {
		return t.fix()
	}
	return nil
}

// tableVisible makes spaces of control characters, which could make the
// terminal do things.
func tableVisible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// fix takes the widths from the rows held back and writes them.
func (t *tableText) fix() error {
	t.fixed, t.right = true, make([]bool, len(t.widths))
	for _, row := range t.rows {
		for i, c := range row {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c.text))
			t.right[i] = t.right[i] || c.number
		}
	}
	for _, row := range t.rows {
		if err := t.line(row); err != nil {
			return err
		}
	}
	t.rows = nil
	return nil
}

func (t *tableText) line(cells []tableCell) error {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-utf8.RuneCountInString(c.text)))
		if t.right[i] {
			b.WriteString(pad)
		}
		b.WriteString(c.text)
		if !t.right[i] {
			b.WriteString(pad)
		}
	}
	_, err := t.w.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

// Close is that of tableWriter.
func (t *tableText) Close() error {
	if !t.fixed {
		if err := t.fix(); err != nil {
			return err
		}
	}
	return t.w.Flush()
}
