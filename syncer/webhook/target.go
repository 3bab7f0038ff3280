package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

const (
	// CodeSecret is the code of an endpoint whose secret cannot be opened.
	CodeSecret = "secret_unreadable"
	// CodeDisabled is the code of the work item for an endpoint that was
	// disabled, and of its destination.
	CodeDisabled = "webhook_disabled"
	// stepEvery is how far apart confirmed steps are at most.
	stepEvery = time.Second
	// leastAttempts is how many attempts there are before an endpoint is
	// disabled for failing, whatever the clock says.
	leastAttempts = int64(len(schedule)) + 1
)

// Target makes a destination of the sync engine of one endpoint.
type Target struct {
	hub  *Hub
	hook store.Webhook
	// sender is nil when the secret cannot be opened.
	sender *sender

	// The engine's goroutine's own. done are the messages of the entry after
	// the cursor that were delivered already.
	progress store.WebhookProgress
	loaded   bool
	done     []string
}

// Target makes the target of an endpoint. With fault, why its secrets could
// not be opened, it pauses at once.
func (h *Hub) Target(w store.Webhook, secrets Secrets, fault error) *Target {
	t := &Target{hub: h, hook: w}
	if fault == nil {
		t.sender, fault = h.sender(&w, secrets)
	}
	if fault != nil {
		h.Log.Error("a webhook's secret cannot be used; rotate it", "destination", w.DestinationName(), "err", fault)
	}
	return t
}

// Cursor gives ErrNoCursor: where an endpoint stands is known here only.
func (t *Target) Cursor(context.Context) (store.Head, store.Instant, error) {
	return store.Head{}, 0, syncer.ErrNoCursor
}

// Compare does nothing: events are told once, there is nothing to compare.
func (t *Target) Compare(context.Context, syncer.Ledger, bool, func(syncer.Step) error) error {
	return nil
}

// Longest is a day and its jitter.
func (t *Target) Longest() time.Duration { return waitAfter(leastAttempts, 1) }

// Follows tells the engine that this is no place to sync with.
func (t *Target) Follows() {}

// Push tells the endpoint what it wants of the entries up to upTo.
func (t *Target) Push(ctx context.Context, l syncer.Ledger, from store.Head, upTo int64, step func(syncer.Step) error) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	// What another branch or a longer ledger had goes on where both agree.
	after := min(from.Seq, upTo-1)
	if branch, _ := l.Branch(); from.Epoch != l.Head().Epoch && from.Seq > branch.Seq {
		after = min(after, branch.Seq)
	}
	for after < upTo {
		page, err := t.hub.reader.page(ctx, after, upTo)
		if err != nil {
			return err
		}
		for len(page) > 0 {
			n, fault := t.tell(ctx, page)
			if n > 0 {
				after = page[n-1].at.Seq
				counts := store.RunCounts{Scanned: int64(n), Sent: int64(n)}
				if err := step(syncer.Step{Cursor: page[n-1].at, Counts: counts}); err != nil {
					return err
				}
			}
			if fault != nil {
				return fault
			}
			page = page[n:]
		}
	}
	return nil
}

// Keep writes down the attempts up to now, so that the list of deliveries
// explains how the cursor came where it is.
func (t *Target) Keep(ctx context.Context) error { return t.hub.book.write(ctx) }

// load reads how it went before, once, and refuses what cannot be delivered.
func (t *Target) load(ctx context.Context) (err error) {
	switch {
	case t.sender == nil:
		return &syncer.Failure{Class: syncer.Pause, Code: CodeSecret, Detail: "The secret of this endpoint cannot be opened: seal.key is missing or another one. Rotate the secret."}
	case !t.hook.Runs():
		return t.disabledFailure()
	case t.loaded:
		return nil
	}
	t.progress, err = t.hub.Records.FindWebhookProgress(ctx, t.hook.ID)
	t.loaded = err == nil
	return err
}

