package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

// deliveryView is an attempt as the API shows it.
type deliveryView struct {
	ID            string     `json:"id"`
	WebhookID     string     `json:"webhook_id"`
	EventID       string     `json:"event_id"`
	Entry         *string    `json:"entry"`
	Type          string     `json:"type"`
	Attempt       int64      `json:"attempt"`
	AttemptedAt   *time.Time `json:"attempted_at"`
	StatusCode    *int64     `json:"status_code"`
	DurationMS    int64      `json:"duration_ms"`
	Outcome       string     `json:"outcome"`
	Detail        *string    `json:"detail"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
}

// deliveryPage is the most attempts that the API gives at once.
const deliveryPage = 200

// deliveryOptions are the flags of webhook deliveries.
type deliveryOptions struct {
	*rootOptions
	failed bool
	limit  int
}

func newWebhookDeliveriesCommand(o *rootOptions) *cobra.Command {
	d := &deliveryOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "deliveries ID", Short: "Show what a webhook was told, and what it answered", Args: d.arguments,
		Long: `Shows every attempt to tell a webhook something, newest first: what it answered, how
long it took, and when it is tried again. ID is the id, the beginning of it, or the
address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd webhook deliveries 0197 --failed`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return d.withWebhook(ctx, args[0], func(c *client, h *webhookView) error { return d.list(ctx, c, h) })
		},
	}
	c.Flags().BoolVar(&d.failed, "failed", false, "only attempts that failed")
	c.Flags().IntVar(&d.limit, "limit", 50, "how many `attempts` to show at most")
	return c
}

// arguments says what is wrong with a command line before anything is done.
func (d *deliveryOptions) arguments(cmd *cobra.Command, args []string) error {
	if d.limit < 1 {
		return fmt.Errorf("--limit %d: must be at least 1", d.limit)
	}
	return cobra.ExactArgs(1)(cmd, args)
}

func (d *deliveryOptions) list(ctx context.Context, c *client, h *webhookView) error {
	list, err := readDeliveries(ctx, c, h, d.failed, d.limit)
	if err != nil {
		return err
	}
	if d.asJSON() {
		return d.json(map[string]any{"data": list})
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(d.stdout, "There is no such delivery.")
		return err
	}
	table, err := newTable(d.stdout, "text", "id", "at", "event", "type", "attempt", "answer", "ms", "outcome", "next try", "detail")
	for i := range list {
		v := &list[i]
		err = errors.Join(err, table.Row(v.ID, orNone(v.AttemptedAt), v.EventID, v.Type, v.Attempt, orNone(v.StatusCode), v.DurationMS,
			strings.ReplaceAll(v.Outcome, "_", " "), orNone(v.NextAttemptAt), orNone(v.Detail)))
	}
	return errors.Join(err, table.Close())
}

// readDeliveries reads the newest attempts, at most so many.
func readDeliveries(ctx context.Context, c *client, h *webhookView, failed bool, limit int) ([]deliveryView, error) {
	list := []deliveryView{}
	query := url.Values{}
	if failed {
		query.Set("status", "failed")
	}
	for len(list) < limit {
		var page struct {
			Data       []deliveryView `json:"data"`
			NextCursor *string        `json:"next_cursor"`
		}
		query.Set("limit", strconv.Itoa(min(limit-len(list), deliveryPage)))
		if err := c.get(ctx, h.path("deliveries"), query, &page); err != nil {
			return nil, err
		}
		if list = append(list, page.Data...); page.NextCursor == nil {
			break
		}
		query.Set("cursor", *page.NextCursor)
	}
	return list, nil
}

func newWebhookTestCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "test ID", Short: "Send a webhook a test", Args: cobra.ExactArgs(1),
		Long: `Sends a webhook a webhook.test now, and says what it answered and what to do. ID is
the id, the beginning of it, or the address.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return o.withWebhook(ctx, args[0], func(c *client, h *webhookView) error { return o.deliver(ctx, c, h, h.path("test")) })
		},
	}
}

func newWebhookRedeliverCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "redeliver ID DELIVERY", Short: "Send once more what a webhook was sent", Args: cobra.ExactArgs(2),
		Long: `Sends once more, now, what an attempt sent, with the id that it had, and says what
became of it. ID is the id of the webhook, the beginning of it, or its address;
DELIVERY is the id of the attempt, or the beginning of one of the newest 200.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return o.withWebhook(ctx, args[0], func(c *client, h *webhookView) error {
				id, err := deliveryMeant(ctx, c, h, args[1])
				if err != nil {
					return err
				}
				return o.deliver(ctx, c, h, h.path("deliveries", id, "redeliver"))
			})
		},
	}
}

// deliveryMeant finds an attempt by its id, or the beginning of it. A whole id
// is left to the API to find.
func deliveryMeant(ctx context.Context, c *client, h *webhookView, meant string) (string, error) {
	if _, whole := store.ParseID(meant); whole {
		return meant, nil
	}
	list, err := readDeliveries(ctx, c, h, false, deliveryPage)
	if err != nil {
		return "", err
	}
	var found []string
	for i := range list {
		if meant != "" && strings.HasPrefix(list[i].ID, strings.ToLower(meant)) {
			found = append(found, list[i].ID)
		}
	}
	switch len(found) {
	case 0:
		return "", withExit(exitNotFound, fmt.Errorf("there is no delivery %q among the newest; to see them: shelfd webhook deliveries %s", meant, h.ID))
	case 1:
		return found[0], nil
	}
	return "", withExit(exitRefused, fmt.Errorf("%q may be %d deliveries; say more of the id", meant, len(found)))
}

// deliver has something sent now, and says what became of it.
func (o *rootOptions) deliver(ctx context.Context, c *client, h *webhookView, path string) error {
	var d deliveryView
	err := c.send(ctx, http.MethodPost, path, nil, nil, &d)
	if err != nil {
		return err
	}
	good := d.Outcome == store.DeliveryDone
	switch {
	case o.asJSON():
		err = o.json(d)
	case good:
		_, err = fmt.Fprintf(o.stdout, "%s: good. It answered %v in %d ms.\n", h.URL, orNone(d.StatusCode), d.DurationMS)
	default:
		detail := d.Outcome
		if d.Detail != nil {
			detail = *d.Detail
		}
		_, err = fmt.Fprint(o.stdout, h.says(detail, d.Outcome))
	}
	if err == nil && !good {
		err = withExit(exitUnsynced, fmt.Errorf("%s did not take it", h.URL))
	}
	return err
}
