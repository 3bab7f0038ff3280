package metrc

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// ServeHTTP answers as METRC does.
func (s *sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a := asked{r.Method, r.URL.Path, r.URL.RawQuery, body}
	if err := s.spec.checkRequest(a.method, a.path, a.query, a.body); err != nil {
		s.t.Errorf("a request breaks METRC's contract: %v", err)
	}
	s.mu.Lock()
	s.asked = append(s.asked, a)
	before := s.before
	s.mu.Unlock()
	if before != nil {
		before(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	if !s.stopped(w, r) {
		s.route(w, r, a)
	}
}

// stopped answers what is not METRC's usual business.
func (s *sim) stopped(w http.ResponseWriter, r *http.Request) bool {
	vendor, user, _ := r.BasicAuth()
	switch {
	case s.canned != nil:
		w.Header().Set("Content-Type", s.canned.kind)
		w.WriteHeader(s.canned.status)
		io.WriteString(w, s.canned.body)
		s.canned = nil
	case s.revoked || vendor != vendorKey || user != userKey:
		say(w, http.StatusUnauthorized, nil)
	case s.limited > 0 && r.Method == http.MethodGet:
		s.limited--
		w.Header().Set("Retry-After", "2")
		say(w, http.StatusTooManyRequests, nil)
	case r.URL.Path != "/facilities/v2/" && r.URL.Query().Get("licenseNumber") != license:
		say(w, http.StatusUnauthorized, message("The license is not yours."))
	default:
		return false
	}
	return true
}

func (s *sim) route(w http.ResponseWriter, r *http.Request, a asked) {
	q := r.URL.Query()
	switch path := r.URL.Path; {
	case path == "/packages/v2/adjust":
		s.adjust(w, r, a.body)
	case path == "/facilities/v2/":
		say(w, http.StatusOK, []any{s.facility("C10-0000002-LIC", "Another shop"), s.facility(license, "Green Door")})
	case path == "/packages/v2/active":
		s.listPackages(w, q, func(p *simPackage) bool { return !p.onHold && !p.finished && !p.archived })
	case path == "/packages/v2/onhold":
		s.listPackages(w, q, func(p *simPackage) bool { return p.onHold })
	case path == "/packages/v2/adjust/reasons":
		s.listReasons(w, q)
	case path == "/locations/v2/active":
		s.listLocations(w, q)
	case path == "/sales/v2/receipts/active", path == "/sales/v2/receipts/inactive":
		s.listReceipts(w, q, strings.HasSuffix(path, "inactive"))
	case strings.HasPrefix(path, "/sales/v2/receipts/"):
		s.showReceipt(w, strings.TrimPrefix(path, "/sales/v2/receipts/"))
	default:
		s.showPackage(w, strings.TrimPrefix(path, "/packages/v2/"))
	}
}

func message(text string) any { return map[string]string{"Message": text} }

func say(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// row fills in the smallest row of a schema and holds it against that. Fields
// of parts are named with a dot.
func (s *sim) row(name string, fields map[string]any) map[string]any {
	schema, err := s.spec.schema(name)
	if err != nil {
		s.t.Fatal(err)
	}
	row := skeleton(schema)
	for field, v := range fields {
		part, within, ok := strings.Cut(field, ".")
		if ok {
			row[part].(map[string]any)[within] = v
		} else {
			row[field] = v
		}
	}
	if err := checkObject(schema, row); err != nil {
		s.t.Errorf("a row breaks METRC's contract: %v", err)
	}
	return row
}

// stamp writes a time as METRC does.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000+00:00") }

// listed is a row and when it changed last.
type listed struct {
	row      any
	modified time.Time
}

// list gives a page of rows, newest first.
func (s *sim) list(w http.ResponseWriter, q url.Values, rows []listed, filtered bool) {
	number, errNumber := strconv.Atoi(q.Get("pageNumber"))
	size, errSize := strconv.Atoi(q.Get("pageSize"))
	if errNumber != nil || errSize != nil || number < 1 || size < 1 || size > 20 {
		say(w, http.StatusBadRequest, message("The page cannot be had."))
		return
	}
	from, to, ok := s.filter(q)
	if !ok {
		say(w, http.StatusBadRequest, message("Last Modified range cannot exceed 24 hours"))
		return
	}
	data := []any{}
	for _, row := range slices.Backward(rows) {
		if !filtered || !row.modified.Before(from) && !row.modified.After(to) {
			data = append(data, row.row)
		}
	}
	total := len(data)
	data = data[min(total, (number-1)*size):min(total, number*size)]
	say(w, http.StatusOK, map[string]any{
		"Data": data, "Total": total, "TotalRecords": total, "PageSize": size, "RecordsOnPage": len(data),
		"Page": number, "CurrentPage": number, "TotalPages": (total + size - 1) / size,
	})
}

// filter reads the window, which without one is everything, or the last day.
func (s *sim) filter(q url.Values) (from, to time.Time, ok bool) {
	if !q.Has("lastModifiedStart") && !q.Has("lastModifiedEnd") {
		from, to = time.Time{}, s.now().AddDate(1, 0, 0)
		if s.recent {
			from = s.now().Add(-24 * time.Hour)
		}
		return from, to, true
	}
	from, errFrom := time.Parse(time.RFC3339, q.Get("lastModifiedStart"))
	to, errTo := time.Parse(time.RFC3339, q.Get("lastModifiedEnd"))
	return from, to, errFrom == nil && errTo == nil && to.Sub(from) <= 24*time.Hour && !to.Before(from)
}

func itemID(n int) int { return 1000 + n }

// adjustment is a row of a write.
type adjustment struct {
	Label, UnitOfMeasure, AdjustmentReason, AdjustmentDate string
	Quantity                                               store.Quantity
	ReasonNote                                             *string
}

// adjust takes all rows or none. PUT sets, POST adds.
func (s *sim) adjust(w http.ResponseWriter, r *http.Request, body []byte) {
	var rows []adjustment
	if err := json.Unmarshal(body, &rows); err != nil {
		say(w, http.StatusBadRequest, message("It cannot be read."))
		return
	}
	if len(rows) > 10 {
		say(w, http.StatusRequestEntityTooLarge, message("There may be 10 objects."))
		return
	}
	packages := make([]*simPackage, len(rows))
	for i := range rows {
		p, fault := s.adjustable(&rows[i])
		if fault == "" && slices.Contains(packages, p) {
			fault = "The package is named twice."
		}
		if fault != "" {
			say(w, http.StatusBadRequest, message(fault))
			return
		}
		packages[i] = p
	}
	for i, p := range packages {
		s.take(p, r.Method, rows[i].Quantity)
	}
	switch {
	case s.lose > 0:
		s.lose--
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.Close()
		}
	case s.stall > 0:
		s.stall--
		s.mu.Unlock()
		<-r.Context().Done()
		s.mu.Lock()
	default:
		say(w, http.StatusOK, map[string]any{"Ids": []int{1}, "Warnings": nil})
	}
}

// take changes a package; reads are behind from now on.
func (s *sim) take(p *simPackage, method string, quantity store.Quantity) {
	p.shown, p.stale = p.quantity, s.lag
	if method == http.MethodPost {
		quantity += p.quantity
	}
	p.quantity, p.modified = quantity, s.now()
	s.changed++
}

// adjustable finds what a row is about, and what is wrong with it.
func (s *sim) adjustable(a *adjustment) (*simPackage, string) {
	i := slices.IndexFunc(s.packages, func(p *simPackage) bool { return p.label == a.Label })
	k := slices.IndexFunc(s.reasons, func(r simReason) bool { return r.name == a.AdjustmentReason })
	if i < 0 || k < 0 {
		return nil, "The package or the reason is not known."
	}
	p, reason := s.packages[i], s.reasons[k]
	zone, _ := time.LoadLocation("America/Los_Angeles")
	switch {
	case s.refused[p.n]:
		return p, "The package cannot be adjusted."
	case p.onHold, p.recall, p.finished, p.archived:
		return p, "The package is not active."
	case a.UnitOfMeasure != p.unit:
		return p, "The unit is not that of the package."
	case reason.waste, reason.note && a.ReasonNote == nil:
		return p, "The reason wants more."
	case a.AdjustmentDate > s.now().In(zone).Format(time.DateOnly):
		return p, "The date is in the future."
	}
	return p, ""
}
