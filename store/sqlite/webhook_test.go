package sqlite

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shelfd/shelfd/store"
)

// rememberedWebhook is an endpoint with everything set.
func rememberedWebhook() store.Webhook {
	return store.Webhook{
		ID: id(700), Version: 3, URL: "https://example.com/hook", Events: []store.NewsType{store.NewsUpdated, store.NewsSync},
		Description: "the menu", Active: true, LAN: true, Location: id(500), LegacyHeader: "X-Signature", CreatedAt: start,
		DisabledAt: start + 1, DisabledWhy: store.WebhookGone, Secret: []byte("sealed"), OldSecret: []byte("older"), OldUntil: start + 2,
	}
}

func rememberedDelivery() store.Delivery {
	return store.Delivery{
		ID: id(701), Webhook: id(700), NewsID: "1-5.2", Position: store.Position{Epoch: 1, Seq: 5}, Type: store.NewsUpdated,
		Attempt: 4, At: start, Status: 503, Took: 1500 * time.Microsecond, Outcome: store.DeliveryStatus, Detail: "It answered 503.", NextAt: start + 3,
	}
}

// rememberedPacked is one that went well, which is kept in a pack.
func rememberedPacked() store.Delivery {
	d := rememberedDelivery()
	d.ID, d.Outcome, d.Status, d.Detail, d.NextAt = id(703), store.DeliveryDone, 204, "", 0
	return d
}

func rememberedProgress() store.WebhookProgress {
	return store.WebhookProgress{FailingSince: start, DeliveredAt: start - 1, NewsID: "1-5.2", Attempt: 4}
}

func (d *DB) rememberWebhook(t *testing.T) {
	t.Helper()
	must(t, d.PutWebhook(t.Context(), rememberedWebhook()))
	must(t, d.PutWebhookProgress(t.Context(), id(700), rememberedProgress()))
	must(t, d.PutDeliveries(t.Context(), []store.Delivery{rememberedDelivery(), rememberedPacked()}, nil))
}

func TestAnEndpointIsKeptAndForgottenWhole(t *testing.T) {
	d := opened(t)
	d.rememberWebhook(t)
	w, err := d.FindWebhook(t.Context(), id(700))
	must(t, err)
	p, err := d.FindWebhookProgress(t.Context(), id(700))
	must(t, err)
	v, err := d.FindDelivery(t.Context(), id(701))
	must(t, err)
	well, err := d.FindDelivery(t.Context(), id(703))
	must(t, err)
	if !reflect.DeepEqual(w, rememberedWebhook()) || p != rememberedProgress() || v != rememberedDelivery() || well != rememberedPacked() {
		t.Errorf("%+v\n%+v\n%+v\n%+v", w, p, v, well)
	}
	must(t, d.DeleteWebhook(t.Context(), id(700)))
	if _, err := d.FindWebhook(t.Context(), id(700)); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("the endpoint: %v", err)
	}
	for _, no := range []int64{701, 703} {
		if _, err := d.FindDelivery(t.Context(), id(no)); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("delivery %d: %v", no, err)
		}
	}
	if list, err := d.ListWebhooks(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("%v %v", list, err)
	}
}

func TestDeliveriesAreListedNewestFirstAndOldOnesGo(t *testing.T) {
	d := opened(t)
	var list []store.Delivery
	for i := range 2500 {
		v := rememberedDelivery()
		v.ID, v.Outcome = store.ID(uuid.Must(uuid.NewV7())), store.DeliveryDone
		if i%10 == 0 {
			v.Outcome = store.DeliveryTimeout
		}
		if i%2 == 0 {
			v.Webhook = id(702)
		}
		list = append(list, v)
	}
	must(t, d.PutDeliveries(t.Context(), list, nil))
	get := func(f store.DeliveryFilter) []store.Delivery {
		t.Helper()
		got, err := d.ListDeliveries(t.Context(), f)
		must(t, err)
		return got
	}
	page := get(store.DeliveryFilter{Limit: 2})
	if page[0] != list[2499] || page[1] != list[2498] {
		t.Errorf("the first page is %+v", page)
	}
	if next := get(store.DeliveryFilter{Limit: 1, Before: page[1].ID}); next[0] != list[2497] {
		t.Errorf("the second page is %+v", next)
	}
	if n := len(get(store.DeliveryFilter{Webhook: id(702), Failed: true, NewsID: "1-5.2", Type: store.NewsUpdated})); n != 250 {
		t.Errorf("%d failed", n)
	}
	must(t, d.PruneDeliveries(t.Context(), id(702), 100, 1))
	if kept := get(store.DeliveryFilter{Webhook: id(702)}); len(kept) != 100 || kept[0] != list[2498] {
		t.Errorf("%d are kept of 100", len(kept))
	}
	must(t, d.PruneDeliveries(t.Context(), id(700), 5000, 1))
	if n := len(get(store.DeliveryFilter{Webhook: id(700)})); n != 1250 {
		t.Errorf("%d are kept of 1250", n)
	}
	must(t, d.PruneDeliveries(t.Context(), id(700), 5000, store.Instant(1<<45)))
	if n := len(get(store.DeliveryFilter{Webhook: id(700)})); n != 0 {
		t.Errorf("%d are kept that are too old", n)
	}
}
