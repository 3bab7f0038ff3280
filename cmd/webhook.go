package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

const webhooksPath = "/api/v1/webhooks"

func newWebhookCommand(o *rootOptions) *cobra.Command {
	return newParent("webhook", "List, add and test webhooks",
		newWebhookListCommand(o), newWebhookAddCommand(o), newWebhookEditCommand(o), newWebhookPauseCommand(o), newWebhookResumeCommand(o), newWebhookTestCommand(o), newWebhookRotateCommand(o), newWebhookRemoveCommand(o),
		newWebhookDeliveriesCommand(o), newWebhookRedeliverCommand(o), newWebhookReplayCommand(o))
}

// webhookView is an endpoint as the API shows it.
type webhookView struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Events         []string   `json:"events"`
	Description    *string    `json:"description"`
	Active         bool       `json:"active"`
	LAN            bool       `json:"lan"`
	LocationID     *string    `json:"location_id"`
	LegacyHeader   *string    `json:"legacy_header"`
	CreatedAt      *time.Time `json:"created_at"`
	Version        int64      `json:"version"`
	OldSecretUntil *time.Time `json:"old_secret_until"`
	State          string     `json:"state"`
	DisabledAt     *time.Time `json:"disabled_at"`
	DisabledReason *string    `json:"disabled_reason"`
	Cursor         *string    `json:"cursor"`
	Waiting        int64      `json:"waiting"`
	LastSuccessAt  *time.Time `json:"last_success_at"`
	Failures       int64      `json:"failures"`
	FailingSince   *time.Time `json:"failing_since"`
	NextAttemptAt  *time.Time `json:"next_attempt_at"`
	Error          *syncError `json:"error"`
	// Secret is in the answer that makes it.
	Secret string `json:"secret,omitempty"`
}

// path is the path of an endpoint, or of something below it.
func (h *webhookView) path(below ...string) string {
	path := webhooksPath + "/" + url.PathEscape(h.ID)
	for _, part := range below {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// withWebhook finds the endpoint that somebody means and does something with
// it.
func (o *rootOptions) withWebhook(ctx context.Context, meant string, do func(*client, *webhookView) error) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	list, err := readWebhooks(ctx, c)
	if err != nil {
		return err
	}
	h, err := webhookMeant(list, meant)
	if err != nil {
		return err
	}
	return do(c, h)
}

func readWebhooks(ctx context.Context, c *client) ([]webhookView, error) {
	var list struct {
		Data []webhookView `json:"data"`
	}
	err := c.get(ctx, webhooksPath, nil, &list)
	return list.Data, err
}

// webhookMeant finds an endpoint by its id, the beginning of it, or its
// address.
func webhookMeant(list []webhookView, meant string) (*webhookView, error) {
	var found []*webhookView
	var ids []string
	for i := range list {
		h := &list[i]
		if h.ID == meant {
			return h, nil
		}
		if meant != "" && (h.URL == meant || strings.HasPrefix(h.ID, strings.ToLower(meant))) {
			found, ids = append(found, h), append(ids, h.ID)
		}
	}
	switch len(found) {
	case 0:
		return nil, withExit(exitNotFound, fmt.Errorf("there is no webhook %q; to see those that there are: shelfd webhook list", meant))
	case 1:
		return found[0], nil
	}
	return nil, withExit(exitRefused, fmt.Errorf("%q may be %d webhooks; say more of the id: %s", meant, len(found), strings.Join(ids, ", ")))
}

func newWebhookListCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the webhooks", Args: cobra.NoArgs,
		Long: `Lists who is told what happens: what each is told, how many entries it lacks, and
what is in the way. Secrets cannot be shown again.` + exitStatus(exitNotFound, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.listWebhooks(cmd.Context()) },
	}
}

func (o *rootOptions) listWebhooks(ctx context.Context) error {
	return show(ctx, o, webhooksPath, readWebhooks, o.writeWebhooks)
}

func (o *rootOptions) writeWebhooks(list []webhookView) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(o.stdout, "There is no webhook. To add one: shelfd webhook add URL")
		return err
	}
	table, err := newTable(o.stdout, "text", "id", "url", "events", "for", "state", "behind", "failing since", "delivered at", "next try")
	if err != nil {
		return err
	}
	for i := range list {
		h := &list[i]
		err = errors.Join(err, table.Row(h.ID, h.URL, cmp.Or(strings.Join(h.Events, ", "), "all"), orNone(h.Description), h.state(),
			h.Waiting, orNone(h.FailingSince), orNone(h.LastSuccessAt), orNone(h.NextAttemptAt)))
	}
	err = errors.Join(err, table.Close())
	for i := range list {
		if trouble := list[i].trouble(); trouble != "" {
			_, e := fmt.Fprintf(o.stdout, "\n%s", trouble)
			err = errors.Join(err, e)
		}
	}
	return err
}

// state says in a word whether the endpoint is told anything.
func (h *webhookView) state() string {
	switch {
	case h.DisabledReason != nil:
		return "disabled"
	case !h.Active:
		return "off"
	}
	return h.State
}

// trouble says what is in the way and what to do, "" for nothing.
func (h *webhookView) trouble() string {
	switch {
	case h.DisabledReason != nil && *h.DisabledReason == store.WebhookGone:
		return h.says("The receiver said that it is gone for good.", *h.DisabledReason)
	case h.DisabledReason != nil:
		return h.says("The receiver took nothing for 30 days.", *h.DisabledReason)
	case h.Error == nil:
		return ""
	}
	return h.says(h.Error.Detail, h.Error.Code)
}

// says puts a failure and what to do about it into a line or two.
func (h *webhookView) says(detail, code string) string {
	text := fmt.Sprintf("%s: %s (%s)\n", h.URL, tableVisible(detail), code)
	if remedy := webhookRemedies[code]; remedy != "" {
		text += fmt.Sprintf("  %s\n", remedy)
	}
	return text
}

// webhookRemedies say what to do about an endpoint that does not take what it
// is told, by code.
var webhookRemedies = map[string]string{
	store.DeliveryStatus:      "Look into the log of the receiver. What waits for it is sent as soon as it answers 2xx.",
	store.DeliveryRedirect:    "Redirects are not followed. To enter the address that it leads to: shelfd webhook edit ID --url URL",
	store.DeliveryGone:        "It is told nothing any more. If it is there after all: shelfd webhook resume",
	store.WebhookFailing:      "It is told nothing any more. When it works again: shelfd webhook resume",
	store.DeliveryTimeout:     "It is slow or busy. A receiver should answer first and work afterwards.",
	store.DeliveryUnreachable: "Is there a network, and does the receiver run? What waits for it is sent as soon as it answers.",
	store.DeliveryDNS:         "Is there a network, and is the name in its address right?",
	store.DeliveryTLS:         "Is its certificate valid, and the clock of this machine right?",
	store.DeliveryForbidden:   "If it is a receiver in the shop's own network: shelfd webhook edit ID --lan. Nothing is sent to other addresses of that kind.",
}
