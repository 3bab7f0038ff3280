package cmd

// importBar shows on a terminal how far an import is. Where nobody watches it
// does nothing.
type importBar struct {
	meter *meter
	sheet *sheet
}

func newImportBar(o *importOptions, s *sheet) *importBar {
	_, size := s.Progress()
	b := &importBar{sheet: s}
	if isTerminal(o.stderr) {
		b.meter = &meter{w: o.stderr, clock: o.clock, what: "Importing", total: size, text: percent}
	}
	return b
}

// step shows how much of the file the pass under way has read.
func (b *importBar) step() {
	done, _ := b.sheet.Progress()
	b.meter.set(done)
}

// clear takes the bar away.
func (b *importBar) clear() { b.meter.clear() }
