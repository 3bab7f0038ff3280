package cmd

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/webhook"
)

const (
	// rotationOverlap is how long an old secret signs beside its successor.
	rotationOverlap = 24 * time.Hour
	// mostWebhooks bounds how many endpoints there are.
	mostWebhooks = 100
)

// Webhooks lists the endpoints with how they stand, oldest first.
func (s *syncing) Webhooks(ctx context.Context) ([]store.WebhookStatus, error) {
	list, err := s.records.ListWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	return s.webhookStatuses(ctx, list)
}

// FindWebhook gives one endpoint. Codes: not_found.
func (s *syncing) FindWebhook(ctx context.Context, id store.ID) (store.WebhookStatus, error) {
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	return s.webhookStatus(ctx, &w)
}

// CreateWebhook makes an endpoint, which is told what happens from now on.
// secret is shown once: it is empty when the request was answered before, and
// for a dry run. Codes: invalid_request, not_found, and those of the ledger.
func (s *syncing) CreateWebhook(ctx context.Context, r store.Request, w store.Webhook) (made store.WebhookStatus, secret string, err error) {
	s.hooking.Lock()
	defer s.hooking.Unlock()
	if id, err := s.answeredWebhook(ctx, r); err != nil || !id.IsZero() {
		if err == nil {
			made, err = s.FindWebhook(ctx, id)
		}
		return made, "", err
	}
	if err := orElse(s.checkWebhook(&w), func() error { return s.checkRoom(ctx) }); err != nil {
		return made, "", err
	}
	now, _ := s.app.ledger.Now()
	w.ID, w.Version, w.CreatedAt = newID(), 1, now
	if r.DryRun {
		return store.WebhookStatus{Webhook: w, State: store.DestinationIdle}, "", nil
	}
	if secret, w.Secret, err = s.newSecret(&w); err != nil {
		return made, "", err
	}
	if err := s.noteWebhook(ctx, r, store.NoteWebhook{Event: store.EventWebhookCreated, Webhook: w}); err != nil {
		return made, "", err
	}
	// What is there when it begins is not news. Killed before the second, a
	// cursor is left that nobody uses.
	start := store.Destination{Name: w.DestinationName(), Kind: store.WebhookKind, Cursor: s.app.ledger.Head(), State: store.DestinationIdle}
	err = s.changeWebhooks(ctx, func(ctx context.Context) error {
		return orElse(s.records.PutDestination(ctx, start), func() error { return s.records.PutWebhook(ctx, w) })
	})
	if err != nil {
		return made, "", err
	}
	made, err = s.FindWebhook(ctx, w.ID)
	return made, secret, err
}

