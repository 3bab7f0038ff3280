package httpapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// guard answers in place of the shop where a test wants that, and asks for the
// key.
func (s *sim) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
		s.paths = append(s.paths, r.Method+" "+r.URL.RequestURI())
		answer := s.answer
		s.answer = nil
		switch {
		case answer != nil:
			answer(w)
		case s.limit > 0:
			s.limit--
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusTooManyRequests)
		case s.closed, r.Header.Get("Authorization") != "Bearer "+simKey:
			http.Error(w, `{"message":"no such key"}`, http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *sim) shop(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"name": "Main Street", "time": s.clock.Wall().UTC().Format(time.RFC3339Nano)})
}

func (s *sim) rooms(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"rooms": []any{
		map[string]any{"id": "floor", "name": "Floor", "sells": true}, map[string]any{"id": "back", "name": "Back", "sells": false},
	}})
}

func (s *sim) reasons(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, []any{map[string]any{"code": 7, "label": "Counted", "note": true}, map[string]any{"code": 8, "label": "Broken"}})
}

// simPage is how many rows a page has: small, so that there are several.
const simPage = 3

// list gives products with their stock, a page at a time.
func (s *sim) list(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	items, next := []any{}, any(nil)
	for _, p := range s.sorted() {
		id := strconv.Itoa(p.n)
		if ids := r.URL.Query()["id"]; p.n <= after || len(ids) > 0 && !slices.Contains(ids, id) {
			continue
		}
		if len(items) == simPage {
			next = after
			break
		}
		items = append(items, map[string]any{
			"id": p.n, "sku": p.sku, "name": "Product " + id, "room": "floor", "unit": "each", "on_hand": p.stock["floor"],
			"price": "12.50", "barcodes": []string{"40" + id}, "updated": p.updated.UTC().Format(time.RFC3339Nano),
		})
		after = p.n
	}
	if next != nil {
		next = after
	}
	reply(w, http.StatusOK, map[string]any{"items": items, "next": next})
}

func (s *sim) sorted() []*simProduct {
	list := make([]*simProduct, 0, len(s.products))
	for _, p := range s.products {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *simProduct) int { return cmp.Compare(a.n, b.n) })
	return list
}

func (s *sim) listSales(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from, errFrom := time.Parse(time.RFC3339, q.Get("from"))
	to, errTo := time.Parse(time.RFC3339, q.Get("to"))
	after, _ := strconv.Atoi(q.Get("after"))
	if errFrom != nil || errTo != nil {
		reply(w, http.StatusBadRequest, map[string]any{"message": "from and to must be times"})
		return
	}
	lines, next := []any{}, any(nil)
	for i, sale := range s.sales {
		at, _ := time.Parse(time.RFC3339Nano, sale["at"].(string))
		if i < after || at.Before(from) || !at.Before(to) {
			continue
		}
		if len(lines) == simPage {
			next = i
			break
		}
		lines = append(lines, sale)
	}
	reply(w, http.StatusOK, map[string]any{"lines": lines, "next": next})
}

// set takes the numbers that shall be, and says of each what became of it.
func (s *sim) set(w http.ResponseWriter, r *http.Request) {
	var message struct {
		Changes []struct {
			ID     string         `json:"id"`
			Room   string         `json:"room"`
			OnHand store.Quantity `json:"on_hand"`
		} `json:"changes"`
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"message": err.Error()})
		return
	}
	results := []any{}
	for _, c := range message.Changes {
		n, _ := strconv.Atoi(c.ID)
		p := s.products[n]
		if p == nil || p.refused {
			results = append(results, map[string]any{"ok": false, "code": "locked", "error": "product " + c.ID + " is locked"})
			continue
		}
		if p.stock[c.Room] != c.OnHand {
			s.changed++
		}
		p.stock[c.Room], p.updated = c.OnHand, s.clock.Wall()
		results = append(results, map[string]any{"ok": true})
	}
	s.confirm(w, map[string]any{"results": results})
}

// adjust takes one change, once for each key.
func (s *sim) adjust(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Room   string          `json:"room"`
		By     *store.Quantity `json:"by"`
		OnHand *store.Quantity `json:"on_hand"`
	}
	n, _ := strconv.Atoi(r.PathValue("id"))
	p, key := s.products[n], r.Header.Get("Idempotency-Key")
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil || key == "" || (change.By == nil) == (change.OnHand == nil) {
		reply(w, http.StatusBadRequest, map[string]any{"message": fmt.Sprintf("bad change %v", err)})
		return
	}
	if p == nil || p.refused {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"message": "product " + r.PathValue("id") + " is locked"})
		return
	}
	if !s.keys[key] {
		s.keys[key] = true
		s.changed++
		if change.By != nil {
			p.stock[change.Room] += *change.By
		} else {
			p.stock[change.Room] = *change.OnHand
		}
		p.updated = s.clock.Wall()
	}
	s.confirm(w, map[string]any{"id": n})
}

// confirm answers a write that was done, or loses the answer.
func (s *sim) confirm(w http.ResponseWriter, v any) {
	if s.lose == 0 {
		reply(w, http.StatusOK, v)
		return
	}
	s.lose--
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// asked gives the requests since the last call.
func (s *sim) asked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := s.paths
	s.paths = nil
	return strings.Join(paths, "\n")
}
