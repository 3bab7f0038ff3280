package cmd

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestCentralGivesBackWhatCameAfterABackup restores a backup that central is
// ahead of, twice over.
func TestCentralGivesBackWhatCameAfterABackup(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	token := shop.Token
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	b := backedUp(t, dir)
	shop.sell("A", -1)
	shop.sell("B", 2)
	succeed(t, dir, "sync")
	anna := strings.TrimSpace(central.run("token", "create", "--name", "Anna", "--role", "viewer"))
	agree := func(epoch int64, a, b string) {
		t.Helper()
		succeed(t, dir, "sync", "--type", "full")
		if x, y := shop.item("A")["quantity"], shop.item("B")["quantity"]; fmt.Sprint(x, " ", y) != a+" "+b {
			t.Errorf("the store has %v of A and %v of B; want %s and %s", x, y, a, b)
		}
		if ours, theirs := shop.rows(token, "sort=sku"), central.rows(anna, "sort=sku"); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("central has\n%v\nthe store has\n%v", theirs, ours)
		}
		if s := central.stores()["Main Street"]; s.Epoch != epoch || s.Health != "ok" {
			t.Errorf("the store is %+v; want epoch %d", s, epoch)
		}
		if v := whole(t, dir); v.Epoch != epoch {
			t.Errorf("verify says %+v; want epoch %d", v, epoch)
		}
	}
	shop.stop()
	restored(t, dir, b.File, "--replace")
	shop = box(t, dir, "box")
	shop.Token = token
	// Before the first contact somebody sells.
	shop.sell("A", -2)
	agree(2, "2", "5.5")
	// The same backup once more, which by now is two epochs behind.
	shop.stop()
	if r := restored(t, dir, b.File, "--replace"); r.NewEpoch != 3 {
		t.Errorf("the second time it reports %+v", r)
	}
	shop = box(t, dir, "box")
	shop.Token = token
	agree(3, "2", "5.5")
	shop.stop()
}

func TestARestoredStoreOnANewMachineIsEnrolledAgainAndGetsEverythingBack(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	token := shop.Token
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	b := backedUp(t, dir)
	shop.sellAs("A", -1, "till-1/77")
	succeed(t, dir, "sync")
	shop.stop()

	fresh := t.TempDir()
	restored(t, fresh, b.File)
	central.enrol(fresh, "Main Street")
	shop = box(t, fresh, "box")
	shop.Token = token
	succeed(t, fresh, "sync", "--type", "full")
	if q := shop.item("A")["quantity"]; fmt.Sprint(q) != "4" {
		t.Errorf("it has %v of A", q)
	}
	// The till did not hear that it was booked, and sends it again.
	shop.sellAs("A", -1, "till-1/77")
	if q := shop.item("A")["quantity"]; fmt.Sprint(q) != "4" {
		t.Errorf("after a repetition it has %v of A", q)
	}
	if s := central.stores()["Main Street"]; s.Epoch != 2 || s.Health != "ok" {
		t.Errorf("the store is %+v", s)
	}
}

// sellAs changes stock under an idempotency key.
func (s *served) sellAs(sku string, change int, key string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"quantity_change": %d, "reason_code": "ADJUSTMENT"}`, change)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPatch, fmt.Sprintf("%s/api/v1/inventory/%s", s.URL, s.item(sku)["id"]), strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s", answer.Status)
	}
}