// EditWebhook changes what a person sets. Switching on one that was disabled
// begins anew with it, where it stood. Codes: not_found, invalid_request, and
// those of the ledger.
func (s *syncing) EditWebhook(ctx context.Context, r store.Request, id store.ID, edit func(*store.Webhook)) (store.WebhookStatus, error) {
	s.hooking.Lock()
	defer s.hooking.Unlock()
	if known, err := s.answeredWebhook(ctx, r); err != nil || !known.IsZero() {
		return orFind(err, func() (store.WebhookStatus, error) { return s.FindWebhook(ctx, id) })
	}
	old, err := s.records.FindWebhook(ctx, id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	next := edited(old, edit)
	if err := s.checkWebhook(&next); err != nil {
		return store.WebhookStatus{}, err
	}
	if sameWebhook(&old, &next) {
		return s.FindWebhook(ctx, id)
	}
	next.Version++
	if r.DryRun {
		return s.webhookStatus(ctx, &next)
	}
	if err := s.noteWebhook(ctx, r, store.NoteWebhook{Event: store.EventWebhookChanged, Webhook: next}); err != nil {
		return store.WebhookStatus{}, err
	}
	if err := s.changeWebhooks(ctx, func(ctx context.Context) error { return s.restartWebhook(ctx, r, &next) }); err != nil {
		return store.WebhookStatus{}, err
	}
	return s.FindWebhook(ctx, id)
}

// DeleteWebhook ends an endpoint, and forgets what was sent to it. Codes:
// not_found, and those of the ledger.
func (s *syncing) DeleteWebhook(ctx context.Context, r store.Request, id store.ID) error {
	s.hooking.Lock()
	defer s.hooking.Unlock()
	if known, err := s.answeredWebhook(ctx, r); err != nil || !known.IsZero() {
		return err
	}
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil || r.DryRun {
		return err
	}
	if err := s.noteWebhook(ctx, r, store.NoteWebhook{Event: store.EventWebhookDeleted, Webhook: w}); err != nil {
		return err
	}
	return s.changeWebhooks(ctx, func(ctx context.Context) error {
		s.hub.Flush(ctx)
		s.hub.Forget(id)
		return errors.Join(s.records.DeleteWebhook(ctx, id), s.records.DeleteDestination(ctx, w.DestinationName()))
	})
}

// RotateSecret gives an endpoint another secret; for a day the old one signs as
// well. The secret is empty when the request was answered before, and for a dry
// run. Codes: not_found, and those of the ledger.
func (s *syncing) RotateSecret(ctx context.Context, r store.Request, id store.ID) (secret string, err error) {
	s.hooking.Lock()
	defer s.hooking.Unlock()
	if known, err := s.answeredWebhook(ctx, r); err != nil || !known.IsZero() {
		return "", err
	}
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil || r.DryRun {
		return "", err
	}
	w.OldSecret, w.OldUntil = w.Secret, store.InstantOf(s.app.clock.Wall().Add(rotationOverlap))
	if secret, w.Secret, err = s.newSecret(&w); err != nil {
		return "", err
	}
	if err := s.noteWebhook(ctx, r, store.NoteWebhook{Event: store.EventWebhookRotated, Webhook: w}); err != nil {
		return "", err
	}
	return secret, s.changeWebhooks(ctx, func(ctx context.Context) error { return s.records.PutWebhook(ctx, w) })
}

// TestWebhook sends an endpoint a webhook.test now, whatever its state. When
// that arrives, what waits for it is tried at once. Codes: not_found.
func (s *syncing) TestWebhook(ctx context.Context, id store.ID) (store.Delivery, error) {
	w, secrets, err := s.openWebhook(ctx, id)
	if err != nil {
		return store.Delivery{}, err
	}
	d, err := s.hub.Ping(ctx, &w, secrets)
	if err == nil && d.Outcome == store.DeliveryDone && w.Runs() {
		e, release := s.hold()
		defer release()
		err = e.Resume(ctx, w.DestinationName())
	}
	return d, err
}

// Deliveries lists attempts, newest first.
func (s *syncing) Deliveries(ctx context.Context, f store.DeliveryFilter) ([]store.Delivery, error) {
	s.hub.Flush(ctx)
	return s.records.ListDeliveries(ctx, f)
}

// Redeliver sends once more what an attempt sent, now and beside the order.
// Codes: not_found.
func (s *syncing) Redeliver(ctx context.Context, id store.ID) (store.Delivery, error) {
	s.hub.Flush(ctx)
	d, err := s.records.FindDelivery(ctx, id)
	if err != nil {
		return store.Delivery{}, err
	}
	w, secrets, err := s.openWebhook(ctx, d.Webhook)
	if err != nil {
		return store.Delivery{}, err
	}
	return s.hub.Redeliver(ctx, &w, secrets, &d)
}

// Replay has an endpoint told everything from a position on, or from a moment
// on; it may also skip forward. Codes: not_found, invalid_request, and those of
// the ledger.
func (s *syncing) Replay(ctx context.Context, r store.Request, id store.ID, from store.Position, since store.Instant) (store.WebhookStatus, error) {
	s.hooking.Lock()
	defer s.hooking.Unlock()
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	before, first, err := s.replayFrom(ctx, from, since)
	if err != nil || r.DryRun {
		if err != nil {
			return store.WebhookStatus{}, err
		}
		return s.FindWebhook(ctx, id)
	}
	known, err := s.answeredWebhook(ctx, r)
	if err == nil && known.IsZero() {
		err = s.noteWebhook(ctx, r, store.NoteWebhook{Event: store.EventWebhookReplayed, Webhook: w, From: first})
		if err == nil {
			err = s.changeWebhooks(ctx, func(ctx context.Context) error { return s.moveWebhook(ctx, &w, &before) })
		}
	}
	if err != nil {
		return store.WebhookStatus{}, err
	}
	return s.FindWebhook(ctx, id)
}

// openWebhook gives an endpoint and its secrets.
func (s *syncing) openWebhook(ctx context.Context, id store.ID) (store.Webhook, webhook.Secrets, error) {
	w, err := s.records.FindWebhook(ctx, id)
	if err != nil {
		return w, webhook.Secrets{}, err
	}
	secrets, err := s.webhookSecrets(&w)
	return w, secrets, err
}

// edited gives an endpoint as a person changed it; the rest is not theirs.
func edited(old store.Webhook, edit func(*store.Webhook)) store.Webhook {
	w := old
	w.Events = slices.Clone(old.Events)
	edit(&w)
	w.ID, w.Version, w.CreatedAt = old.ID, old.Version, old.CreatedAt
	w.Secret, w.OldSecret, w.OldUntil = old.Secret, old.OldSecret, old.OldUntil
	w.DisabledAt, w.DisabledWhy = old.DisabledAt, old.DisabledWhy
	if w.Active {
		w.DisabledAt, w.DisabledWhy = 0, ""
	}
	return w
}

// sameWebhook tells whether an edit changed nothing.
func sameWebhook(a, b *store.Webhook) bool {
	return a.URL == b.URL && slices.Equal(a.Events, b.Events) && a.Description == b.Description && a.Active == b.Active &&
		a.LAN == b.LAN && a.Location == b.Location && a.LegacyHeader == b.LegacyHeader
}

func orFind(err error, find func() (store.WebhookStatus, error)) (store.WebhookStatus, error) {
	if err != nil {
		return store.WebhookStatus{}, err
	}
	return find()
}

// orElse goes on when nothing went wrong.
func orElse(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}
