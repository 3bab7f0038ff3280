package cmd

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// webhookOptions are the flags of webhook add.
type webhookOptions struct {
	*rootOptions
	events                              []string
	description, location, legacyHeader string
	lan                                 bool
}

func newWebhookAddCommand(o *rootOptions) *cobra.Command {
	w := &webhookOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "add URL", Short: "Have an address told what happens", Args: cobra.ExactArgs(1),
		Long: `Adds a webhook and writes its secret, once and alone, to standard output. From now
on the address is told what happens, in order, until it says that it has it. It is
signed as Standard Webhooks (standardwebhooks.com) says. The events: docs/webhooks.md.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd webhook add https://screens.example.com/hooks --events inventory.updated,inventory.low_stock
  shelfd webhook add http://192.168.1.40:9000/hooks/label --lan --description "Label printer"`,
		RunE: func(cmd *cobra.Command, args []string) error { return w.add(cmd.Context(), args[0]) },
	}
	f := c.Flags()
	f.StringSliceVar(&w.events, "events", nil, "only these `events`, joined by commas; all when absent")
	f.StringVar(&w.description, "description", "", "what it is for")
	f.BoolVar(&w.lan, "lan", false, "it may be in the shop's own network, and without TLS")
	f.StringVar(&w.location, "location", "", "only what happens at one location, an `id or name`")
	f.StringVar(&w.legacyHeader, "legacy-header", "", "sign in this `header` as well, as sha256= and hex, for receivers that know no better")
	return c
}

func (w *webhookOptions) add(ctx context.Context, address string) (err error) {
	c, err := connectExisting(ctx, w.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	body := map[string]any{"url": address, "events": chosenEvents(w.events), "description": w.description, "lan": w.lan, "legacy_header": w.legacyHeader}
	if w.location != "" {
		if body["location_id"], err = locationNamed(ctx, c, w.location); err != nil {
			return err
		}
	}
	var made webhookView
	if err := c.send(ctx, http.MethodPost, webhooksPath, nil, body, &made); err != nil {
		return err
	}
	return w.showSecret(&made, "")
}

// showSecret writes a secret alone to standard output.
func (o *rootOptions) showSecret(h *webhookView, more string) error {
	if o.asJSON() {
		return o.json(h)
	}
	fmt.Fprintf(o.stderr, "Webhook %s (%s). Keep the secret: it is shown this once.%s\n", h.ID, h.URL, more)
	_, err := fmt.Fprintln(o.stdout, h.Secret)
	return err
}

func newWebhookRotateCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "rotate ID", Short: "Give a webhook another secret", Args: cobra.ExactArgs(1),
		Long: `Gives a webhook another secret and writes it, once and alone, to standard output.
For a while the secret before signs as well, so that the receiver can be changed in
peace. ID is the id, the beginning of it, or the address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return o.withWebhook(ctx, args[0], func(c *client, h *webhookView) error { return o.rotateSecret(ctx, c, h) })
		},
	}
}

func (o *rootOptions) rotateSecret(ctx context.Context, c *client, h *webhookView) error {
	if err := c.send(ctx, http.MethodPost, h.path("rotate-secret"), nil, nil, h); err != nil {
		return err
	}
	more := ""
	if h.OldSecretUntil != nil {
		more = fmt.Sprintf(" Until %s the secret before signs as well.", h.OldSecretUntil.Format(time.RFC3339))
	}
	return o.showSecret(h, more)
}

func newWebhookRemoveCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Remove a webhook", Args: cobra.ExactArgs(1),
		Long: `Removes a webhook: it is told nothing any more, and what waits for it is not sent.
ID is the id, the beginning of it, or the address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return o.withWebhook(ctx, args[0], func(c *client, h *webhookView) error { return o.removeWebhook(ctx, c, h) })
		},
	}
}

func (o *rootOptions) removeWebhook(ctx context.Context, c *client, h *webhookView) error {
	if err := c.send(ctx, http.MethodDelete, h.path(), nil, nil, nil); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(map[string]any{"id": h.ID, "removed": true})
	}
	_, err := fmt.Fprintf(o.stdout, "%s is told nothing any more.\n", h.URL)
	return err
}
