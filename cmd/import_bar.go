package cmd

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// importBar shows on a terminal how far an import is. Where nobody watches it
// does nothing.
type importBar struct {
	bar   *progressbar.ProgressBar
	sheet *sheet
}

func newImportBar(w io.Writer, s *sheet) *importBar {
	if !isTerminal(w) {
		return &importBar{}
	}
	_, size := s.Progress()
	return &importBar{sheet: s, bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("Importing"), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false),
	)}
}

// step shows how much of the file the pass under way has read.
func (b *importBar) step() {
	if b.bar == nil {
		return
	}
	done, _ := b.sheet.Progress()
	_ = b.bar.Set64(done)
}

// clear takes the bar away.
func (b *importBar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
