package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shelfd/shelfd/store"
)

const (
	webhookColumns = `SELECT id, version, url, events, description, active, lan, location, legacy_header,
		created_at, disabled_at, disabled_why, secret, old_secret, old_until FROM webhook `
	putWebhook = `INSERT OR REPLACE INTO webhook (id, version, url, events, description, active, lan, location, legacy_header,
		created_at, disabled_at, disabled_why, secret, old_secret, old_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// ListWebhooks reads all endpoints, oldest first.
func (d *DB) ListWebhooks(ctx context.Context) (list []store.Webhook, err error) {
	err = d.read(ctx, "list webhooks", func(c *conn) error {
		return c.each(func(r row) error {
			w, err := readWebhook(r)
			list = append(list, w)
			return err
		}, webhookColumns+"ORDER BY id")
	})
	return list, err
}

// FindWebhook reads one endpoint; not_found when there is none.
func (d *DB) FindWebhook(ctx context.Context, id store.ID) (w store.Webhook, err error) {
	err = d.read(ctx, "find webhook", func(c *conn) error {
		r, err := c.first(webhookColumns+"WHERE id = ?", id[:])
		if err != nil {
			return err
		}
		if r == nil {
			return &store.Error{Code: store.CodeNotFound, Op: "find webhook", Message: fmt.Sprintf("There is no webhook %s.", id)}
		}
		w, err = readWebhook(r)
		return err
	})
	return w, err
}

func readWebhook(r row) (store.Webhook, error) {
	w := store.Webhook{
		Version: r.int(1), URL: r.text(2), Description: r.text(4), Active: r.int(5) != 0, LAN: r.int(6) != 0,
		LegacyHeader: r.text(8), CreatedAt: store.Instant(r.int(9)), DisabledAt: store.Instant(r.int(10)),
		DisabledWhy: r.text(11), Secret: r.blob(12), OldSecret: r.blob(13), OldUntil: store.Instant(r.int(14)),
	}
	for name := range strings.SplitSeq(r.text(3), ",") {
		if name != "" {
			w.Events = append(w.Events, store.NewsType(name))
		}
	}
	return w, errors.Join(r.fill(0, w.ID[:]), r.fill(7, w.Location[:]))
}

// PutWebhook writes an endpoint over what was known of it.
func (d *DB) PutWebhook(ctx context.Context, w store.Webhook) error {
	names := make([]string, len(w.Events))
	for i, e := range w.Events {
		names[i] = string(e)
	}
	return d.write(ctx, "put webhook", func(c *conn) error {
		s, err := c.stmt(putWebhook)
		if err != nil {
			return err
		}
		s.blob(w.ID[:]).int(w.Version).value(w.URL).value(strings.Join(names, ",")).value(w.Description)
		s.flag(w.Active).flag(w.LAN).id(w.Location).value(w.LegacyHeader).int(int64(w.CreatedAt))
		s.positive(int64(w.DisabledAt)).value(w.DisabledWhy).blob(w.Secret)
		if w.OldSecret == nil {
			return s.null().null().run()
		}
		return s.blob(w.OldSecret).positive(int64(w.OldUntil)).run()
	})
}

// DeleteWebhook forgets an endpoint and what was sent to it.
func (d *DB) DeleteWebhook(ctx context.Context, id store.ID) error {
	return d.write(ctx, "delete webhook", func(c *conn) error {
		return errors.Join(
			c.run("DELETE FROM webhook WHERE id = ?", id[:]),
			c.run("DELETE FROM webhook_progress WHERE webhook = ?", id[:]),
			c.run("DELETE FROM delivery WHERE webhook = ?", id[:]),
			c.run("DELETE FROM delivered WHERE webhook = ?", id[:]),
		)
	})
}

// FindWebhookProgress reads how delivery to an endpoint goes; the zero value
// when nothing is known, which is no error.
func (d *DB) FindWebhookProgress(ctx context.Context, webhook store.ID) (p store.WebhookProgress, err error) {
	err = d.read(ctx, "find webhook progress", func(c *conn) error {
		r, err := c.first("SELECT failing_since, delivered_at, news, attempt FROM webhook_progress WHERE webhook = ?", webhook[:])
		if r != nil {
			p = store.WebhookProgress{
				FailingSince: store.Instant(r.int(0)), DeliveredAt: store.Instant(r.int(1)), NewsID: r.text(2), Attempt: r.int(3),
			}
		}
		return err
	})
	return p, err
}

// PutWebhookProgress writes down how delivery to an endpoint goes.
func (d *DB) PutWebhookProgress(ctx context.Context, webhook store.ID, p store.WebhookProgress) error {
	return d.write(ctx, "put webhook progress", func(c *conn) error { return putProgress(c, webhook, p) })
}

func putProgress(c *conn, webhook store.ID, p store.WebhookProgress) error {
	s, err := c.stmt(`INSERT OR REPLACE INTO webhook_progress (webhook, failing_since, delivered_at, news, attempt)
		VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	s.blob(webhook[:]).positive(int64(p.FailingSince)).positive(int64(p.DeliveredAt))
	return s.value(p.NewsID).int(p.Attempt).run()
}
