package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// syncStatus is the answer of GET /sync/status.
type syncStatus struct {
	Head         *string           `json:"head"`
	Destinations []syncDestination `json:"destinations"`
}

// syncDestination is a destination as the API shows it.
type syncDestination struct {
	Name          string     `json:"name"`
	Kind          string     `json:"kind"`
	State         string     `json:"state"`
	Cursor        *string    `json:"cursor"`
	Waiting       int64      `json:"waiting"`
	WaitingSince  *time.Time `json:"waiting_since"`
	LastSuccessAt *time.Time `json:"last_success_at"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	Error         *syncError `json:"error"`
}

func readSyncStatus(ctx context.Context, c *client) (s syncStatus, err error) {
	err = c.get(ctx, syncStatusPath, nil, &s)
	return s, err
}

func newSyncStatusCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show where each destination stands", Args: cobra.NoArgs,
		Long: `Shows for each destination how many entries it lacks, since when, when it was last
up to date, and what is in the way.` + exitStatus(exitNotFound, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.showSyncStatus(cmd.Context()) },
	}
}

func (o *rootOptions) showSyncStatus(ctx context.Context) error {
	return show(ctx, o, syncStatusPath, readSyncStatus, o.writeSyncStatus)
}

func (o *rootOptions) writeSyncStatus(s syncStatus) error {
	if len(s.Destinations) == 0 {
		_, err := fmt.Fprintln(o.stdout, "There is no destination. To enrol this store at central: shelfd sync enroll URL CODE")
		return err
	}
	table, err := newTable(o.stdout, "text", "destination", "kind", "state", "behind", "since", "up to date at", "next try")
	if err != nil {
		return err
	}
	for _, d := range s.Destinations {
		err = errors.Join(err, table.Row(d.Name, d.Kind, d.State, d.Waiting,
			orNone(d.WaitingSince), orNone(d.LastSuccessAt), orNone(d.NextAttemptAt)))
	}
	if err = errors.Join(err, table.Close()); err != nil {
		return err
	}
	for _, d := range s.Destinations {
		if d.Error != nil {
			_, e := fmt.Fprintf(o.stdout, "\n%s: %s (%s)\n", d.Name, d.Error.Detail, d.Error.Code)
			err = errors.Join(err, e, o.writeRemedy(d.Kind, d.Error.Code))
		}
	}
	return err
}

// remedies say what to do about a state that does not mend itself.
var remedies = map[string]string{
	"fork":         "Central has another history of this store. Find out which data directory is the right one; docs/sync.md says how.",
	"moved":        "These data come from another machine. If this one goes on with them: shelfd adopt",
	"superseded":   "Another copy of these data took over. If this one is to go on instead: shelfd adopt",
	"unauthorized": "Ask head office for a new code, then: shelfd sync enroll URL CODE",
	"not_central":  "Another server answers. Is the address right, and does the network ask for a login first?",
	"revoked":      "Head office took this store's key away. Ask for a new code, then: shelfd sync enroll URL CODE",
}

func (o *rootOptions) writeRemedy(kind, code string) error {
	of := remedies
	if kind != centralName {
		of = posRemedies
	}
	text, ok := of[code]
	if !ok {
		return nil
	}
	_, err := fmt.Fprintf(o.stdout, "  %s\n", text)
	return err
}

// watchStatus writes a line for each change of a destination until ctx ends.
func (s *syncOptions) watchStatus(ctx context.Context, c *client) error {
	shown := map[string]string{}
	for {
		if err := s.showChanges(ctx, c, shown); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.clock.After(lookEvery):
		}
	}
}

// showChanges writes a line for each destination that is not as shown.
func (s *syncOptions) showChanges(ctx context.Context, c *client, shown map[string]string) error {
	status, err := readSyncStatus(ctx, c)
	for _, d := range status.Destinations {
		if line := d.line(); shown[d.Name] != line {
			shown[d.Name] = line
			err = errors.Join(err, s.writeChange(d, line))
		}
	}
	return err
}

func (s *syncOptions) writeChange(d syncDestination, line string) error {
	if s.asJSON() {
		return s.json(d)
	}
	_, err := fmt.Fprintf(s.stdout, "%s  %s\n", s.clock.Wall().UTC().Format(time.RFC3339), line)
	return err
}

// line is a destination in one line.
func (d syncDestination) line() string {
	text := fmt.Sprintf("%s  %s  %d behind", d.Name, d.State, d.Waiting)
	if d.Error != nil {
		text += "  " + d.Error.Detail + " (" + d.Error.Code + ")"
	}
	return text
}
