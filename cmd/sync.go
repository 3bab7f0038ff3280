package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

const (
	syncPath       = "/api/v1/inventory/sync"
	syncRunsPath   = "/api/v1/sync/runs/"
	syncStatusPath = "/api/v1/sync/status"
	// lookEvery is how often a command asks how a run gets on.
	lookEvery = 200 * time.Millisecond
)

// syncOptions are the flags of sync.
type syncOptions struct {
	*rootOptions
	kind, destination, location string
	force, watch                bool
}

func newSyncCommand(o *rootOptions) *cobra.Command {
	s := &syncOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "sync", Short: "Bring central and the other destinations up to date", Args: cobra.NoArgs,
		Long: `Asks for a sync run and waits for its end. A run of the same kind that is under
way is joined. Ctrl-C ends the waiting, not the run.

The server sends new entries by itself as soon as it can. A run is for being sure
of it now: incremental sends what is new, full compares everything.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitPartial, exitUnsynced),
		Example: `  shelfd sync
  shelfd sync --type full --destination central`,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&s.kind, "type", store.SyncIncremental, "incremental or full")
	f.StringVar(&s.destination, "destination", "", "the `name` of the only destination")
	f.StringVar(&s.location, "location", "", "the only location, an `id or name`")
	f.BoolVar(&s.force, "force", false, "with --type full: send everything, whatever was confirmed before")
	f.BoolVar(&s.watch, "watch", false, "afterwards, show every change of the destinations until Ctrl-C")
	c.AddCommand(newSyncStatusCommand(o), newSyncEnrollCommand(o), newSyncForgetCommand(o))
	return c
}

// syncRun is a run as the API shows it.
type syncRun struct {
	ID          string          `json:"id"`
	Destination *string         `json:"destination"`
	SyncType    string          `json:"sync_type"`
	LocationID  *string         `json:"location_id"`
	Status      string          `json:"status"`
	RequestedAt *time.Time      `json:"requested_at"`
	StartedAt   *time.Time      `json:"started_at"`
	FinishedAt  *time.Time      `json:"finished_at"`
	Counts      store.RunCounts `json:"counts"`
	Error       *syncError      `json:"error"`
	// Remaining is how much is still to do, nil when the run does not work.
	Remaining *int64 `json:"remaining"`
}

// syncError says why a run or a destination does not get on.
type syncError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r syncRun) ended() bool { return r.Status != store.RunQueued && r.Status != store.RunRunning }

func (s *syncOptions) run(ctx context.Context) (err error) {
	if s.kind != store.SyncFull && s.kind != store.SyncIncremental {
		return withExit(exitUsage, fmt.Errorf("--type %s: must be incremental or full", s.kind))
	}
	if s.force && s.kind != store.SyncFull {
		return withExit(exitUsage, errors.New("--force goes with --type full"))
	}
	c, err := connectSyncing(ctx, s.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	run, err := s.request(ctx, c)
	if err != nil {
		return err
	}
	if run, err = s.follow(ctx, c, run); err != nil {
		return err
	}
	if err := s.showRun(run); err != nil {
		return err
	}
	if s.watch {
		return s.watchStatus(ctx, c)
	}
	return run.outcome()
}

func (s *syncOptions) request(ctx context.Context, c *client) (run syncRun, err error) {
	if err := s.choose(ctx, c); err != nil {
		return run, err
	}
	body := map[string]any{"sync_type": s.kind}
	if s.destination != "" {
		body["destination"] = s.destination
	}
	if s.force {
		body["force"] = true
	}
	if s.location != "" {
		if body["location_id"], err = locationNamed(ctx, c, s.location); err != nil {
			return run, err
		}
	}
	err = c.send(ctx, http.MethodPost, syncPath, nil, body, &run)
	return run, err
}

// choose names the destination where there is only one.
func (s *syncOptions) choose(ctx context.Context, c *client) error {
	if s.destination != "" || s.location != "" {
		return nil
	}
	status, err := readSyncStatus(ctx, c)
	switch {
	case err != nil:
		return err
	case len(status.Destinations) == 0:
		return withExit(exitNotFound, errors.New("there is no destination; to enrol this store at central: shelfd sync enroll URL CODE"))
	case len(status.Destinations) == 1:
		s.destination = status.Destinations[0].Name
	}
	return nil
}

// follow waits for the end of a run and shows on a terminal how far it is.
func (s *syncOptions) follow(ctx context.Context, c *client, run syncRun) (syncRun, error) {
	bar := newSyncBar(s.rootOptions)
	defer bar.clear()
	for !run.ended() {
		bar.step(run.Remaining)
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-s.clock.After(lookEvery):
		}
		if err := c.get(ctx, syncRunsPath+run.ID, nil, &run); err != nil {
			return run, err
		}
	}
	return run, nil
}

func (s *syncOptions) showRun(r syncRun) error {
	if s.asJSON() {
		return s.json(r)
	}
	n := r.Counts
	_, err := fmt.Fprintf(s.stdout, "The %s run %s: %d looked at, %d sent, %d not needed, %d refused, %d left to do by hand.\n",
		r.SyncType, r.Status, n.Scanned, n.Sent, n.Skipped, n.Rejected, n.WorkItems)
	return err
}

// outcome gives the error that an ended run means for a script.
func (r syncRun) outcome() error {
	switch r.Status {
	case store.RunSucceeded:
		return nil
	case store.RunPartial:
		return withExit(exitPartial, fmt.Errorf("the run left something out: %s", r.reason()))
	case store.RunCanceled:
		return withExit(exitUnsynced, errors.New("the run was canceled"))
	}
	code := exitUnsynced
	if r.Error != nil && r.Error.Code == codeNoDestination {
		code = exitNotFound
	}
	return withExit(code, fmt.Errorf("the run failed: %s", r.reason()))
}

// codeNoDestination is that of a run which had nowhere to go.
const codeNoDestination = "no_destination"

func (r syncRun) reason() string {
	switch {
	case r.Error == nil:
		return "shelfd sync status says more"
	case r.Error.Code == codeNoDestination:
		return "there is no such destination; shelfd sync status lists those that there are"
	}
	return r.Error.Detail + " (" + r.Error.Code + ")"
}
