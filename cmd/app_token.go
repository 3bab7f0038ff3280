package cmd

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// firstToken lets somebody in when nobody could get in otherwise: it makes an
// admin token with the configured secret, or with a new one, which it gives.
// secret is "" when there is nothing to tell.
func (a *app) firstToken(ctx context.Context, configured Secret) (secret string, err error) {
	if a.hasAdmin() {
		return "", nil
	}
	// A configured token that was revoked stays so.
	if _, used := a.ledger.TokenBySecret(string(configured)); configured != "" && !used {
		return "", a.issueToken(ctx, "Configured admin", string(configured))
	}
	secret = newSecret()
	return secret, a.issueToken(ctx, "First admin", secret)
}

// hasAdmin tells whether somebody has an admin token that is valid.
func (a *app) hasAdmin() bool {
	for _, t := range a.ledger.Tokens() {
		if t.Role == store.RoleAdmin && a.ledger.Valid(t) {
			return true
		}
	}
	return false
}

func (a *app) issueToken(ctx context.Context, name, secret string) error {
	_, err := a.ledger.Do(ctx, store.SystemRequest(),
		&store.IssueToken{Name: name, Role: store.RoleAdmin, Hash: store.HashToken(secret)})
	return err
}
