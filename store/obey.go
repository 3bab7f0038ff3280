package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The codes that only a command_done event carries.
const (
	// CodeUnknownCommand: this program has no such kind of command.
	CodeUnknownCommand Code = "unknown_command"
	// CodeNotOwner: what it would change is the store's, not central's.
	CodeNotOwner Code = "not_owner"
)

// Obey does what central commands, as central. It is done once however often
// it is sent: N must be above every number before, or nothing happens. What
// becomes of it is an entry in any case, a command_done event, also when it is
// refused.
type Obey struct {
	N int64
	// Kind is product, threshold or archive_product, or a kind of transfers.
	Kind string
	Body json.RawMessage
}

// CommandDone is the body of a command_done event.
type CommandDone struct {
	N    int64  `json:"n"`
	Kind string `json:"kind"`
	// Status is CommandApplied or CommandRefused; Code and Detail say why it
	// was refused.
	Status string `json:"status"`
	Code   Code   `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// The outcomes of a command.
const (
	CommandApplied = "applied"
	CommandRefused = "refused"
)

// obeyed are the kinds of commands. One that refuses gives an *Error with a
// code, and what it wrote until then is forgotten.
var obeyed = map[string]func(*tx, json.RawMessage) error{
	"product":         obeyProduct,
	"threshold":       obeyThreshold,
	"archive_product": obeyArchive,
	"transfer":        obeyTransfer,
	"transfer_result": obeyTransferResult,
}

func (c *Obey) decide(t *tx) error {
	if c.N <= t.s.historyDraft.command {
		return nil
	}
	t.req.Actor, t.req.Terminal, t.req.Source, t.req.Manager = "central", "", "central", true
	done := CommandDone{N: c.N, Kind: clip(c.Kind, 64), Status: CommandApplied}
	if err := c.run(t); err != nil {
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Code == "" {
			return err
		}
		t.forget()
		done.Status, done.Code, done.Detail = CommandRefused, refusal.Code, refusal.detail()
	}
	return t.event(EventCommand, done)
}

func (c *Obey) run(t *tx) error {
	if do, ok := obeyed[c.Kind]; ok {
		return do(t, c.Body)
	}
	return refuse(CodeUnknownCommand, "This version does not know commands of kind %q.", clip(c.Kind, 64))
}

// forget undoes all that a command did so far.
func (t *tx) forget() {
	t.s.reject()
	t.rows, t.touched, t.keys, t.receipt, t.tokens, t.erased = t.rows[:0], t.touched[:0], t.keys[:0], Receipt{}, nil, nil
}

// detail tells all that is wrong in one short text.
func (e *Error) detail() string {
	if len(e.Details) < 2 {
		return clip(e.Message, 1000)
	}
	var b strings.Builder
	for _, d := range e.Details {
		fmt.Fprintf(&b, "%s %s ", strings.TrimPrefix(d.Pointer, "/"), d.Detail)
	}
	return clip(strings.TrimSpace(b.String()), 1000)
}

// clip cuts a text to so many bytes of whole characters.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// applyCommand notes the number of the newest command.
func (s *state) applyCommand(e *Entry) error {
	var body CommandDone
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return fmt.Errorf("entry %s: %w", e.Position, err)
	}
	s.historyDraft.command = max(s.historyDraft.command, body.N)
	return nil
}

// commandOf gives the number of the command that an event tells of.
func commandOf(e *Entry) int64 {
	var s state
	if s.applyCommand(e) != nil {
		return 0
	}
	return s.historyDraft.command
}
