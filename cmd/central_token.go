package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
)

func newCentralTokenCommand(s *centralOptions) *cobra.Command {
	return newParent("token", "Make, list and revoke tokens of head office",
		newCentralTokenCreateCommand(s), newCentralTokenListCommand(s), newCentralTokenRevokeCommand(s))
}

func newCentralTokenCreateCommand(s *centralOptions) *cobra.Command {
	var name, role, expires string
	c := &cobra.Command{
		Use: "create", Short: "Make a token for head office's API", Args: cobra.NoArgs,
		Long: `Makes a token and writes its secret, once and alone, to standard output. A viewer
reads; an admin also lets stores in and sends commands.` + exitStatus(exitRefused, exitUnreachable),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := &tokenOptions{rootOptions: s.rootOptions, name: name, role: role, expires: expires}
			return s.with(cmd.Context(), func(office *central.Central) error { return t.createCentral(cmd.Context(), office) })
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "what it is for")
	f.StringVar(&role, "role", "", "viewer, manager or admin")
	f.StringVar(&expires, "expires", "", "a `time` from now, such as 90d, or a moment in RFC 3339; never when absent")
	_ = c.MarkFlagRequired("name")
	_ = c.MarkFlagRequired("role")
	return c
}

func (t *tokenOptions) createCentral(ctx context.Context, office *central.Central) error {
	secret := newSecret()
	asked := store.IssueToken{Name: t.name, Role: store.Role(t.role), Hash: store.HashToken(secret)}
	if t.expires != "" {
		at, err := t.expiry()
		if err != nil {
			return withExit(exitUsage, err)
		}
		asked.ExpiresAt = store.InstantOf(at)
	}
	if err := asked.Check(store.InstantOf(t.clock.Wall())); err != nil {
		return err
	}
	made, _, err := office.IssueToken(ctx, officeRequest(), store.Token{
		Name: asked.Name, Role: asked.Role, Hash: asked.Hash, ExpiresAt: asked.ExpiresAt,
	})
	if err != nil {
		return err
	}
	view := tokenViewOf(made)
	view.Token = secret
	return t.show(view)
}

func tokenViewOf(t *store.Token) tokenView {
	return tokenView{
		ID: t.ID.String(), Name: t.Name, Role: string(t.Role),
		CreatedAt: timeOf(t.CreatedAt), ExpiresAt: timeOf(t.ExpiresAt), RevokedAt: timeOf(t.RevokedAt),
	}
}

func newCentralTokenListCommand(s *centralOptions) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the tokens of head office", Args: cobra.NoArgs,
		Long: "Lists all tokens, revoked ones included. Secrets are not kept and cannot be shown." + exitStatus(exitUnreachable),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(office *central.Central) error { return s.listTokens(cmd.Context(), office) })
		},
	}
}

func (s *centralOptions) listTokens(ctx context.Context, office *central.Central) error {
	list, err := office.Tokens(ctx)
	if err != nil {
		return err
	}
	views := make([]tokenView, len(list))
	for i, t := range list {
		views[i] = tokenViewOf(t)
	}
	if s.asJSON() {
		return s.json(map[string]any{"data": views})
	}
	table, err := newTable(s.stdout, "text", "id", "name", "role", "created", "state")
	if err != nil {
		return err
	}
	for _, v := range views {
		err = errors.Join(err, table.Row(v.ID, v.Name, v.Role, orNone(v.CreatedAt), v.state(s.clock.Wall())))
	}
	return errors.Join(err, table.Close())
}

func newCentralTokenRevokeCommand(s *centralOptions) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token of head office at once", Args: cobra.ExactArgs(1),
		Long: "Ends a token at once. It stays in the list." + exitStatus(exitNotFound, exitUnreachable),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.with(cmd.Context(), func(office *central.Central) error { return s.revokeToken(cmd.Context(), office, args[0]) })
		},
	}
}

func (s *centralOptions) revokeToken(ctx context.Context, office *central.Central, text string) error {
	id, ok := store.ParseID(text)
	if !ok {
		return withExit(exitUsage, fmt.Errorf("%s is no id of a token", text))
	}
	if _, err := office.RevokeToken(ctx, officeRequest(), id); err != nil {
		return err
	}
	if s.asJSON() {
		return s.json(map[string]any{"id": text, "revoked": true})
	}
	_, err := fmt.Fprintf(s.stdout, "Token %s is revoked.\n", text)
	return err
}
