package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestARunThatHadNowhereToGoSaysSo(t *testing.T) {
	a := openAPIServer(t)
	r := a.keepsPromises(write{"manager", "POST", "/inventory/sync", "", 202})
	r.has("status", "failed", "error.code", NoDestination, "error.detail", "No destination is configured.")
	for _, as := range []string{"viewer", "sync"} {
		a.get(as, strings.TrimPrefix(r.header.Get("Location"), "/api/v1")).is(200).has("id", r.text("id"), "error.code", NoDestination)
	}
	a.get("viewer", "/sync/runs/none").refused(404, store.CodeNotFound)
	a.get("viewer", "/sync/runs/"+a.Location.String()).refused(404, store.CodeNotFound)
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	a := openAPIServer(t)
	var want []string
	for n := range 5 {
		r := a.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: []string{"failed", "succeeded"}[n%2], Destination: "pos"}})
		want = append([]string{r.Facts[0].Of.(*store.Run).ID.String()}, want...)
	}
	if got := a.pages("/sync/runs?limit=2"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if got := a.pages("/sync/runs?limit=2&status=succeeded&destination=pos"); fmt.Sprint(got) != fmt.Sprint([]string{want[1], want[3]}) {
		t.Errorf("succeeded: %v", got)
	}
	if got := a.pages("/sync/runs?destination=central"); got != nil {
		t.Errorf("to central: %v", got)
	}
	if got := a.get("viewer", "/sync/runs?status=lost&cursor=x&limit=0").refused(400, store.CodeInvalid).texts("errors", "pointer"); got != "status limit cursor" {
		t.Errorf("wrong: %s", got)
	}
}

func TestTheStateOfSyncNamesTheHead(t *testing.T) {
	a := openAPIServer(t)
	a.get("sync", "/sync/status").is(200).has("head", fmt.Sprintf("1-%d", a.Head().Seq))
}
