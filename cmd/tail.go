package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	eventsPath = "/api/v1/events"
	// tailRetry is how long to wait before connecting again.
	tailRetry = time.Second
)

// tailOptions is what follows the live feed.
type tailOptions struct {
	*rootOptions
	types    []string
	location string
	after    string

	// connected tells that the feed was read before: from then on what is in the
	// way is waited out.
	connected bool
	colour    bool
}

func newTailCommand(o *rootOptions) *cobra.Command {
	t := &tailOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "tail", Short: "Show what happens, as it happens", Args: cobra.NoArgs,
		Long: `Shows the live feed of the running server, one line an event, until Ctrl-C: the
local time, the product, the change and the quantity after it, the room, the reason
and the terminal. With -o json each line is the event as subscribers get it.

A lost connection is made again, and nothing is missed meanwhile.` + exitStatus(exitNotFound, exitRefused, exitUnreachable),
		Example: `  shelfd tail --types inventory.updated,inventory.low_stock
  shelfd tail --after 1-8842 -o json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd.Context()) },
	}
	c.Flags().StringSliceVar(&t.types, "types", nil, "only these `events`, such as inventory.updated")
	c.Flags().StringVar(&t.location, "location", "", "only this `location`, by id or name")
	c.Flags().StringVar(&t.after, "after", "", "go on after the event with this `id`, such as 1-8842")
	return c
}

// run follows the feed until ctx ends, which is a success.
func (t *tailOptions) run(ctx context.Context) error {
	if err := t.load(); err != nil {
		return err
	}
	if err := t.needLedger(); err != nil {
		return err
	}
	t.colour = isTerminal(t.stdout) && !t.noColour()
	for {
		err := t.follow(ctx)
		if ctx.Err() == nil && (!t.connected || !mendsItself(err)) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.clock.After(tailRetry):
		}
	}
}

// noColour tells whether the environment wants none; see no-color.org.
func (t *tailOptions) noColour() bool {
	return slices.ContainsFunc(t.env, func(v string) bool {
		name, value, _ := strings.Cut(v, "=")
		return name == "NO_COLOR" && value != ""
	})
}

// mendsItself tells whether connecting again may help: not where the server
// refuses, unless it has too much to do, nor where nobody reads the output.
func mendsItself(err error) bool {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.Status == http.StatusTooManyRequests || p.Status >= http.StatusInternalServerError
	}
	_, output := errors.AsType[*outputError](err)
	return !output
}

// outputError says that a line could not be written.
type outputError struct{ error }

func (e *outputError) Unwrap() error { return e.error }

// follow reads the feed of the server that runs now until it breaks off.
func (t *tailOptions) follow(ctx context.Context) (err error) {
	c := connectServer(ctx, string(t.config.DataDir))
	if c == nil {
		return withExit(exitUnreachable, fmt.Errorf("no server runs on %s; start it with shelfd serve", t.config.DataDir))
	}
	defer closeInto(c, &err)
	query, err := t.query(ctx, c)
	if err != nil {
		return err
	}
	r, err := c.request(ctx, http.MethodGet, eventsPath, query, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if t.after != "" {
		r.Header.Set("Last-Event-ID", t.after)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return withExit(exitUnreachable, unreachable(c.base, err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return problemOf(answer)
	}
	t.connected = true
	return readEvents(answer.Body, t.show)
}

func (t *tailOptions) query(ctx context.Context, c *client) (url.Values, error) {
	query := url.Values{}
	if len(t.types) > 0 {
		query.Set("types", strings.Join(t.types, ","))
	}
	if t.location == "" {
		return query, nil
	}
	id, err := locationNamed(ctx, c, t.location)
	query.Set("location_id", id)
	return query, err
}
