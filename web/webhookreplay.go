package web

import (
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// replayWebhook has an endpoint told again what it was told before, from an
// entry or a moment on.
func (s *Server) replayWebhook(x *exchange) error {
	from, since, err := x.decodeReplay()
	_, err = x.answered(err)
	h, err := s.webhook(x, err)
	if err != nil {
		return err
	}
	if h, err = s.sync.Replay(x.Request.Context(), x.request(), h.ID, from, since); err != nil {
		return err
	}
	return x.sendWebhook(http.StatusAccepted, &h)
}

// decodeReplay reads where a replay begins: one of the two is zero.
func (x *exchange) decodeReplay() (from store.Position, since store.Instant, err error) {
	err = x.decode(func(b *body, name string) bool {
		switch name {
		case "from":
			b.position(&from)
		case "since":
			b.time(&since)
		default:
			return false
		}
		return true
	})
	if err = x.complete(err, nil); err != nil {
		return from, since, err
	}
	now, _ := x.ledger.Now()
	switch head := x.ledger.Head(); {
	case from.IsZero() == (since == 0):
		err = refuseAt("", store.CodeInvalid, "The body names one of from and since.")
	case from.Epoch > head.Epoch || from.Seq > head.Seq:
		err = refuseAt("/from", store.CodeInvalid, fmt.Sprintf("There is no entry %s yet; the newest is %s.", from, appendPosition(nil, head)))
	case since > now:
		err = refuseAt("/since", store.CodeFutureTime, "since is in the future.")
	}
	return from, since, err
}

// position reads a position in the ledger.
func (b *body) position(to *store.Position) {
	var text string
	if b.text(&text); text == "" {
		return
	}
	p, ok := store.ParsePosition(text)
	if !ok {
		b.add(store.CodeInvalid, "This is the position of an entry in the form 1-402.")
	}
	*to = p
}
