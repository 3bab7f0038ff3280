package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// copyDirectory copies a data directory that nobody has open.
func copyDirectory(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestACopyOnAnotherMachineWaitsUntilItIsAdopted(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	old := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	token := old.Token
	old.stop()
	moved := copyDirectory(t, dir)

	old = box(t, dir, "box")
	old.Token = token
	old.sell("B", -1)
	succeed(t, dir, "sync")
	old.stop()

	copied := box(t, moved, "new")
	copied.Token = token
	copied.sell("A", -1)
	if code, _, stderr := call(t, moved, "sync"); code != exitUnsynced || !strings.Contains(stderr, "(moved)") {
		t.Errorf("sync of the copy ends with %d: %s", code, stderr)
	}
	if out := succeed(t, moved, "sync", "status"); !strings.Contains(out, "shelfd adopt") {
		t.Errorf("status of the copy says %s", out)
	}
	if out := succeed(t, moved, "adopt"); !strings.Contains(out, "in epoch 2") {
		t.Errorf("adopt says %s", out)
	}
	succeed(t, moved, "sync", "--type", "full")
	if a, b := copied.item("A")["quantity"], copied.item("B")["quantity"]; fmt.Sprint(a, " ", b) != "4 2.5" {
		t.Errorf("the copy has %v of A and %v of B; want what both sold", a, b)
	}
	anna := strings.TrimSpace(central.run("token", "create", "--name", "Anna", "--role", "viewer"))
	if ours, theirs := copied.rows(token, "sort=sku"), central.rows(anna, "sort=sku"); !reflect.DeepEqual(ours, theirs) {
		t.Errorf("central has\n%v\nthe store has\n%v", theirs, ours)
	}

	old = box(t, dir, "box")
	old.Token = token
	old.sell("C", 1)
	if code, _, stderr := call(t, dir, "sync"); code != exitUnsynced || !strings.Contains(stderr, "(superseded)") {
		t.Errorf("sync of the old one ends with %d: %s", code, stderr)
	}
	if s := central.stores()["Main Street"]; s.Epoch != 2 {
		t.Errorf("the store is %+v", s)
	}
}

func TestARestoredBackupGoesOnWithWhatCentralKept(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	token := shop.Token
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	shop.stop()
	backup := copyDirectory(t, dir)

	shop = box(t, dir, "box")
	shop.Token = token
	shop.sell("A", -1)
	shop.sell("B", 2)
	succeed(t, dir, "sync")
	shop.stop()

	shop = box(t, backup, "box")
	shop.Token = token
	succeed(t, backup, "sync", "--type", "full")
	if a, b := shop.item("A")["quantity"], shop.item("B")["quantity"]; fmt.Sprint(a, " ", b) != "4 5.5" {
		t.Errorf("the restored store has %v of A and %v of B", a, b)
	}
	anna := strings.TrimSpace(central.run("token", "create", "--name", "Anna", "--role", "viewer"))
	if ours, theirs := shop.rows(token, "sort=sku"), central.rows(anna, "sort=sku"); !reflect.DeepEqual(ours, theirs) {
		t.Errorf("central has\n%v\nthe store has\n%v", theirs, ours)
	}
	if s := central.stores()["Main Street"]; s.Epoch != 2 || s.Health != "ok" {
		t.Errorf("the store is %+v", s)
	}
	shop.stop()
	if out := succeed(t, backup, "verify", "-o", "json"); !strings.Contains(out, `"ok": true`) || !strings.Contains(out, `"epoch": 2`) {
		t.Errorf("verify says %s", out)
	}
}

func TestASecondHistoryIsAForkUntilOneIsAdopted(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	token := shop.Token
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	shop.stop()
	// The same machine id, as in a cloned disk: nothing is noticed before both
	// have sent.
	clone := copyDirectory(t, dir)
	first := box(t, clone, "box")
	first.Token = token
	first.sell("A", -1)
	succeed(t, clone, "sync")
	first.stop()

	away, err := enrolmentOf(defaultConfig(), dir)
	if err := errors.Join(err, removeEnrolment(dir)); err != nil {
		t.Fatal(err)
	}
	shop = box(t, dir, "box")
	shop.Token = token
	shop.sell("B", -1)
	shop.stop()
	if err := writeEnrolment(dir, away); err != nil {
		t.Fatal(err)
	}
	shop = box(t, dir, "box")
	shop.Token = token
	if code, _, stderr := call(t, dir, "sync"); code != exitUnsynced || !strings.Contains(stderr, "(fork)") {
		t.Errorf("sync of the other one ends with %d: %s", code, stderr)
	}
	if s := central.stores()["Main Street"]; s.Health != "fork" {
		t.Errorf("the store is %+v", s)
	}
	succeed(t, dir, "adopt")
	succeed(t, dir, "sync", "--type", "full")
	if a, b := shop.item("A")["quantity"], shop.item("B")["quantity"]; fmt.Sprint(a, " ", b) != "4 2.5" {
		t.Errorf("the adopted store has %v of A and %v of B; want what both did", a, b)
	}
	if s := central.stores()["Main Street"]; s.Health != "ok" || s.Epoch != 2 {
		t.Errorf("after adopting the store is %+v", s)
	}
}

func TestAdoptNeedsACentral(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	if code, _, stderr := call(t, dir, "adopt"); code != exitNotFound || !strings.Contains(stderr, "not enrolled") {
		t.Errorf("without an enrolment adopt ends with %d: %s", code, stderr)
	}
	central := startCentral(t)
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	central.stop()
	if code, _, stderr := call(t, dir, "adopt"); code != exitUnreachable {
		t.Errorf("without central adopt ends with %d: %s", code, stderr)
	}
}
