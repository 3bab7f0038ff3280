package cmd

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
)

// meterEvery is how often a meter is drawn at most.
const meterEvery = 100 * time.Millisecond

// meter shows on a terminal how far a long command is, such as
// "verify 8,420 of 12,840". A nil meter shows nothing.
type meter struct {
	w     io.Writer
	clock store.Clock
	what  string
	total int64
	// text tells how much is done; nil for counts.
	text  func(done, total int64) string
	drawn time.Duration
	shown bool
}

// progress makes a meter, or nil where nobody watches.
func (o *rootOptions) progress(total int64, what string) *meter {
	if !isTerminal(o.stderr) || o.asJSON() {
		return nil
	}
	return &meter{w: o.stderr, clock: o.clock, what: what, total: total, text: counts}
}

// set shows how much is done.
func (m *meter) set(done int64) {
	if m == nil || m.shown && m.clock.Mono()-m.drawn < meterEvery && done < m.total {
		return
	}
	m.drawn, m.shown = m.clock.Mono(), true
	// Who does not see it misses nothing.
	_, _ = io.WriteString(m.w, "\r\x1b[K"+m.what+" "+m.text(done, m.total))
}

// clear takes it away.
func (m *meter) clear() {
	if m != nil && m.shown {
		m.shown = false
		_, _ = io.WriteString(m.w, "\r\x1b[K")
	}
}

func counts(done, total int64) string { return thousands(done) + " of " + thousands(total) }

// percent is for work in a unit that means nothing to people.
func percent(done, total int64) string { return fmt.Sprintf("%d %%", min(100, done*100/max(1, total))) }

// thousands writes a number that is not negative with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
