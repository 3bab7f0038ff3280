package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func newTokenListCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens", Args: cobra.NoArgs,
		Long: "Lists all tokens, revoked ones included. Secrets are not kept and cannot be shown." +
			exitStatus(exitNotFound, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.listTokens(cmd.Context()) },
	}
}

func (o *rootOptions) listTokens(ctx context.Context) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	var list struct {
		Data []tokenView `json:"data"`
	}
	if err := c.get(ctx, tokensPath, nil, &list); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(list)
	}
	table, err := newTable(o.stdout, "text", "id", "name", "role", "location", "terminal", "created", "last used", "state")
	if err != nil {
		return err
	}
	for _, t := range list.Data {
		err = errors.Join(err, table.Row(t.ID, t.Name, t.Role, orNone(t.LocationID), orNone(t.Terminal),
			orNone(t.CreatedAt), orNone(t.LastUsedAt), t.state(o.clock.Wall())))
	}
	return errors.Join(err, table.Close())
}

// orNone gives what p points to, or nil for an empty cell.
func orNone[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// state says in a word or two whether the token works.
func (t tokenView) state(now time.Time) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked"
	case t.ExpiresAt == nil:
		return "valid"
	case now.Before(*t.ExpiresAt):
		return "until " + t.ExpiresAt.Format(time.DateOnly)
	}
	return "expired"
}

func newTokenRevokeCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Args: cobra.ExactArgs(1),
		Long: "Ends a token at once. It stays in the list, and in the history of what it did." +
			exitStatus(exitNotFound, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, args []string) error { return o.revokeToken(cmd.Context(), args[0]) },
	}
}

func (o *rootOptions) revokeToken(ctx context.Context, id string) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if err := c.send(ctx, http.MethodDelete, tokensPath+"/"+url.PathEscape(id), nil, nil, nil); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(map[string]any{"id": id, "revoked": true})
	}
	_, err = fmt.Fprintf(o.stdout, "Token %s is revoked.\n", id)
	return err
}
