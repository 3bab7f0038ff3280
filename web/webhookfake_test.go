package web

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// fakeHooks is what a fakeSync has of webhooks; done is what it was told to do
// with them.
type fakeHooks struct {
	list       []store.WebhookStatus
	deliveries []store.Delivery
	// keys are the requests that were answered, secrets counts the secrets.
	keys    map[[16]byte]bool
	secrets int
	// filter is what was asked for the last time.
	filter store.DeliveryFilter
	done   []string
}

// newWebhook is a webhook to make at a location, with everything there is.
const newWebhook = `{"url":"http://192.168.1.40:9000/hooks/label","events":["inventory.updated","transfer.completed"],"description":"Label printer",
"active":true,"lan":true,"location_id":%q,"legacy_header":"X-Hub-Signature-256"}`

// open gives it an endpoint of a location with two attempts, and gives the
// endpoint's path and the newest attempt's id.
func (f *fakeHooks) open(location store.ID) (path, newest string) {
	h := store.WebhookStatus{
		Webhook: store.Webhook{
			ID: storetest.NewID(), Version: 3, URL: "https://screens.example.com/hooks", Events: []store.NewsType{store.NewsUpdated, store.NewsLowStock},
			Description: "Menu screens", Active: true, Location: location, CreatedAt: store.InstantOf(storetest.Start), Secret: []byte("sealed"),
			OldSecret: []byte("old"), OldUntil: store.InstantOf(storetest.Start),
		},
		State: store.DestinationWaiting, Cursor: store.Position{Epoch: 1, Seq: 7}, Lag: 318, Failures: 2, FailingSince: 1000, NextTry: 2000,
		Code: store.DeliveryTimeout, Detail: "It did not answer within 15 seconds.", DeliveredAt: 500,
	}
	f.list = append(f.list, h)
	d := store.Delivery{
		ID: storetest.NewID(), Webhook: h.ID, NewsID: "1-8.2", Position: store.Position{Epoch: 1, Seq: 8}, Type: store.NewsLowStock, Attempt: 1,
		At: 1000, Took: 15 * time.Second, Outcome: store.DeliveryTimeout, Detail: "It did not answer within 15 seconds.", NextAt: 2000,
	}
	f.deliveries = append(f.deliveries, d)
	d.ID, d.Attempt, d.Status, d.Took, d.Outcome, d.Detail, d.NextAt = storetest.NewID(), 2, 204, 84*time.Millisecond, store.DeliveryDone, "", 0
	f.deliveries = append(f.deliveries, d)
	return "/webhooks/" + h.ID.String(), d.ID.String()
}

func (f *fakeHooks) find(id store.ID) (*store.WebhookStatus, error) {
	for i := range f.list {
		if f.list[i].ID == id {
			return &f.list[i], nil
		}
	}
	return nil, noWebhook(id)
}

// secret gives a new secret, unless nothing is to be done or it was done.
func (f *fakeHooks) secret(r store.Request) string {
	if r.DryRun || r.Key != nil && f.keys[r.Key.Hash] {
		return ""
	}
	if r.Key != nil {
		f.keys = map[[16]byte]bool{r.Key.Hash: true}
	}
	f.secrets++
	return fmt.Sprintf("whsec_%d", f.secrets)
}

func (f *fakeSync) Webhooks(context.Context) ([]store.WebhookStatus, error) {
	return slices.Clone(f.hooks.list), nil
}

func (f *fakeSync) FindWebhook(_ context.Context, id store.ID) (store.WebhookStatus, error) {
	h, err := f.hooks.find(id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	return *h, nil
}

func (f *fakeSync) CreateWebhook(_ context.Context, r store.Request, w store.Webhook) (store.WebhookStatus, string, error) {
	w.ID, w.Version, w.CreatedAt = storetest.NewID(), 1, store.InstantOf(storetest.Start)
	h := store.WebhookStatus{Webhook: w, State: store.DestinationIdle}
	secret := f.hooks.secret(r)
	switch {
	case secret != "":
		f.hooks.list = append(f.hooks.list, h)
	case !r.DryRun:
		h = f.hooks.list[len(f.hooks.list)-1]
	}
	return h, secret, nil
}

func (f *fakeSync) EditWebhook(_ context.Context, r store.Request, id store.ID, edit func(*store.Webhook)) (store.WebhookStatus, error) {
	h, err := f.hooks.find(id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	to := *h
	if edit(&to.Webhook); !reflect.DeepEqual(to, *h) {
		to.Version++
	}
	if !r.DryRun {
		*h = to
	}
	return to, nil
}

func (f *fakeSync) DeleteWebhook(_ context.Context, r store.Request, id store.ID) error {
	_, err := f.hooks.find(id)
	if err == nil && !r.DryRun {
		f.hooks.list = slices.DeleteFunc(f.hooks.list, func(h store.WebhookStatus) bool { return h.ID == id })
	}
	return err
}

func (f *fakeSync) RotateSecret(_ context.Context, r store.Request, id store.ID) (string, error) {
	if _, err := f.hooks.find(id); err != nil {
		return "", err
	}
	return f.hooks.secret(r), nil
}

func (f *fakeSync) TestWebhook(_ context.Context, id store.ID) (store.Delivery, error) {
	f.hooks.done = append(f.hooks.done, "test")
	return store.Delivery{
		ID: storetest.NewID(), Webhook: id, NewsID: "test-1", Type: store.NewsTest, Attempt: 1, At: 1000, Status: 401, Took: time.Millisecond,
		Outcome: store.DeliveryStatus, Detail: "It answered 401.",
	}, nil
}

func (f *fakeSync) Deliveries(_ context.Context, want store.DeliveryFilter) (list []store.Delivery, err error) {
	f.hooks.filter = want
	for _, d := range slices.Backward(f.hooks.deliveries) {
		if (want.Webhook.IsZero() || d.Webhook == want.Webhook) && (want.NewsID == "" || d.NewsID == want.NewsID) &&
			(want.Type == "" || d.Type == want.Type) && (!want.Failed || d.Outcome != store.DeliveryDone) &&
			(want.Before.IsZero() || slices.Compare(d.ID[:], want.Before[:]) < 0) && (want.Limit == 0 || len(list) < want.Limit) {
			list = append(list, d)
		}
	}
	return list, nil
}

func (f *fakeSync) Redeliver(_ context.Context, id store.ID) (store.Delivery, error) {
	f.hooks.done = append(f.hooks.done, "redeliver")
	for _, d := range f.hooks.deliveries {
		if d.ID == id {
			d.ID, d.Attempt = storetest.NewID(), d.Attempt+1
			return d, nil
		}
	}
	return store.Delivery{}, notFound("delivery", id)
}

func (f *fakeSync) Replay(_ context.Context, r store.Request, id store.ID, from store.Position, since store.Instant) (store.WebhookStatus, error) {
	h, err := f.hooks.find(id)
	if err != nil {
		return store.WebhookStatus{}, err
	}
	if !r.DryRun {
		f.hooks.done = append(f.hooks.done, fmt.Sprintf("replay from %s since %s", from, since))
	}
	return *h, nil
}