// tell sends what is wanted of entries, in order, until one fails or a step is
// due, and gives how many are done.
func (t *Target) tell(ctx context.Context, page []told) (n int, err error) {
	began := t.hub.Clock.Mono()
	for i := range page {
		for _, m := range page[i].messages {
			if !t.hook.Wants(&m.News) || slices.Contains(t.done, m.ID) {
				continue
			}
			if err := t.deliver(ctx, m); err != nil {
				return i, err
			}
			t.done = append(t.done, m.ID)
		}
		t.done = t.done[:0]
		if t.hub.Clock.Mono()-began >= stepEvery {
			return i + 1, nil
		}
	}
	return len(page), nil
}

// deliver makes one attempt and writes it down.
func (t *Target) deliver(ctx context.Context, m *message) error {
	attempt := int64(1)
	if t.progress.NewsID == m.ID {
		attempt = t.progress.Attempt + 1
	}
	r := t.sender.send(ctx, m)
	if err := ctx.Err(); err != nil {
		return err
	}
	d := t.hub.delivery(t.hook.ID, m, attempt, &r)
	if r.outcome == store.DeliveryDone {
		t.progress = store.WebhookProgress{DeliveredAt: d.At}
		t.hub.book.add(ctx, d, t.progress)
		return nil
	}
	t.progress.NewsID, t.progress.Attempt = m.ID, attempt
	failure, err := t.fail(ctx, &d, &r)
	t.hub.book.add(ctx, d, t.progress)
	if err != nil {
		return err
	}
	return failure
}

// fail says what follows from an attempt that failed: another one, or the end.
func (t *Target) fail(ctx context.Context, d *store.Delivery, r *result) (*syncer.Failure, error) {
	now, trusted := t.hub.Ledger.Now()
	if trusted && t.progress.FailingSince == 0 {
		t.progress.FailingSince = now
	}
	switch since := t.progress.FailingSince; {
	case r.outcome == store.DeliveryGone:
		return t.disable(ctx, now, store.WebhookGone)
	case trusted && since != 0 && now.Sub(since) >= giveUp && d.Attempt >= leastAttempts:
		return t.disable(ctx, now, store.WebhookFailing)
	}
	wait := max(waitAfter(d.Attempt, t.hub.Random()), min(r.retryAfter, time.Hour))
	d.NextAt = d.At.Add(r.took + wait)
	offline := r.outcome == store.DeliveryUnreachable || r.outcome == store.DeliveryDNS || r.outcome == store.DeliveryTimeout
	return &syncer.Failure{
		Class: syncer.Retry, Code: r.outcome, Detail: r.detail, After: wait, Offline: offline,
	}, nil
}

// disable switches the endpoint off and tells people.
func (t *Target) disable(ctx context.Context, now store.Instant, why string) (*syncer.Failure, error) {
	w, err := t.hub.Records.FindWebhook(ctx, t.hook.ID)
	if err != nil {
		return nil, err
	}
	w.Active, w.DisabledAt, w.DisabledWhy = false, now, why
	if err := t.hub.Records.PutWebhook(ctx, w); err != nil {
		return nil, err
	}
	t.hook = w
	f := t.disabledFailure()
	item := store.WorkItem{ID: t.hub.NewID(), Destination: w.DestinationName(), Code: CodeDisabled, Detail: f.Detail, CreatedAt: now}
	return f, t.hub.Records.PutWorkItems(ctx, []store.WorkItem{item})
}

func (t *Target) disabledFailure() *syncer.Failure {
	text := "The endpoint is switched off."
	switch t.hook.DisabledWhy {
	case store.WebhookGone:
		text = "The endpoint answered 410, that it wants nothing any more, and was switched off. Delete it, or switch it on again; it then goes on where it stood."
	case store.WebhookFailing:
		text = "The endpoint failed for 30 days and was switched off. See its deliveries for why; switched on again, it goes on where it stood."
	}
	return &syncer.Failure{Class: syncer.Pause, Code: CodeDisabled, Detail: text}
}
