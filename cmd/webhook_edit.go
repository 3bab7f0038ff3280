package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

// webhookEdit are the flags of webhook edit.
type webhookEdit struct {
	*rootOptions
	url, description, legacyHeader string
	events                         []string
	lan                            bool
}

func newWebhookEditCommand(o *rootOptions) *cobra.Command {
	e := &webhookEdit{rootOptions: o}
	c := &cobra.Command{
		Use: "edit ID", Short: "Change a webhook", Args: cobra.ExactArgs(1),
		Long: `Changes what is given and leaves the rest. The webhook goes on where it stood, at
once and with the same secret. ID is the id, the beginning of it, or the address.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd webhook edit 0197 --url https://screens.example.com/v2
  shelfd webhook edit 0197 --events inventory.low_stock,lot.expiring --description "Orders"
  shelfd webhook edit 0197 --events all --lan=false`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.edit(cmd.Context(), args[0], cmd.Flags().Changed)
		},
	}
	f := c.Flags()
	f.StringVar(&e.url, "url", "", "another `address`")
	f.StringSliceVar(&e.events, "events", nil, "only these `events`, joined by commas; all for everything")
	f.StringVar(&e.description, "description", "", "what it is for")
	f.BoolVar(&e.lan, "lan", false, "it may be in the shop's own network, and without TLS")
	f.StringVar(&e.legacyHeader, "legacy-header", "", "sign in this `header` as well; empty for none")
	return c
}

func (e *webhookEdit) edit(ctx context.Context, meant string, given func(flag string) bool) error {
	body := map[string]any{}
	for flag, member := range map[string]struct {
		name  string
		value any
	}{
		"url": {"url", e.url}, "events": {"events", chosenEvents(e.events)}, "description": {"description", e.description},
		"lan": {"lan", e.lan}, "legacy-header": {"legacy_header", e.legacyHeader},
	} {
		if given(flag) {
			body[member.name] = member.value
		}
	}
	if len(body) == 0 {
		return withExit(exitUsage, errors.New("nothing is to be changed; give --url, --events, --description, --lan or --legacy-header"))
	}
	return e.changeWebhook(ctx, meant, body, "%s is changed.\n")
}

// chosenEvents is what to subscribe to, nothing for all.
func chosenEvents(named []string) []string {
	if len(named) == 1 && named[0] == "all" {
		return nil
	}
	return named
}

// changeWebhook sends what is to be changed of an endpoint; says has its
// address in it.
func (o *rootOptions) changeWebhook(ctx context.Context, meant string, body map[string]any, says string) error {
	return o.withWebhook(ctx, meant, func(c *client, h *webhookView) error {
		if err := c.send(ctx, http.MethodPatch, h.path(), nil, body, h); err != nil {
			return err
		}
		if o.asJSON() {
			return o.json(h)
		}
		_, err := fmt.Fprintf(o.stdout, says, h.URL)
		return err
	})
}

func newWebhookPauseCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "pause ID", Short: "Tell a webhook nothing for a while", Args: cobra.ExactArgs(1),
		Long: `Has a webhook told nothing until webhook resume. Nothing is lost: it goes on where it
stood. ID is the id, the beginning of it, or the address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.changeWebhook(cmd.Context(), args[0], map[string]any{"active": false}, "%s is told nothing until it is resumed: shelfd webhook resume\n")
		},
	}
}

func newWebhookResumeCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "resume ID", Short: "Go on telling a webhook", Args: cobra.ExactArgs(1),
		Long: `Has a webhook told what happens again, from where it stood: one that was paused, and
one that was switched off because it failed. One that only waits for its next try is
tried at once by webhook test. ID is the id, the beginning of it, or the address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.changeWebhook(cmd.Context(), args[0], map[string]any{"active": true}, "%s is told what happens again.\n")
		},
	}
}
