package store

import (
	"encoding/json"
	"net/url"
)

// The event types about webhooks.
const (
	EventWebhookCreated  EventType = "webhook_created"
	EventWebhookChanged  EventType = "webhook_changed"
	EventWebhookDeleted  EventType = "webhook_deleted"
	EventWebhookRotated  EventType = "webhook_secret_rotated"
	EventWebhookReplayed EventType = "webhook_replayed"
)

// NoteWebhook writes down that somebody did something about an endpoint. The
// endpoint itself is not in the ledger, and neither is its secret.
type NoteWebhook struct {
	Event   EventType
	Webhook Webhook
	// From is where a replay begins.
	From Position
}

// webhookEvent is the body of the events about webhooks. An address may hold a
// secret of the receiver's, so that only its host is told.
type webhookEvent struct {
	ID          ID         `json:"id"`
	Host        string     `json:"host"`
	Description string     `json:"description,omitempty"`
	Events      []NewsType `json:"events,omitempty"`
	Active      bool       `json:"active"`
	LAN         bool       `json:"lan,omitempty"`
	Location    ID         `json:"location_id,omitzero"`
	From        string     `json:"from,omitempty"`
}

func (c *NoteWebhook) decide(t *tx) error {
	w := &c.Webhook
	body := webhookEvent{
		ID: w.ID, Host: hostOf(w.URL), Description: w.Description, Events: w.Events, Active: w.Active, LAN: w.LAN, Location: w.Location,
	}
	if c.From != (Position{}) {
		body.From = c.From.String()
	}
	return t.event(c.Event, body)
}

// WebhookOf gives the endpoint that an event is about, the zero ID for none.
func WebhookOf(e *Entry) ID {
	var body webhookEvent
	if e.Event == nil || json.Unmarshal(e.Event.Body, &body) != nil {
		return ID{}
	}
	return body.ID
}

// hostOf gives the host and port of an address, "" when it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
