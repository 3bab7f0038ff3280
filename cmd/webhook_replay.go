package cmd

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// replayOptions are the flags of webhook replay.
type replayOptions struct {
	*rootOptions
	from, since string
}

func newWebhookReplayCommand(o *rootOptions) *cobra.Command {
	r := &replayOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "replay ID", Short: "Tell a webhook once more what happened", Args: cobra.ExactArgs(1),
		Long: `Has a webhook told once more what happened, from an entry or a moment on. Events
have the ids that they had before. ID is the id, the beginning of it, or the address.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd webhook replay 0197 --from 1-402
  shelfd webhook replay https://screens.example.com/hooks --since 7d`,
		RunE: func(cmd *cobra.Command, args []string) error { return r.replay(cmd.Context(), args[0]) },
	}
	f := c.Flags()
	f.StringVar(&r.from, "from", "", "the `position` of the first entry, such as 1-402")
	f.StringVar(&r.since, "since", "", "a `time` before now, such as 7d, or a moment in RFC 3339")
	c.MarkFlagsOneRequired("from", "since")
	c.MarkFlagsMutuallyExclusive("from", "since")
	return c
}

func (r *replayOptions) replay(ctx context.Context, meant string) error {
	body, begin := map[string]string{"from": r.from}, r.from
	if r.since != "" {
		at, err := r.moment()
		if err != nil {
			return withExit(exitUsage, err)
		}
		begin = at.UTC().Format(time.RFC3339)
		body = map[string]string{"since": begin}
	}
	return r.withWebhook(ctx, meant, func(c *client, h *webhookView) error {
		if err := c.send(ctx, http.MethodPost, h.path("replay"), nil, body, h); err != nil {
			return err
		}
		if r.asJSON() {
			return r.json(h)
		}
		_, err := fmt.Fprintf(r.stdout, "%s is told once more what happened from %s on: %s.\n", h.URL, begin, counted(int(h.Waiting), "entry", "entries"))
		return err
	})
}

// moment reads a duration before now or a moment.
func (r *replayOptions) moment() (time.Time, error) {
	var d Duration
	if err := d.UnmarshalText([]byte(r.since)); err == nil {
		return r.clock.Wall().Add(-time.Duration(d)), nil
	}
	at, err := time.Parse(time.RFC3339, r.since)
	if err != nil {
		return at, fmt.Errorf("--since %s: must be a time before now such as 7d or 12h, or a moment such as 2026-01-31T00:00:00Z", r.since)
	}
	return at, nil
}
