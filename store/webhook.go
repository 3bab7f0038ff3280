package store

import "time"

// WebhookKind is the kind of the destinations that are webhook endpoints; the
// name of one is WebhookKind, a colon and its id.
const WebhookKind = "webhook"

// Webhook is an endpoint that is told what happens: one subscription. Who
// holds its secret can tell what comes from this store from what does not.
type Webhook struct {
	ID ID
	// Version counts the changes of what a person sets, from 1.
	Version int64
	URL     string
	// Events are the kinds of news it wants, empty for all.
	Events      []NewsType
	Description string
	// Active is false while a person has switched it off.
	Active bool
	// LAN allows private and loopback addresses, and plain http.
	LAN bool
	// Location is the only one it is told about; the zero ID for all.
	Location ID
	// LegacyHeader names a header that carries a plain "sha256=" and hex HMAC of
	// the body, for receivers that know no better; "" for none.
	LegacyHeader string
	CreatedAt    Instant
	// DisabledAt is when it was switched off by itself, zero for never, and
	// DisabledWhy why: a stable code.
	DisabledAt  Instant
	DisabledWhy string
	// Secret is sealed under the key of the data directory. OldSecret signs as
	// well until OldUntil; nil and zero without a rotation.
	Secret, OldSecret []byte
	OldUntil          Instant
}

// DestinationName is the name under which the sync engine knows an endpoint.
func (w *Webhook) DestinationName() string { return WebhookKind + ":" + w.ID.String() }

// Runs tells whether an endpoint is told anything: it is neither switched off
// nor disabled.
func (w *Webhook) Runs() bool { return w.Active && w.DisabledAt == 0 }

// Wants tells whether an endpoint is told something.
func (w *Webhook) Wants(n *News) bool {
	if !w.Location.IsZero() && !n.Location.IsZero() && w.Location != n.Location {
		return false
	}
	for _, t := range w.Events {
		if t == n.Type {
			return true
		}
	}
	return len(w.Events) == 0
}

// Reasons why an endpoint is disabled by itself.
const (
	// WebhookGone: it answered 410.
	WebhookGone = "gone"
	// WebhookFailing: it failed for 30 days.
	WebhookFailing = "failing"
)

// WebhookStatus is an endpoint as it stands at this moment.
type WebhookStatus struct {
	Webhook
	// State is paused for one that is off or disabled.
	State DestinationState
	// Cursor is the newest entry that it was told of, or that was none of its
	// business; Lag is how many entries are after it.
	Cursor Position
	Lag    int64
	// Failures counts the attempts that failed since the last success, from
	// FailingSince on; NextTry is when the next is due. Zero for none.
	Failures              int64
	FailingSince, NextTry Instant
	// Code and Detail say why the newest attempt failed.
	Code, Detail string
	// DeliveredAt is the newest success, zero for none yet.
	DeliveredAt Instant
}

// WebhookProgress is how delivery to an endpoint goes.
type WebhookProgress struct {
	// FailingSince is when the attempts began to fail, by a clock that was
	// trusted; zero while they do not.
	FailingSince Instant
	// DeliveredAt is the newest success, zero for none.
	DeliveredAt Instant
	// NewsID is what was tried last and not delivered, Attempt how often.
	NewsID  string
	Attempt int64
}

// Delivery is one attempt to tell an endpoint something.
type Delivery struct {
	ID      ID
	Webhook ID
	// NewsID is the webhook-id it was sent with, the same for every attempt.
	NewsID string
	// Position is that of the entry, zero for a test.
	Position Position
	Type     NewsType
	// Attempt counts from 1 for the first of this news.
	Attempt int64
	At      Instant
	// Status is the HTTP status of the answer, 0 for none.
	Status int
	Took   time.Duration
	// Outcome is a stable code, Detail a sentence for people; an outcome other
	// than DeliveryDone is a failure.
	Outcome, Detail string
	// NextAt is when it is tried again, zero when it is not.
	NextAt Instant
}

// Outcomes of a delivery.
const (
	// DeliveryDone: the endpoint answered 2xx.
	DeliveryDone = "delivered"
	// DeliveryStatus: it answered something else.
	DeliveryStatus = "bad_status"
	// DeliveryRedirect: it answered with a redirect, which is not followed.
	DeliveryRedirect = "redirected"
	// DeliveryGone: it answered 410.
	DeliveryGone = "gone"
	// DeliveryTimeout: it did not answer in time.
	DeliveryTimeout = "timed_out"
	// DeliveryUnreachable: no connection came about, or it broke.
	DeliveryUnreachable = "unreachable"
	// DeliveryDNS: there is no address for its name.
	DeliveryDNS = "no_address"
	// DeliveryTLS: its certificate cannot be trusted, or it speaks no TLS.
	DeliveryTLS = "bad_certificate"
	// DeliveryForbidden: it is at an address that nothing is sent to.
	DeliveryForbidden = "forbidden_address"
)

// DeliveryFilter narrows a list of deliveries, which is newest first.
type DeliveryFilter struct {
	// Webhook is the only endpoint to list; the zero ID for all.
	Webhook ID
	// NewsID is the only news to list, "" for all.
	NewsID string
	// Type is the only kind of news to list, "" for all.
	Type NewsType
	// Failed leaves out what was delivered.
	Failed bool
	// Before is the id after which the page starts, the zero ID for the first.
	Before ID
	// Limit is the most to give, 0 for all.
	Limit int
}
