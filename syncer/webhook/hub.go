package webhook

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// Deps are what deliveries work with.
type Deps struct {
	Ledger  Ledger
	Records Records
	Clock   store.Clock
	NewID   func() store.ID
	// Random gives a number in [0, 1), for jitter.
	Random func() float64
	Log    *slog.Logger
	// Version is the program's.
	Version string
	// Roots are the authorities to trust, nil for the system's.
	Roots *x509.CertPool
	// Resolve and Dial are other ways than the machine's resolver and network,
	// nil for these.
	Resolve Resolve
	Dial    Dial
}

// Hub has what the endpoints of a store share: what was read of the ledger, and
// the book of attempts. It outlives the targets it makes.
type Hub struct {
	Deps
	reader reader
	book   *book

	mu sync.Mutex
	// senders are those of the newest target of each endpoint.
	senders map[store.ID]*sender
}

// NewHub makes a hub, which does nothing yet.
func NewHub(d Deps) *Hub {
	return &Hub{Deps: d, reader: reader{ledger: d.Ledger}, book: newBook(&d), senders: map[store.ID]*sender{}}
}

// Run writes down what is attempted until ctx ends, then closes the connections
// that were kept.
func (h *Hub) Run(ctx context.Context) {
	h.book.run(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.senders {
		s.rest()
	}
}

// Flush writes down what was attempted up to now.
func (h *Hub) Flush(ctx context.Context) { h.book.flush(ctx) }

// Forget closes what is kept of an endpoint that is deleted.
func (h *Hub) Forget(id store.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.senders[id]; s != nil {
		s.rest()
		delete(h.senders, id)
	}
}

// Reset forgets how delivery to an endpoint failed: a person begins anew.
func (h *Hub) Reset(ctx context.Context, id store.ID) error {
	h.Flush(ctx)
	p, err := h.Records.FindWebhookProgress(ctx, id)
	if err != nil {
		return err
	}
	return h.Records.PutWebhookProgress(ctx, id, store.WebhookProgress{DeliveredAt: p.DeliveredAt})
}

// sender makes that of an endpoint in place of the one before.
func (h *Hub) sender(w *store.Webhook, secrets Secrets) (*sender, error) {
	s, err := newSender(w, secrets, &h.Deps)
	if err != nil {
		return nil, err
	}
	h.Forget(w.ID)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.senders[w.ID] = s
	return s, nil
}

// Ping sends an endpoint a webhook.test, now, whatever its state.
func (h *Hub) Ping(ctx context.Context, w *store.Webhook, secrets Secrets) (store.Delivery, error) {
	return h.once(ctx, w, secrets, h.testOf(w, "test-"+h.NewID().String()), 1)
}

func (h *Hub) testOf(w *store.Webhook, id string) *message {
	data, _ := json.Marshal(map[string]string{"webhook_id": w.ID.String()}) // Text alone is always JSON.
	return messageOf(store.News{ID: id, Type: store.NewsTest, At: h.now(), Data: data})
}

// Redeliver sends again what an attempt sent, now and beside the order.
func (h *Hub) Redeliver(ctx context.Context, w *store.Webhook, secrets Secrets, d *store.Delivery) (store.Delivery, error) {
	if d.Type == store.NewsTest {
		return h.once(ctx, w, secrets, h.testOf(w, d.NewsID), d.Attempt+1)
	}
	m, err := h.reader.find(ctx, d.Position, d.NewsID)
	if err != nil {
		return store.Delivery{}, err
	}
	return h.once(ctx, w, secrets, m, d.Attempt+1)
}

// once makes an attempt that nothing follows from, and writes it down.
func (h *Hub) once(ctx context.Context, w *store.Webhook, secrets Secrets, m *message, attempt int64) (store.Delivery, error) {
	s, err := newSender(w, secrets, &h.Deps)
	if err != nil {
		return store.Delivery{}, err
	}
	defer s.rest()
	r := s.send(ctx, m)
	if err := ctx.Err(); err != nil {
		return store.Delivery{}, err
	}
	d := h.delivery(w.ID, m, attempt, &r)
	h.Flush(ctx)
	return d, h.Records.PutDeliveries(ctx, []store.Delivery{d}, nil)
}

// delivery is the row of an attempt.
func (h *Hub) delivery(id store.ID, m *message, attempt int64, r *result) store.Delivery {
	return store.Delivery{
		ID: h.NewID(), Webhook: id, NewsID: m.ID, Position: m.Position, Type: m.Type, Attempt: attempt,
		At: h.now().Add(-r.took), Status: r.status, Took: r.took, Outcome: r.outcome, Detail: r.detail,
	}
}

func (h *Hub) now() store.Instant { return store.InstantOf(h.Clock.Wall()) }
