package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// newDoor is a door at localhost behind which nothing is open.
func newDoor(t *testing.T) *Door {
	t.Helper()
	d, err := NewDoor(Config{Version: "1.2.3"}, store.SystemClock(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// knock asks at a door, from this machine, and holds the answer against the contract.
func knock(t *testing.T, d *Door, method, path, host string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "http://"+host+path, http.NoBody)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if path == "/" {
		return w
	}
	c := loadContract(t)
	in, err := c.requestInput(r)
	if err == nil {
		err = checkAnswer(in, w.Result(), w.Body.Bytes())
	}
	if err == nil && w.Header().Get("Content-Type") == "application/problem+json" {
		err = c.checkProblem(w.Code, w.Body.Bytes())
	}
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return w
}

func damaged() *Trouble {
	return &Trouble{
		Code: "ledger_damaged", Title: "The ledger is damaged.", Safe: "It is not written to.", Wrong: `Entry 7 is <b>wrong</b>.`,
		Steps: []Step{{"Restore the newest backup:", "shelfd restore FILE"}}, Since: 1_800_000_000_000,
	}
}

func TestADoorSaysThatItStarts(t *testing.T) {
	d := newDoor(t)
	for path, want := range map[string]string{
		"/healthz": `"status":"starting"`, "/readyz": `"reason":"starting"`, "/api/v1/inventory": `"code":"starting"`,
	} {
		w := knock(t, d, http.MethodGet, path, "localhost")
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
		if path != "/healthz" && (w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "") {
			t.Errorf("%s answers %d and %v", path, w.Code, w.Header())
		}
	}
}

func TestADoorSaysWhatIsWrong(t *testing.T) {
	d := newDoor(t)
	d.Refuse(damaged())
	for path, want := range map[string]string{
		"/healthz": `"code":"ledger_damaged"`, "/readyz": `"reason":"ledger_damaged"`, "/api/v1/inventory": `"code":"unavailable"`,
	} {
		if w := knock(t, d, http.MethodGet, path, "localhost"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
}

func TestTheRecoveryPageNeedsNoScriptAndTrustsNoText(t *testing.T) {
	d := newDoor(t)
	d.Refuse(damaged())
	w := knock(t, d, http.MethodGet, "/", "localhost")
	page := w.Body.String()
	if w.Code != http.StatusServiceUnavailable || strings.Contains(page, "<b>") || strings.Contains(page, "<script") {
		t.Errorf("it is %d: %s", w.Code, page)
	}
	safe, wrong, todo := strings.Index(page, "It is not written to."), strings.Index(page, "Entry 7 is &lt;b&gt;"), strings.Index(page, "shelfd restore FILE")
	if safe < 0 || wrong < safe || todo < wrong {
		t.Errorf("it does not say first what is safe, then what is wrong, then what to do: %s", page)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("its policy is %s", policy)
	}
}

func TestADoorAnswersForItsOwnNamesOnly(t *testing.T) {
	d := newDoor(t)
	d.Refuse(damaged())
	if w := knock(t, d, http.MethodGet, "/", "evil.example"); w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "ledger") {
		t.Errorf("it answers %d %s", w.Code, w.Body)
	}
}
