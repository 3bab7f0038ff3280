package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// checkWebhooks tells of endpoints that do not take what they are told.
func (d *doctor) checkWebhooks(ctx context.Context) []finding {
	if d.ledger == nil {
		return nil
	}
	hooks, err := d.ledger.ListWebhooks(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	states, err := d.states(ctx)
	if err != nil {
		return []finding{d.damaged(err)}
	}
	if len(hooks) > 0 && d.lacksSeal() {
		return []finding{bad("keys", "keys.seal", "put back seal.key from the copy that is kept apart from the backups; else shelfd webhook rotate for each",
			"seal.key is missing, so the secrets of webhooks cannot be read and nothing is told to them")}
	}
	counts, named := failingWebhooks(hooks, states)
	if len(counts) == 0 {
		return []finding{good("webhooks", "webhooks", "%s", counted(len(hooks), "endpoint", "endpoints"))}
	}
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[code], code))
	}
	return []finding{look("webhooks", "webhooks.failing", "shelfd webhook deliveries "+named+" shows what was answered",
		"of %s some do not take what they are told: %s", counted(len(hooks), "endpoint", "endpoints"), strings.Join(parts, ", "))}
}

// lacksSeal tells that the key of secrets is gone.
func (d *doctor) lacksSeal() bool {
	_, err := readSeal(d.dir)
	return errors.Is(err, errNoSeal)
}

// failingWebhooks counts the endpoints that do not take what they are told, by why,
// and names the last.
func failingWebhooks(hooks []store.Webhook, states map[string]store.Destination) (counts map[string]int, named string) {
	counts = map[string]int{}
	for i := range hooks {
		h := &hooks[i]
		at := states[h.DestinationName()]
		switch {
		case !h.Active:
			continue
		case h.DisabledAt != 0:
			counts[cmp.Or(h.DisabledWhy, "disabled")]++
		case at.Failures > 0:
			counts[cmp.Or(at.Code, "failing")]++
		default:
			continue
		}
		named = h.ID.String()
	}
	return counts, named
}
