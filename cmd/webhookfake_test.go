package cmd

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/web"
)

// fakeHooks is a syncer with webhooks that the test sets; done is what it was
// told to do with them.
type fakeHooks struct {
	*syncing
	list       []store.WebhookStatus
	deliveries []store.Delivery
	// answer is what the receivers answer.
	answer store.Delivery
	done   []string
}

// startHooks serves the API of a shop with three webhooks, as another process
// would. Their ids begin with 01, 0102 and 02.
func startHooks(t *testing.T, dir string) *fakeHooks {
	t.Helper()
	f := &fakeHooks{answer: store.Delivery{
		Outcome: store.DeliveryDone, Status: 204, Took: 84 * time.Millisecond, NewsID: "1-8", Type: store.NewsUpdated, Attempt: 1, At: 1000,
	}}
	serveWith(t, dir, func(a *app) web.Syncer { f.syncing = a.sync; return f })
	screens := store.WebhookStatus{
		Webhook: store.Webhook{
			ID: store.ID{1, 1, 6: 0x70, 8: 0x80}, Version: 1, URL: "https://screens.example.com/hooks", Description: "Menu screens", Active: true, CreatedAt: 1,
			Events: []store.NewsType{store.NewsUpdated, store.NewsLowStock},
		},
		State: store.DestinationIdle, DeliveredAt: 2000,
	}
	printer, chain := screens, screens
	printer.ID[1], printer.URL, printer.Description, printer.Events, printer.LAN = 2, "http://192.168.1.40/label", "", nil, true
	printer.State, printer.Lag, printer.Code, printer.Detail, printer.FailingSince = store.DestinationWaiting, 318, store.DeliveryTimeout, "It did not answer\nin time.", 3000
	chain.ID[0], chain.Active, chain.State, chain.URL = 2, false, store.DestinationPaused, "https://chain.example.com/"
	f.list = []store.WebhookStatus{screens, printer, chain}
	for i := range 3 {
		d := f.answer
		d.ID, d.Webhook, d.NewsID, d.Position = store.ID{3, byte(i), 6: 0x70, 8: 0x80}, screens.ID, fmt.Sprintf("1-%d", 8+i), store.Position{Epoch: 1, Seq: 8 + int64(i)}
		f.deliveries = append(f.deliveries, d)
	}
	d := &f.deliveries[1]
	d.Outcome, d.Status, d.Detail, d.NextAt = store.DeliveryStatus, 500, "It answered 500.", 4000
	return f
}

func (f *fakeHooks) Webhooks(context.Context) ([]store.WebhookStatus, error) {
	return slices.Clone(f.list), nil
}

func (f *fakeHooks) FindWebhook(_ context.Context, id store.ID) (store.WebhookStatus, error) {
	for _, h := range f.list {
		if h.ID == id {
			return h, nil
		}
	}
	return store.WebhookStatus{}, &store.Error{Code: store.CodeNotFound, Message: "There is no such webhook."}
}

func (f *fakeHooks) CreateWebhook(_ context.Context, _ store.Request, w store.Webhook) (store.WebhookStatus, string, error) {
	w.ID, w.Version, w.CreatedAt = store.ID{9, 6: 0x70, 8: 0x80}, 1, 1
	f.list = append(f.list, store.WebhookStatus{Webhook: w, State: store.DestinationIdle})
	return f.list[len(f.list)-1], "whsec_new", nil
}

func (f *fakeHooks) EditWebhook(_ context.Context, _ store.Request, id store.ID, edit func(*store.Webhook)) (store.WebhookStatus, error) {
	n := slices.IndexFunc(f.list, func(h store.WebhookStatus) bool { return h.ID == id })
	edit(&f.list[n].Webhook)
	return f.list[n], nil
}

func (f *fakeHooks) DeleteWebhook(_ context.Context, _ store.Request, id store.ID) error {
	f.list = slices.DeleteFunc(f.list, func(h store.WebhookStatus) bool { return h.ID == id })
	return nil
}

func (f *fakeHooks) RotateSecret(_ context.Context, _ store.Request, id store.ID) (string, error) {
	for i := range f.list {
		if f.list[i].ID == id {
			f.list[i].OldUntil = store.InstantOf(time.Date(2026, 1, 28, 0, 0, 0, 0, time.UTC))
		}
	}
	return "whsec_turned", nil
}

// attempt is what the receivers answer, to one endpoint.
func (f *fakeHooks) attempt(what string, of store.ID) store.Delivery {
	f.done = append(f.done, what)
	d := f.answer
	d.ID, d.Webhook = store.ID{4, 6: 0x70, 8: 0x80}, of
	return d
}

func (f *fakeHooks) TestWebhook(_ context.Context, id store.ID) (store.Delivery, error) {
	return f.attempt("test", id), nil
}

func (f *fakeHooks) Deliveries(_ context.Context, want store.DeliveryFilter) (list []store.Delivery, err error) {
	for _, d := range slices.Backward(f.deliveries) {
		if d.Webhook == want.Webhook && (!want.Failed || d.Outcome != store.DeliveryDone) &&
			(want.Before.IsZero() || slices.Compare(d.ID[:], want.Before[:]) < 0) && len(list) < want.Limit {
			list = append(list, d)
		}
	}
	return list, nil
}

func (f *fakeHooks) Redeliver(_ context.Context, id store.ID) (store.Delivery, error) {
	return f.attempt("redeliver "+id.String()[:4], f.list[0].ID), nil
}

func (f *fakeHooks) Replay(ctx context.Context, _ store.Request, id store.ID, from store.Position, since store.Instant) (store.WebhookStatus, error) {
	f.done = append(f.done, fmt.Sprintf("replay from %s since %s", from, since))
	h, err := f.FindWebhook(ctx, id)
	h.Lag = 8441
	return h, err
}
