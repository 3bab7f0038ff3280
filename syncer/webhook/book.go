package webhook

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// writeEvery is how long an attempt is in memory before it is written down,
	// together with all others: a sale does not wait for them one by one.
	writeEvery = time.Second
	// mostWaiting bounds how many wait in memory, 4 MB.
	mostWaiting = 16_384
	// KeptDeliveries is how many attempts are kept of an endpoint, of those that
	// went well and of the others.
	KeptDeliveries = 10_000
	// keptFor is how long an attempt is kept.
	keptFor = 30 * 24 * time.Hour
	// pruneAfter is after how many attempts old ones are taken away; attempts
	// to an endpoint that is told little go with the first of a day.
	pruneAfter = 1000
)

// Records is where endpoints, and how delivery goes, are kept.
type Records interface {
	FindWebhook(ctx context.Context, id store.ID) (store.Webhook, error)
	PutWebhook(ctx context.Context, w store.Webhook) error
	FindWebhookProgress(ctx context.Context, webhook store.ID) (store.WebhookProgress, error)
	PutWebhookProgress(ctx context.Context, webhook store.ID, p store.WebhookProgress) error
	PutDeliveries(ctx context.Context, list []store.Delivery, progress map[store.ID]store.WebhookProgress) error
	PruneDeliveries(ctx context.Context, webhook store.ID, keep int, before store.Instant) error
	PutWorkItems(ctx context.Context, list []store.WorkItem) error
}

// book writes attempts down, many at a time, and always before the cursor that
// follows from them: when the newest second is lost, it is told once more.
type book struct {
	records Records
	clock   store.Clock
	log     *slog.Logger

	// writing lets one at a time write.
	writing sync.Mutex
	pruned  map[store.ID]prune

	mu       sync.Mutex
	list     []store.Delivery
	progress map[store.ID]store.WebhookProgress
	kick     chan struct{}
}

// prune is since when, and since how many attempts, old ones were not taken
// away.
type prune struct {
	at    time.Duration
	since int
}

func newBook(d *Deps) *book {
	return &book{
		records: d.Records, clock: d.Clock, log: d.Log, pruned: map[store.ID]prune{},
		progress: map[store.ID]store.WebhookProgress{}, kick: make(chan struct{}, 1),
	}
}

// add takes an attempt and what it means for its endpoint. When too many wait
// it writes them down before it returns.
func (b *book) add(ctx context.Context, d store.Delivery, p store.WebhookProgress) {
	b.mu.Lock()
	b.list = append(b.list, d)
	b.progress[d.Webhook] = p
	many := len(b.list) >= mostWaiting
	b.mu.Unlock()
	if many {
		b.flush(ctx)
		return
	}
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// run writes until ctx ends.
func (b *book) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.kick:
			select {
			case <-ctx.Done():
			case <-b.clock.After(writeEvery):
			}
			b.flush(context.WithoutCancel(ctx))
		}
	}
	b.flush(context.WithoutCancel(ctx))
}

// flush writes down what waits. It is no fault of a delivery when that fails.
func (b *book) flush(ctx context.Context) {
	if err := b.write(ctx); err != nil {
		b.log.Warn("what was delivered to webhooks was not written down", "err", err)
	}
}

// write writes down what waits. After an error, such as a full disk, that is
// gone.
func (b *book) write(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	list, progress := b.list, maps.Clone(b.progress)
	b.list = nil
	clear(b.progress)
	b.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	if err := b.records.PutDeliveries(ctx, list, progress); err != nil {
		return err
	}
	return b.prune(ctx, list)
}

// prune takes away what is too old or too much.
func (b *book) prune(ctx context.Context, list []store.Delivery) error {
	more := map[store.ID]int{}
	for i := range list {
		more[list[i].Webhook]++
	}
	now := b.clock.Mono()
	for id, n := range more {
		p, known := b.pruned[id]
		p.since += n
		if known && p.since < pruneAfter && now-p.at < daily {
			b.pruned[id] = p
			continue
		}
		before := store.InstantOf(b.clock.Wall().Add(-keptFor))
		if err := b.records.PruneDeliveries(ctx, id, KeptDeliveries, before); err != nil {
			return err
		}
		b.pruned[id] = prune{at: now}
	}
	return nil
}
