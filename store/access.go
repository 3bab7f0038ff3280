package store

import (
	"context"
	"encoding/json"
)

// IssueToken makes a token. Its secret is made by the caller and never comes
// here. Codes: not_found, invalid_request.
type IssueToken struct {
	Name      string
	Role      Role
	Hash      [32]byte
	Location  ID
	Terminal  string
	ExpiresAt Instant
}

// tokenEvent is the body of the events about tokens.
type tokenEvent struct {
	ID       ID     `json:"id"`
	Name     string `json:"name,omitempty"`
	Role     Role   `json:"role"`
	Location ID     `json:"location_id,omitzero"`
	Terminal string `json:"terminal,omitempty"`
}

// Check names every fault that can be seen without a ledger, and trims the
// texts. Codes: invalid_request.
func (c *IssueToken) Check(now Instant) error {
	var p problems
	c.check(&p)
	c.checkExpiry(&p, now)
	return p.err()
}

func (c *IssueToken) check(p *problems) {
	p.text("/name", &c.Name, 1, 100)
	p.text("/terminal", &c.Terminal, 0, 100)
	if !validRole(c.Role) {
		p.add(refuse(CodeInvalid, "role is viewer, terminal, manager, admin or sync.").at("/role"))
	}
}

func (c *IssueToken) checkExpiry(p *problems, now Instant) {
	if c.ExpiresAt != 0 && c.ExpiresAt <= now {
		p.add(refuse(CodeInvalid, "expires_at is in the past.").at("/expires_at"))
	}
}

func (c *IssueToken) decide(t *tx) error {
	var p problems
	c.check(&p)
	if _, ok := t.s.locations.get(c.Location); !ok && !c.Location.IsZero() {
		p.add(refuse(CodeNotFound, "There is no location %s.", c.Location).at("/location_id"))
	}
	c.checkExpiry(&p, t.now)
	if err := p.err(); err != nil {
		return err
	}
	token := &Token{
		ID: t.newID(), Name: c.Name, Role: c.Role, Hash: c.Hash, Location: c.Location,
		Terminal: c.Terminal, CreatedAt: t.now, ExpiresAt: c.ExpiresAt,
	}
	return t.putToken(token, EventTokenCreated)
}

func validRole(role Role) bool {
	for _, r := range Roles {
		if r == role {
			return true
		}
	}
	return false
}

// putToken writes the event and queues the token's row.
func (t *tx) putToken(token *Token, kind EventType) error {
	err := t.event(kind, tokenEvent{token.ID, token.Name, token.Role, token.Location, token.Terminal})
	if err != nil {
		return err
	}
	t.s.tokens.put(token.Hash, token)
	t.tokens = append(t.tokens, token)
	t.receipt.Of = token
	return nil
}

// RevokeToken ends a token at once. Codes: not_found.
type RevokeToken struct{ ID ID }

func (c *RevokeToken) decide(t *tx) error {
	for hash := range t.s.tokens.base {
		old, _ := t.s.tokens.get(hash)
		if old.ID != c.ID {
			continue
		}
		if old.RevokedAt != 0 {
			t.receipt.Of = old
			return nil
		}
		next := *old
		next.RevokedAt = t.now
		return t.putToken(&next, EventTokenRevoked)
	}
	return refuse(CodeNotFound, "There is no token %s.", c.ID)
}

// FinishRun records a sync run that has ended.
type FinishRun struct{ Run Run }

func (c *FinishRun) decide(t *tx) error {
	if c.Run.ID.IsZero() {
		c.Run.ID = t.newID()
	}
	if c.Run.FinishedAt == 0 {
		c.Run.RequestedAt, c.Run.StartedAt, c.Run.FinishedAt = t.now, t.now, t.now
	}
	return t.event(EventSyncRun, c.Run)
}

// EraseNotes takes the free text from an entry; its digest stays in the chain.
// Codes: not_found.
type EraseNotes struct {
	Entry Position

	found bool
}

func (c *EraseNotes) recall(ctx context.Context, _ Request, j Journal) error {
	stored, err := j.FindEntry(ctx, c.Entry.Seq)
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	c.found = err == nil && stored.Notes != nil
	return err
}

func (c *EraseNotes) decide(t *tx) error {
	if !c.found {
		return refuse(CodeNotFound, "Entry %s has no notes.", c.Entry)
	}
	t.erased = append(t.erased, c.Entry.Seq)
	return t.event(EventNotesErased, notesErased{c.Entry.String()})
}

// notesErased is the body of a notes_erased event.
type notesErased struct {
	Entry string `json:"entry"`
}

// ErasedBy gives the entry whose notes a notes_erased event says were erased,
// none when its body cannot be read.
func ErasedBy(e *Entry) Position {
	var body notesErased
	if json.Unmarshal(e.Event.Body, &body) != nil {
		return Position{}
	}
	p, _ := ParsePosition(body.Entry)
	return p
}

// ConfirmClock says that the wall clock is right, after it stepped.
type ConfirmClock struct{}

func (ConfirmClock) decide(t *tx) error { return t.event(EventClockConfirmed, t.keeper.reading()) }
