package square

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// ServeHTTP answers one request.
func (s *sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	reply := s.reply(r, body)
	now, writes := s.clock.Wall(), r.URL.Path == pathCreate && reply.status == http.StatusOK
	lost, stalled := writes && s.lost > 0, writes && s.stalled > 0
	if lost {
		s.lost--
	} else if stalled {
		s.stalled--
	}
	s.mu.Unlock()
	if stalled {
		<-r.Context().Done()
	}
	if lost || stalled {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", reply.contentType)
	if reply.retryAfter != "" {
		w.Header().Set("Retry-After", reply.retryAfter)
	}
	w.WriteHeader(reply.status)
	_, _ = io.WriteString(w, reply.body)
}

// reply decides on the answer to a request.
func (s *sim) reply(r *http.Request, body []byte) simReply {
	s.requests++
	s.versions[r.Header.Get("Square-Version")] = true
	s.authorizations[r.Header.Get("Authorization")] = true
	fault := s.spec.checkRequest(r, body)
	if fault != nil {
		s.complain(fmt.Sprintf("a request is not as Square describes it: %v\n%s", fault, body))
	}
	if s.canned != nil {
		canned := *s.canned
		s.canned = nil
		return canned
	}
	status, answer := s.decide(r, body, fault)
	reply := simReply{status: status, contentType: "application/json"}
	if text, ok := answer.(string); ok {
		reply.body = text
	} else {
		b, _ := json.Marshal(answer)
		reply.body = string(b)
	}
	if status == http.StatusTooManyRequests {
		reply.retryAfter = "2"
	}
	if err := s.spec.checkAnswer(r, []byte(reply.body)); err != nil && status != http.StatusNotFound {
		s.complain(fmt.Sprintf("an answer is not as Square describes it: %v\n%s", err, reply.body))
	}
	return reply
}

// decide answers with errors, or does what was asked for.
func (s *sim) decide(r *http.Request, body []byte, fault error) (int, any) {
	switch {
	case s.limited > 0:
		s.limited--
		return http.StatusTooManyRequests, simAnswer{Errors: []simError{{Category: "RATE_LIMIT_ERROR", Code: "RATE_LIMITED"}}}
	case s.unauthorized || r.Header.Get("Authorization") != "Bearer "+simKey:
		return http.StatusUnauthorized, simAnswer{Errors: []simError{{Category: "AUTHENTICATION_ERROR", Code: "UNAUTHORIZED"}}}
	case r.Header.Get("Square-Version") == "":
		return http.StatusBadRequest, simInvalid("INVALID_SQUARE_VERSION_FORMAT", "", "Name a version.")
	case fault != nil:
		return http.StatusBadRequest, simInvalid("BAD_REQUEST", "", "That is not as described.")
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /v2/locations":
		return http.StatusOK, s.locations()
	case "POST /v2/inventory/changes/batch-create":
		return s.create(body)
	case "POST /v2/inventory/changes/batch-retrieve":
		return s.paged(body, s.listChanges)
	case "POST /v2/inventory/counts/batch-retrieve":
		return s.paged(body, s.listCounts)
	}
	return http.StatusNotFound, simInvalid("NOT_FOUND", "", "There is no such thing.")
}

func (s *sim) locations() simAnswer {
	return simAnswer{Locations: []map[string]any{
		{"id": "LCLOSED", "name": "Old Town", "status": "INACTIVE", "country": "US", "currency": "USD"},
		{"id": simLocation, "name": "Downtown", "status": "ACTIVE", "country": "US", "currency": "USD"},
	}}
}

// create does a batch, once for each key.
func (s *sim) create(body []byte) (int, any) {
	var o simOrder
	if err := json.Unmarshal(body, &o); err != nil {
		return http.StatusBadRequest, simInvalid("EXPECTED_JSON_BODY", "", err.Error())
	}
	if done, ok := s.keys[o.Key]; ok {
		if done.body != string(body) {
			return http.StatusBadRequest, simInvalid("IDEMPOTENCY_KEY_REUSED", "idempotency_key", "The key was used with another body.")
		}
		return http.StatusOK, done.answer
	}
	if n := len(o.Changes); n == 0 || n > 100 {
		return http.StatusBadRequest, simInvalid("ARRAY_LENGTH_TOO_LONG", "changes", fmt.Sprintf("There are %d changes.", n))
	}
	for i := range o.Changes {
		if code, field, detail := s.check(&o.Changes[i]); code != "" {
			return http.StatusBadRequest, simInvalid(code, fmt.Sprintf("changes[%d].%s", i, field), detail)
		}
	}
	answer := s.apply(&o)
	text, _ := json.Marshal(answer)
	s.keys[o.Key] = simDone{string(body), string(text)}
	return http.StatusOK, string(text)
}

// check says why a change is not taken; code is empty for one that is.
func (s *sim) check(g *simChange) (code, field, detail string) {
	d := g.detail()
	if d == nil {
		return "MISSING_REQUIRED_PARAMETER", "type", "It says nothing."
	}
	moves := []string{"IN_STOCK SOLD", "IN_STOCK WASTE", "NONE IN_STOCK", "UNLINKED_RETURN IN_STOCK"}
	quantity, err := store.ParseQuantity(d.Quantity)
	at, dated := instant(d.OccurredAt)
	switch {
	case d.Location != simLocation:
		return "NOT_FOUND", "location_id", "There is no such location."
	case !s.known[d.Product]:
		return "NOT_FOUND", "catalog_object_id", "There is no such variation."
	case s.refused[d.Product]:
		return "INVALID_VALUE", "catalog_object_id", "The variation is not tracked."
	case g.Type == "ADJUSTMENT" && !slices.Contains(moves, d.From+" "+d.To):
		return "INVALID_VALUE", "from_state", "Goods cannot go from " + d.From + " to " + d.To + "."
	case g.Type == "PHYSICAL_COUNT" && d.State != "IN_STOCK":
		return "INVALID_VALUE", "state", "It cannot be counted."
	case err != nil || quantity < 0 || quantity == 0 && g.Type == "ADJUSTMENT":
		return "INVALID_VALUE", "quantity", "The quantity is not one."
	case len(d.Reference) > 255:
		return "VALUE_TOO_LONG", "reference_id", "It is too long."
	case !dated || at > s.now():
		return "INVALID_TIME", "occurred_at", "It is in the future."
	case s.now().Sub(at) > 24*time.Hour:
		return "INVALID_TIME", "occurred_at", "It is more than 24 hours ago."
	}
	return "", "", ""
}

// apply books changes and gives what there is then.
func (s *sim) apply(o *simOrder) (answer simAnswer) {
	var products []string
	for _, g := range o.Changes {
		d := g.detail()
		products = append(products, d.Product)
		s.changed++
		ignored := g.Type == "PHYSICAL_COUNT" && (o.Ignore == nil || *o.Ignore) && s.stock(d.Product, "IN_STOCK").String() == d.Quantity
		if ignored {
			continue
		}
		d.Source = &simSource{Product: "EXTERNAL_API", Name: "shelfd"}
		at, _ := instant(d.OccurredAt)
		answer.Changes = append(answer.Changes, s.book(g, at).simChange)
	}
	slices.Sort(products)
	for _, p := range slices.Compact(products) {
		answer.Counts = append(answer.Counts, s.count(p, "IN_STOCK"))
	}
	return answer
}

func (s *sim) count(product, state string) simStock {
	return simStock{product, "ITEM_VARIATION", state, simLocation, s.stock(product, state).String(), s.calculated(product).String()}
}

// paged answers a question with one page of its rows.
func (s *sim) paged(body []byte, rows func(simQuestion) []simAnswer) (int, any) {
	var q simQuestion
	if err := json.Unmarshal(body, &q); err != nil {
		return http.StatusBadRequest, simInvalid("EXPECTED_JSON_BODY", "", err.Error())
	}
	from := 0
	if q.Cursor != "" {
		if n, err := fmt.Sscanf(q.Cursor, "after-%d", &from); n != 1 || err != nil {
			return http.StatusBadRequest, simInvalid("INVALID_CURSOR", "cursor", "It is none of ours.")
		}
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	list := rows(q)
	var page simAnswer
	for _, row := range list[min(from, len(list)):] {
		if len(page.Counts)+len(page.Changes) == min(q.Limit, s.pageSize) {
			page.Cursor = fmt.Sprintf("after-%d", from+min(q.Limit, s.pageSize))
			break
		}
		page.Counts, page.Changes = append(page.Counts, row.Counts...), append(page.Changes, row.Changes...)
	}
	return http.StatusOK, page
}

// listCounts gives counts, those that changed last first.
func (s *sim) listCounts(q simQuestion) (rows []simAnswer) {
	var products []string
	for p := range s.known {
		if s.calculated(p) != 0 && wanted(q.Products, p) {
			products = append(products, p)
		}
	}
	slices.SortFunc(products, func(a, b string) int {
		if d := s.calculated(b) - s.calculated(a); d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	for _, p := range products {
		for _, state := range []string{"IN_STOCK", "WASTE"} {
			if wanted(q.Locations, simLocation) && wanted(q.States, state) {
				rows = append(rows, simAnswer{Counts: []simStock{s.count(p, state)}})
			}
		}
	}
	return rows
}

// listChanges gives changes, those that occurred first first.
func (s *sim) listChanges(q simQuestion) (rows []simAnswer) {
	after, _ := instant(q.After)
	before, ends := instant(q.Before)
	list := slices.Clone(s.events)
	slices.SortStableFunc(list, func(a, b *simEvent) int { return int(a.at - b.at) })
	for _, e := range list {
		d := e.detail()
		if wanted(q.Products, d.Product) && wanted(q.Locations, d.Location) && wanted(q.Types, e.Type) &&
			e.created > after && (!ends || e.created < before) {
			rows = append(rows, simAnswer{Changes: []simChange{e.simChange}})
		}
	}
	return rows
}

// wanted tells whether a filter lets something through; an empty one does.
func wanted(filter []string, what string) bool {
	return len(filter) == 0 || slices.Contains(filter, what)
}
