package cmd

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newPOSCheckCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "check [NAME]", Short: "Ask the points of sale who they are", Args: cobra.MaximumNArgs(1),
		Long: `Asks one point of sale, or all of them, who it is. That proves its address, our
key and its clock, and changes nothing there. A line for each says what is wrong
and what to do.` + exitStatus(exitNotFound, exitUnreachable, exitInUse, exitUnsynced),
		Example: `  shelfd pos check
  shelfd pos check till`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.checkPOS(cmd.Context(), args) },
	}
}

func (o *rootOptions) checkPOS(ctx context.Context, names []string) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if len(names) == 0 {
		if names, err = posNames(ctx, c); err != nil {
			return err
		}
	}
	var list []posView
	failed := 0
	for _, name := range names {
		var p posView
		if err := c.send(ctx, http.MethodPost, posPathOf(name, "check"), nil, nil, &p); err != nil {
			return err
		}
		if list = append(list, p); p.failed() {
			failed++
		}
		if err := o.writeCheck(&p); err != nil {
			return err
		}
	}
	if o.asJSON() {
		err = o.json(map[string]any{"data": list})
	}
	if err == nil && failed > 0 {
		err = withExit(exitUnsynced, fmt.Errorf("%d of %s cannot be used now", failed, counted(len(list), "point of sale", "points of sale")))
	}
	return err
}

// posNames gives the names of all points of sale, at least one.
func posNames(ctx context.Context, c *client) (names []string, err error) {
	list, err := readPOS(ctx, c)
	if err == nil && len(list) == 0 {
		err = errNoPOS
	}
	for _, p := range list {
		names = append(names, p.Name)
	}
	return names, err
}

// writeCheck tells of one check as soon as it is done.
func (o *rootOptions) writeCheck(p *posView) error {
	if o.asJSON() {
		return nil
	}
	_, err := fmt.Fprint(o.stdout, p.checked())
	return err
}

func (p *posView) failed() bool { return p.Check != nil && p.Check.Error != nil }

// checked says what became of a check and what to do, in a line or two.
func (p *posView) checked() string {
	switch {
	case p.Check == nil:
		return p.Name + ": not checked yet.\n"
	case p.failed():
		text := fmt.Sprintf("%s: %s (%s)\n", p.Name, tableVisible(p.Check.Error.Detail), p.Check.Error.Code)
		if remedy := posRemedies[p.Check.Error.Code]; remedy != "" {
			text += fmt.Sprintf("  %s\n", remedy)
		}
		return text
	}
	text := fmt.Sprintf("%s: good. %s answers", p.Name, p.Title)
	if p.Check.Identity != nil {
		text += fmt.Sprintf(" as %q", *p.Check.Identity)
	}
	return text + "." + p.Check.clock() + "\n"
}

// closeClocks is how far clocks may be apart without a word.
const closeClocks = time.Minute

// clock tells of a clock that goes wrong.
func (c *posCheck) clock() string {
	if c.ClockAhead == nil {
		return ""
	}
	way, apart := "ahead of", time.Duration(*c.ClockAhead)*time.Second
	if apart < 0 {
		way, apart = "behind", -apart
	}
	if apart < closeClocks {
		return ""
	}
	return fmt.Sprintf(" Its clock is %s %s this machine's: set the one that is wrong.", apart, way)
}

// posRemedies say what to do about a point of sale that does not answer as it
// should, by code.
var posRemedies = map[string]string{
	"unreachable":  "Is there a network, and is its address right? What waits for it is sent as soon as it answers.",
	"timeout":      "It is slow or busy. What waits for it is sent as soon as it answers.",
	"tls":          "Is the address right, and the clock of this machine? A certificate of your own goes into ca of sync.pos.",
	"unauthorized": "Enter a new key in the configuration (sync.pos), and start the server again.",
	"rate_limited": "It is asked too often. Another program may use the same key.",
	"server_error": "It has a fault of its own. What waits for it is sent when that is over.",
	"refused":      "Look at its settings in the configuration (sync.pos): shelfd pos list --kinds explains them.",
	"not_pos":      "Another server answers. Is the address right, and does the network ask for a login first?",
	"no_location":  "Create the location, or correct its name in the configuration (sync.pos), and start the server again.",
	"clock_skew":   "Set the clock of this machine by the network's time.",
}
