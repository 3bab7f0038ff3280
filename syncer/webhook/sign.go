package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/shelfd/shelfd/store"
)

// SecretPrefix starts every secret, as Standard Webhooks says.
const SecretPrefix = "whsec_"

// Secrets are those that an endpoint's events are signed with, open.
type Secrets struct {
	// New signs always, Old until the end of a rotation; "" for none.
	New, Old string
}

// signer puts the signatures on a request.
type signer struct {
	current, old *standardwebhooks.Webhook
	oldUntil     store.Instant
	// legacy is the header of a plain signature, "" for none; raw is its key:
	// the secret as it is written, prefix and all.
	legacy string
	raw    []byte
}

func newSigner(w *store.Webhook, s Secrets) (*signer, error) {
	current, err := standardwebhooks.NewWebhook(s.New)
	if err != nil {
		return nil, err
	}
	g := &signer{current: current, oldUntil: w.OldUntil, legacy: w.LegacyHeader, raw: []byte(s.New)}
	if s.Old != "" {
		if g.old, err = standardwebhooks.NewWebhook(s.Old); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// sign signs a body as sent at a moment. The plain signature is always by the
// new secret alone: such receivers know one.
func (g *signer) sign(h http.Header, id string, at time.Time, body []byte) error {
	signature, err := g.current.Sign(id, at, body)
	if err != nil {
		return err
	}
	if g.old != nil && store.InstantOf(at) < g.oldUntil {
		old, err := g.old.Sign(id, at, body)
		if err != nil {
			return err
		}
		signature += " " + old
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	if g.legacy != "" {
		mac := hmac.New(sha256.New, g.raw)
		mac.Write(body)
		h.Set(g.legacy, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return nil
}
