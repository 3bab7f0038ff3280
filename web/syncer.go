package web

import (
	"context"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// Syncer brings the destinations up to date.
type Syncer interface {
	runner
	desk
	uplink
	counter
	subscriptions
	// Status gives how every destination stands.
	Status(ctx context.Context) ([]store.DestinationStatus, error)
	// Resume lets a paused destination go on. Codes: not_found.
	Resume(ctx context.Context, name string) error
	// LastSync is when an item was last confirmed, zero for never.
	LastSync(i *store.Item) store.Instant
}

// runner does the runs that somebody asks for.
type runner interface {
	// Request asks for a run and gives it as it stands; replayed tells that
	// this request was answered before.
	Request(ctx context.Context, r store.Request, ask store.RunRequest) (run *store.Run, replayed bool, err error)
	// Runs lists the runs that go on, newest first.
	Runs() []*store.Run
	// Find finds a run that goes on, or one that finished not long ago.
	Find(id store.ID) (*store.Run, bool)
	// Cancel ends a run and gives it as it ended. Codes: not_found.
	Cancel(ctx context.Context, id store.ID) (*store.Run, error)
}

// desk has what waits for a person.
type desk interface {
	WorkItems(ctx context.Context, f store.WorkFilter) ([]store.WorkItem, error)
	// FindWorkItem finds one. Codes: not_found.
	FindWorkItem(ctx context.Context, id store.ID) (store.WorkItem, error)
	// Done marks a work item as done by somebody. Codes: not_found.
	Done(ctx context.Context, id store.ID, by string) (store.WorkItem, error)
	// Quarantine lists what was set aside, of all destinations with "".
	Quarantine(ctx context.Context, destination string) ([]store.Quarantined, error)
	// Retry has an entry that was set aside sent again. Codes: not_found.
	Retry(ctx context.Context, destination string, at store.Position) error
}

// uplink ties the store to a central, or unties it.
type uplink interface {
	// Enrol makes central a destination. Codes: invalid_request, unavailable.
	Enrol(ctx context.Context, url, code, name string) (Enrolment, error)
	// Forget ends that. Codes: not_found, invalid_request.
	Forget(ctx context.Context) error
	// Adopt says that this copy of the data goes on. Codes: not_found,
	// unavailable.
	Adopt(ctx context.Context) error
}

// counter has the points of sale, and what differs there.
type counter interface {
	POS(ctx context.Context) ([]store.POS, error)
	// CheckPOS asks one who it is. Codes: not_found. A failure to reach it is in
	// the answer.
	CheckPOS(ctx context.Context, name string) (store.POSCheck, error)
	// PreviewPOS gives what the next push would send, at most limit changes, and
	// sends nothing. Codes: not_found, unavailable.
	PreviewPOS(ctx context.Context, name string, limit int) ([]store.POSCall, error)
	// Links lists what is linked and what is not. Codes: not_found.
	Links(ctx context.Context, name string, kind store.LinkKind) ([]store.LinkRow, error)
	// PutLink links by hand; Theirs "" leaves it out there on purpose. Ours may
	// be a SKU or a package tag. A dry run gives the row as it would be. Codes:
	// not_found, invalid_request.
	PutLink(ctx context.Context, r store.Request, l store.Link) (store.LinkRow, error)
	// DeleteLink takes a link away; a dry run only looks for it. Codes: not_found.
	DeleteLink(ctx context.Context, r store.Request, name string, kind store.LinkKind, ours string) error
	// MapPOS links what can be linked by itself. Codes: not_found, unavailable.
	MapPOS(ctx context.Context, name string) (store.MapResult, error)
	// ComparePOS reads what it has and compares, sends nothing; it gives the open
	// cases of it. Codes: not_found, unavailable.
	ComparePOS(ctx context.Context, name string) ([]store.Case, error)
	// Reconciliation gives each side's number of what the filter chooses, by
	// product name.
	Reconciliation(ctx context.Context, f store.ReconcileFilter) ([]store.Reconciled, error)
	// Cases lists differences, newest first.
	Cases(ctx context.Context, f store.CaseFilter) ([]store.Case, error)
}

// subscriptions are the webhook endpoints.
type subscriptions interface {
	// Webhooks lists the endpoints, oldest first.
	Webhooks(ctx context.Context) ([]store.WebhookStatus, error)
	// FindWebhook finds one. Codes: not_found.
	FindWebhook(ctx context.Context, id store.ID) (store.WebhookStatus, error)
	// CreateWebhook makes one and gives its secret; "" when this request was
	// answered before, and in a dry run. Codes: invalid_request.
	CreateWebhook(ctx context.Context, r store.Request, w store.Webhook) (made store.WebhookStatus, secret string, err error)
	// EditWebhook changes what a person sets of one; an edit that changes nothing
	// makes no new version. Codes: not_found, invalid_request.
	EditWebhook(ctx context.Context, r store.Request, id store.ID, edit func(*store.Webhook)) (store.WebhookStatus, error)
	// DeleteWebhook ends one; a dry run only looks for it. Codes: not_found.
	DeleteWebhook(ctx context.Context, r store.Request, id store.ID) error
	// RotateSecret gives an endpoint another secret; "" when this request was
	// answered before, and in a dry run. Codes: not_found.
	RotateSecret(ctx context.Context, r store.Request, id store.ID) (secret string, err error)
	// TestWebhook sends a webhook.test now. Codes: not_found. A failure is in the
	// answer.
	TestWebhook(ctx context.Context, id store.ID) (store.Delivery, error)
	// Deliveries lists attempts, newest first.
	Deliveries(ctx context.Context, f store.DeliveryFilter) ([]store.Delivery, error)
	// Redeliver sends what an attempt sent once more, now. Codes: not_found. A
	// failure is in the answer.
	Redeliver(ctx context.Context, id store.ID) (store.Delivery, error)
	// Replay has an endpoint told again what it wants of the entries from a
	// position on, or of those recorded at or after a moment; the other is zero.
	// Codes: not_found, invalid_request.
	Replay(ctx context.Context, r store.Request, id store.ID, from store.Position, since store.Instant) (store.WebhookStatus, error)
}

// Enrolment is where the store is enrolled, and under which name.
type Enrolment struct{ URL, Name string }

// noDestination is the syncer of a store that has nothing to sync with: every
// run fails at once and says so.
type noDestination struct{ ledger *store.Ledger }

// NoDestination is the code of a run that had nowhere to go.
const NoDestination = "no_destination"

func (n noDestination) Request(ctx context.Context, r store.Request, ask store.RunRequest) (*store.Run, bool, error) {
	receipt, err := n.ledger.Do(ctx, r, &store.FinishRun{Run: store.Run{
		SyncType: ask.Type, LocationID: ask.Location, Destination: ask.Destination, Status: store.RunFailed, Error: NoDestination,
	}})
	if err != nil {
		return nil, false, err
	}
	return receipt.Facts[0].Of.(*store.Run), receipt.Replayed, nil
}

func (n noDestination) Find(id store.ID) (*store.Run, bool) {
	for _, r := range n.ledger.Runs() {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

func (n noDestination) Cancel(_ context.Context, id store.ID) (*store.Run, error) {
	if r, ok := n.Find(id); ok {
		return r, nil
	}
	return nil, notFound("sync run", id)
}

func (noDestination) Runs() []*store.Run { return nil }

func (noDestination) Status(context.Context) ([]store.DestinationStatus, error) { return nil, nil }

func (noDestination) LastSync(*store.Item) store.Instant { return 0 }

func (noDestination) Resume(_ context.Context, name string) error { return noSuch("destination", name) }

func (noDestination) WorkItems(context.Context, store.WorkFilter) ([]store.WorkItem, error) {
	return nil, nil
}

func (noDestination) FindWorkItem(_ context.Context, id store.ID) (store.WorkItem, error) {
	return store.WorkItem{}, notFound("work item", id)
}

func (noDestination) Done(_ context.Context, id store.ID, _ string) (store.WorkItem, error) {
	return store.WorkItem{}, notFound("work item", id)
}

func (noDestination) Quarantine(context.Context, string) ([]store.Quarantined, error) {
	return nil, nil
}

func (noDestination) Retry(_ context.Context, _ string, at store.Position) error {
	return noSuch("entry set aside", at.String())
}

func (noDestination) Enrol(context.Context, string, string, string) (Enrolment, error) {
	return Enrolment{}, errNoUplink
}

func (noDestination) Forget(context.Context) error { return errNoUplink }

func (noDestination) Adopt(context.Context) error { return errNoUplink }

func (noDestination) POS(context.Context) ([]store.POS, error) { return nil, nil }

func (noDestination) CheckPOS(_ context.Context, name string) (store.POSCheck, error) {
	return store.POSCheck{}, noPOS(name)
}

func (noDestination) PreviewPOS(_ context.Context, name string, _ int) ([]store.POSCall, error) {
	return nil, noPOS(name)
}

func (noDestination) Links(_ context.Context, name string, _ store.LinkKind) ([]store.LinkRow, error) {
	return nil, noPOS(name)
}

func (noDestination) PutLink(_ context.Context, _ store.Request, l store.Link) (store.LinkRow, error) {
	return store.LinkRow{}, noPOS(l.Destination)
}

func (noDestination) DeleteLink(_ context.Context, _ store.Request, name string, _ store.LinkKind, _ string) error {
	return noPOS(name)
}

func (noDestination) MapPOS(_ context.Context, name string) (store.MapResult, error) {
	return store.MapResult{}, noPOS(name)
}

func (noDestination) ComparePOS(_ context.Context, name string) ([]store.Case, error) {
	return nil, noPOS(name)
}

func (noDestination) Reconciliation(context.Context, store.ReconcileFilter) ([]store.Reconciled, error) {
	return nil, nil
}

func (noDestination) Cases(context.Context, store.CaseFilter) ([]store.Case, error) { return nil, nil }

func (noDestination) Webhooks(context.Context) ([]store.WebhookStatus, error) { return nil, nil }

func (noDestination) FindWebhook(_ context.Context, id store.ID) (store.WebhookStatus, error) {
	return store.WebhookStatus{}, noWebhook(id)
}

func (noDestination) CreateWebhook(context.Context, store.Request, store.Webhook) (store.WebhookStatus, string, error) {
	return store.WebhookStatus{}, "", errNoWebhooks
}

func (noDestination) EditWebhook(_ context.Context, _ store.Request, id store.ID, _ func(*store.Webhook)) (store.WebhookStatus, error) {
	return store.WebhookStatus{}, noWebhook(id)
}

func (noDestination) DeleteWebhook(_ context.Context, _ store.Request, id store.ID) error {
	return noWebhook(id)
}

func (noDestination) RotateSecret(_ context.Context, _ store.Request, id store.ID) (string, error) {
	return "", noWebhook(id)
}

func (noDestination) TestWebhook(_ context.Context, id store.ID) (store.Delivery, error) {
	return store.Delivery{}, noWebhook(id)
}

func (noDestination) Deliveries(context.Context, store.DeliveryFilter) ([]store.Delivery, error) {
	return nil, nil
}

func (noDestination) Redeliver(_ context.Context, id store.ID) (store.Delivery, error) {
	return store.Delivery{}, notFound("delivery", id)
}

func (noDestination) Replay(_ context.Context, _ store.Request, id store.ID, _ store.Position, _ store.Instant) (store.WebhookStatus, error) {
	return store.WebhookStatus{}, noWebhook(id)
}

func noWebhook(id store.ID) error { return notFound("webhook", id) }

var errNoWebhooks = &store.Error{Code: store.CodeUnavailable, Message: "This store sends no webhooks."}

func noPOS(name string) error { return noSuch("point of sale", fmt.Sprintf("%.100s", name)) }

var errNoUplink = &store.Error{Code: store.CodeNotFound, Message: "This store is not enrolled at central; shelfd sync enroll does that."}

// noSuch refuses a name that nothing has.
func noSuch(noun, name string) error {
	return &store.Error{Code: store.CodeNotFound, Message: "There is no " + noun + " " + name + "."}
}
