package central

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
)

// Invite makes a code that lets one store in, for a request of head office's
// API: see once. Codes: invalid_request.
func (c *Central) Invite(ctx context.Context, r store.Request, name string, validFor time.Duration) (store.Enrolment, bool, error) {
	var code string
	e, replayed, err := once(ctx, c, r, func(tx pgx.Tx) (e store.Enrolment, err error) {
		e = store.Enrolment{Name: name, ExpiresAt: c.now().Add(validFor)}
		code, err = c.enrol(ctx, tx, name, validFor)
		return e, err
	})
	if !replayed && !r.DryRun {
		e.Code = code
	}
	return e, replayed, err
}

// RevokeStore takes a store's key away, for a request of head office's API: see
// once. Codes: not_found.
func (c *Central) RevokeStore(ctx context.Context, r store.Request, id store.ID) (replayed bool, err error) {
	_, replayed, err = once(ctx, c, r, func(tx pgx.Tx) (store.ID, error) { return id, c.revoke(ctx, tx, id) })
	return replayed, err
}

// Send puts a command into the mailboxes of stores, none for all, for a
// request of head office's API: see once. It gives the numbers under which the
// stores know it. Codes: not_found.
func (c *Central) Send(ctx context.Context, r store.Request, stores []store.ID, kind string, body []byte) ([]store.SentCommand, bool, error) {
	sent, replayed, err := once(ctx, c, r, func(tx pgx.Tx) (sent []store.SentCommand, err error) {
		return c.sendCommand(ctx, tx, stores, kind, body)
	})
	if err == nil && !r.DryRun && !replayed {
		c.mail.ring(sent)
	}
	return sent, replayed, err
}

const tokenColumns = "SELECT id, name, role, hash, location, terminal, created_at, coalesce(expires_at, 0), coalesce(revoked_at, 0) FROM token "

// listTokens reads tokens; rest is what comes after FROM.
func listTokens(ctx context.Context, q querier, rest string, args ...any) ([]*store.Token, error) {
	rows, err := q.Query(ctx, tokenColumns+rest, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (*store.Token, error) {
		t := &store.Token{}
		var hash []byte
		var location *[16]byte
		err := r.Scan((*[16]byte)(&t.ID), &t.Name, (*string)(&t.Role), &hash, &location, &t.Terminal,
			(*int64)(&t.CreatedAt), (*int64)(&t.ExpiresAt), (*int64)(&t.RevokedAt))
		copy(t.Hash[:], hash)
		if location != nil {
			t.Location = *location
		}
		return t, err
	})
}

// FindToken gives the token of a secret, nil when there is none that may be
// used now.
func (c *Central) FindToken(ctx context.Context, secret string) (*store.Token, error) {
	hash := store.HashToken(secret)
	found, err := listTokens(ctx, c.pool, "WHERE hash = $1 AND revoked_at IS NULL AND coalesce(expires_at > $2, true)", hash[:], int64(c.now()))
	if err != nil || len(found) == 0 {
		return nil, told(err)
	}
	return found[0], nil
}

// Tokens lists the tokens of head office's API, oldest first.
func (c *Central) Tokens(ctx context.Context) ([]*store.Token, error) {
	list, err := listTokens(ctx, c.pool, "ORDER BY id")
	return list, told(err)
}

// IssueToken keeps a new token of head office's API: see once. Its ID and
// CreatedAt are given here. Codes: not_found for a location of no store.
func (c *Central) IssueToken(ctx context.Context, r store.Request, t store.Token) (*store.Token, bool, error) {
	id, replayed, err := once(ctx, c, r, func(tx pgx.Tx) (store.ID, error) {
		fresh, err := uuid.NewV7()
		t.ID, t.CreatedAt = store.ID(fresh), c.now()
		if err == nil && !t.Location.IsZero() {
			err = hasLocation(ctx, tx, t.Location)
		}
		if err != nil {
			return t.ID, err
		}
		_, err = tx.Exec(ctx, `INSERT INTO token (id, name, role, hash, location, terminal, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0))`,
			uid(t.ID), clean(t.Name), string(t.Role), t.Hash[:], uid(t.Location), clean(t.Terminal), int64(t.CreatedAt), int64(t.ExpiresAt))
		return t.ID, err
	})
	if err != nil || !replayed {
		return &t, replayed, err
	}
	found, err := listTokens(ctx, c.pool, "WHERE id = $1", uid(id))
	if err != nil || len(found) == 0 {
		return nil, true, told(errors.Join(err, noToken(id)))
	}
	found[0].RevokedAt = 0 // as it was then
	return found[0], true, nil
}

func hasLocation(ctx context.Context, tx pgx.Tx, id store.ID) error {
	var known bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM document WHERE id = $1 AND type = 'location')", uid(id)).Scan(&known)
	if err == nil && !known {
		text := "There is no location " + id.String() + "."
		err = &store.Error{Code: store.CodeNotFound, Message: text, Details: []store.Detail{
			{Pointer: "/location_id", Code: store.CodeNotFound, Detail: text},
		}}
	}
	return err
}

// RevokeToken ends a token of head office's API at once: see once. Codes:
// not_found.
func (c *Central) RevokeToken(ctx context.Context, r store.Request, id store.ID) (replayed bool, err error) {
	_, replayed, err = once(ctx, c, r, func(tx pgx.Tx) (store.ID, error) {
		tag, err := tx.Exec(ctx, "UPDATE token SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", uid(id), int64(c.now()))
		if err == nil && tag.RowsAffected() == 0 {
			err = noToken(id)
		}
		return id, err
	})
	return replayed, err
}

func noToken(id store.ID) error {
	return &store.Error{Code: store.CodeNotFound, Message: "There is no token " + id.String() + "."}
}
