package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// standing is how something is.
type standing string

// The three things that doctor says of something.
const (
	standsGood standing = "ok"
	standsLook standing = "look"
	standsMend standing = "mend"
)

// finding is what one check found. Code is stable.
type finding struct {
	Check  string   `json:"check"`
	Code   string   `json:"code"`
	State  standing `json:"state"`
	Detail string   `json:"detail"`
	// Action says what to do, empty when there is nothing.
	Action string `json:"action,omitempty"`
}

func good(check, code, format string, args ...any) finding {
	return finding{check, code, standsGood, fmt.Sprintf(format, args...), ""}
}

func look(check, code, action, format string, args ...any) finding {
	return finding{check, code, standsLook, fmt.Sprintf(format, args...), action}
}

func bad(check, code, action, format string, args ...any) finding {
	return finding{check, code, standsMend, fmt.Sprintf(format, args...), action}
}

// doctorReport is all that doctor says.
type doctorReport struct {
	Version string    `json:"version"`
	DataDir string    `json:"data_dir"`
	At      time.Time `json:"at"`
	State   standing  `json:"state"`
	Verdict string    `json:"verdict"`
	Checks  []finding `json:"checks"`
}

func (r *doctorReport) add(list ...finding) { r.Checks = append(r.Checks, list...) }

// judge sums up in a line.
func (r *doctorReport) judge() {
	count := map[standing]int{}
	for _, f := range r.Checks {
		count[f.State]++
	}
	r.State, r.Verdict = standsGood, "All is well."
	looks := counted(count[standsLook], "thing", "things") + " to look at"
	switch {
	case count[standsMend] > 0:
		r.State, r.Verdict = standsMend, fmt.Sprintf("%s must be mended, %s.", counted(count[standsMend], "thing", "things"), looks)
	case count[standsLook] > 0:
		r.State, r.Verdict = standsLook, fmt.Sprintf("shelfd can run; %s.", looks)
	}
}

// show writes the report and gives the error that ends the process, which says
// the verdict when something must be mended.
func (d *doctor) show(r doctorReport) error {
	var err error
	if d.asJSON() {
		err = d.json(r)
	} else {
		err = r.writeText(d.stdout, d.colourful())
	}
	if err == nil && r.State == standsMend {
		err = withExit(exitUnwell, errors.New(strings.TrimSuffix(r.Verdict, ".")))
	}
	return err
}

// colourful tells whether to write in colour: for people, who may refuse it
// (no-color.org).
func (d *doctor) colourful() bool {
	for _, v := range d.env {
		if name, value, _ := strings.Cut(v, "="); name == "NO_COLOR" && value != "" || v == "TERM=dumb" {
			return false
		}
	}
	return isTerminal(d.stdout)
}

// standingWords are how people read it, with the colour of terminals (ECMA-48).
var standingWords = map[standing]struct{ word, colour string }{
	standsGood: {"ok", "\x1b[32m"},
	standsLook: {"look at this", "\x1b[33m"},
	standsMend: {"must be mended", "\x1b[31m"},
}

func (r *doctorReport) writeText(w io.Writer, colour bool) error {
	var b strings.Builder
	for _, f := range r.Checks {
		word := fmt.Sprintf("%-14s", standingWords[f.State].word)
		if colour {
			word = standingWords[f.State].colour + word + "\x1b[0m"
		}
		fmt.Fprintf(&b, "%s  %-14s  %s\n", word, f.Check, tableVisible(f.Detail))
		if f.Action != "" {
			fmt.Fprintf(&b, "%-32s> %s\n", "", tableVisible(f.Action))
		}
	}
	if r.State != standsMend {
		fmt.Fprintf(&b, "\n%s\n", r.Verdict)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
