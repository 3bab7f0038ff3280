package web

import (
	"cmp"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

const webhooksPath = basePath + "/webhooks"

// webhookRoutes are about who is told what happens. Their addresses may hold
// secrets of others, so that only a manager sees them.
func (s *Server) webhookRoutes() []*route {
	return []*route{
		reads("/webhooks", store.RoleManager, s.listWebhooks),
		writes(post, "/webhooks", store.RoleAdmin, s.createWebhook),
		reads("/webhooks/:id", store.RoleManager, s.getWebhook),
		writes(patch, "/webhooks/:id", store.RoleAdmin, s.patchWebhook),
		writes(remove, "/webhooks/:id", store.RoleAdmin, s.deleteWebhook),
		writes(post, "/webhooks/:id/rotate-secret", store.RoleAdmin, s.rotateSecret),
		writes(post, "/webhooks/:id/test", store.RoleAdmin, s.testWebhook),
		writes(post, "/webhooks/:id/replay", store.RoleAdmin, s.replayWebhook),
		reads("/webhooks/:id/deliveries", store.RoleManager, s.listDeliveries),
		writes(post, "/webhooks/:id/deliveries/:delivery/redeliver", store.RoleAdmin, s.redeliver),
	}
}

// listWebhooks answers the endpoints that the one who asks may see.
func (s *Server) listWebhooks(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	list, err := s.sync.Webhooks(x.Request.Context())
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list {
		if x.mayTouch(list[i].Location) == nil {
			w.open().webhook(&list[i]).close()
		}
	}
	return x.send(http.StatusOK, w.end().close())
}

// webhook finds the endpoint in the path, once the request has been read, if
// the one who asks may see it.
func (s *Server) webhook(x *exchange, err error) (h store.WebhookStatus, _ error) {
	if err != nil {
		return h, err
	}
	id, err := x.pathID("webhook")
	if err != nil {
		return h, err
	}
	if h, err = s.sync.FindWebhook(x.Request.Context(), id); err != nil {
		return h, err
	}
	return h, x.mayTouch(h.Location)
}

// getWebhook answers one endpoint.
func (s *Server) getWebhook(x *exchange) error {
	h, err := s.webhook(x, x.query.done())
	if err != nil {
		return err
	}
	return x.sendWebhook(http.StatusOK, &h)
}

// sendWebhook answers an endpoint. Its version is of what a person sets alone,
// so that it is sent whole whatever the client has.
func (x *exchange) sendWebhook(status int, h *store.WebhookStatus) error {
	x.etag(h.Version)
	return x.send(status, newWriter().open().webhook(h).close())
}

// createWebhook makes an endpoint and shows its secret, once.
func (s *Server) createWebhook(x *exchange) error {
	wanted, err := x.decodeWebhook()
	if err != nil {
		return err
	}
	h, secret, err := s.sync.CreateWebhook(x.Request.Context(), x.request(), wanted)
	if err != nil {
		return err
	}
	x.Writer.Header().Set("Location", webhooksPath+"/"+h.ID.String())
	return x.sendSecret(http.StatusCreated, &h, secret)
}

// sendSecret answers an endpoint with its secret, unless that was shown
// before.
func (x *exchange) sendSecret(status int, h *store.WebhookStatus, secret string) error {
	if x.dryRun {
		secret = ""
	} else {
		x.replayed(secret == "")
	}
	x.etag(h.Version)
	return x.send(status, newWriter().open().webhook(h).key("secret").orNull(secret).close())
}

// patchWebhook changes the fields that are given.
func (s *Server) patchWebhook(x *exchange) error {
	e, err := decodeEdits(x, nil, webhookMember)
	again, err := x.answered(err)
	h, err := s.webhook(x, err)
	if err == nil && !again {
		e.apply(&h.Webhook)
		err = x.checkWebhook(&h.Webhook)
	}
	if err != nil {
		return err
	}
	seen, now := x.ifMatch(), int64(0)
	h, err = s.sync.EditWebhook(x.Request.Context(), x.request(), h.ID, func(to *store.Webhook) {
		if now = to.Version; seen == 0 || seen == now {
			e.apply(to)
		}
	})
	if err != nil {
		return err
	}
	if seen != 0 && now != 0 && seen != now {
		return &store.Error{Code: store.CodeStaleVersion, Message: "The webhook has changed. Read it again."}
	}
	return x.sendWebhook(http.StatusOK, &h)
}

// answered tells the client, and the handler, that this request was answered
// before.
func (x *exchange) answered(err error) (bool, error) {
	if err != nil {
		return false, err
	}
	_, was, err := x.ledger.Answered(x.Request.Context(), x.request())
	x.replayed(was)
	return was, err
}

// deleteWebhook ends a subscription. Asked again, there is none to find.
func (s *Server) deleteWebhook(x *exchange) error {
	again, err := x.answered(x.noBody())
	if !again {
		var h store.WebhookStatus
		if h, err = s.webhook(x, err); err == nil {
			err = s.sync.DeleteWebhook(x.Request.Context(), x.request(), h.ID)
		}
	}
	if err != nil {
		return err
	}
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// rotateSecret gives an endpoint another secret and shows it, once.
func (s *Server) rotateSecret(x *exchange) error {
	h, err := s.webhook(x, x.noBody())
	if err != nil {
		return err
	}
	secret, err := s.sync.RotateSecret(x.Request.Context(), x.request(), h.ID)
	if err != nil {
		return err
	}
	if h, err = s.sync.FindWebhook(x.Request.Context(), h.ID); err != nil {
		return err
	}
	return x.sendSecret(http.StatusOK, &h, secret)
}

// webhook writes the members of an endpoint; its secret is not among them.
func (w *writer) webhook(h *store.WebhookStatus) *writer {
	w.key("id").id(h.ID).key("url").text(h.URL).key("events").list()
	for _, e := range h.Events {
		w.text(string(e))
	}
	w.end().key("description").orNull(h.Description).key("active").bool(h.Active).key("lan").bool(h.LAN).
		key("location_id").id(h.Location).key("legacy_header").orNull(h.LegacyHeader)
	w.key("created_at").time(h.CreatedAt).key("version").int(h.Version).key("old_secret_until").time(h.OldUntil)
	w.key("state").text(string(h.State)).key("disabled_at").time(h.DisabledAt).key("disabled_reason").orNull(h.DisabledWhy)
	w.key("cursor").position(h.Cursor).key("waiting").int(h.Lag).key("last_success_at").time(h.DeliveredAt)
	w.key("failures").int(h.Failures).key("failing_since").time(h.FailingSince).key("next_attempt_at").time(h.NextTry)
	w.key("error")
	if h.Code == "" {
		return w.null()
	}
	return w.open().key("code").text(h.Code).key("detail").text(cmp.Or(h.Detail, h.Code)).close()
}
