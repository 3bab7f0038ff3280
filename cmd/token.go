package cmd

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const tokensPath = "/api/v1/tokens"

func newTokenCommand(o *rootOptions) *cobra.Command {
	return newParent("token", "Make, list and revoke tokens", newTokenCreateCommand(o), newTokenListCommand(o), newTokenRevokeCommand(o))
}

// tokenOptions are the flags of token create.
type tokenOptions struct {
	*rootOptions
	name, role, location, terminal, expires string
}

func newTokenCreateCommand(o *rootOptions) *cobra.Command {
	t := &tokenOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "create", Short: "Make a token", Args: cobra.NoArgs,
		Long: `Makes a token and writes its secret, once and alone, to standard output, so that
TOKEN=$(shelfd token create --name "Till 1" --role terminal) keeps it.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error { return t.create(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&t.name, "name", "", "what it is for")
	f.StringVar(&t.role, "role", "", "viewer, terminal, manager, admin or sync")
	f.StringVar(&t.location, "location", "", "bind it to one location, an `id or name`")
	f.StringVar(&t.terminal, "terminal", "", "the `name` of the device that uses it")
	f.StringVar(&t.expires, "expires", "", "a `time` from now, such as 90d, or a moment in RFC 3339; never when absent")
	_ = c.MarkFlagRequired("name")
	_ = c.MarkFlagRequired("role")
	return c
}

// tokenView is a token as the API shows it.
type tokenView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	LocationID *string    `json:"location_id"`
	Terminal   *string    `json:"terminal"`
	CreatedAt  *time.Time `json:"created_at"`
	CreatedBy  *string    `json:"created_by"`
	LastUsedAt *time.Time `json:"last_used_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	// Token is the secret, in the answer that makes it.
	Token string `json:"token,omitempty"`
}

func (t *tokenOptions) create(ctx context.Context) (err error) {
	body := map[string]string{"name": t.name, "role": t.role}
	if t.expires != "" {
		at, err := t.expiry()
		if err != nil {
			return withExit(exitUsage, err)
		}
		body["expires_at"] = at.UTC().Format(time.RFC3339)
	}
	if t.terminal != "" {
		body["terminal"] = t.terminal
	}
	c, err := connect(ctx, t.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if t.location != "" {
		if body["location_id"], err = locationNamed(ctx, c, t.location); err != nil {
			return err
		}
	}
	var made tokenView
	if err := c.send(ctx, http.MethodPost, tokensPath, nil, body, &made); err != nil {
		return err
	}
	return t.show(made)
}

// show writes the secret alone to standard output.
func (t *tokenOptions) show(made tokenView) error {
	if t.asJSON() {
		return t.json(made)
	}
	fmt.Fprintf(t.stderr, "Token %s (%s, role %s). Keep the secret: it is shown this once.\n", made.ID, made.Name, made.Role)
	_, err := fmt.Fprintln(t.stdout, made.Token)
	return err
}

// expiry reads a duration from now or a moment.
func (t *tokenOptions) expiry() (time.Time, error) {
	var d Duration
	if err := d.UnmarshalText([]byte(t.expires)); err == nil {
		return t.clock.Wall().Add(time.Duration(d)), nil
	}
	at, err := time.Parse(time.RFC3339, t.expires)
	if err != nil {
		return at, fmt.Errorf("--expires %s: must be a time from now such as 90d or 12h, or a moment such as 2027-01-31T00:00:00Z", t.expires)
	}
	return at, nil
}

// closeInto closes a client when a command ends; the command's own error goes
// first.
func closeInto(c *client, err *error) {
	if e := c.Close(); *err == nil {
		*err = e
	}
}

// locationNamed finds a location by id, or by name without regard to letter
// case.
func locationNamed(ctx context.Context, c *client, text string) (string, error) {
	var list struct {
		Data []struct{ ID, Name string }
	}
	var ids, names []string
	query := url.Values{"limit": {"200"}}
	if err := c.get(ctx, "/api/v1/locations", query, &list); err != nil {
		return "", err
	}
	for _, l := range list.Data {
		names = append(names, l.Name)
		if l.ID == text {
			return l.ID, nil
		}
		if strings.EqualFold(l.Name, text) {
			ids = append(ids, l.ID)
		}
	}
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return "", withExit(exitNotFound, fmt.Errorf("there is no location %q; there are: %s", text, strings.Join(names, ", ")))
	}
	return "", withExit(exitRefused, fmt.Errorf("%d locations are named %q; say which by id: %s", len(ids), text, strings.Join(ids, ", ")))
}
