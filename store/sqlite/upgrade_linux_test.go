package sqlite

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shelfd/shelfd/store"
)

func TestAnUpgradeWithoutRoomForItsCopyDoesNotBegin(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	o := options(t.TempDir())
	if err := unix.Mount("tmpfs", o.Dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(o.Dir, unix.MNT_DETACH) })
	d := open(t, o)
	sample(t, d)
	before := schemaOf(t, d.writer.conn)
	shut(t, d)
	next := o
	next.steps = steps(t, "CREATE TABLE later (a INTEGER) STRICT")
	if _, err := Open(t.Context(), next); store.CodeOf(err) != store.CodeStorageFull {
		t.Errorf("it ends with %v", err)
	}
	d = open(t, o)
	defer shut(t, d)
	if after := schemaOf(t, d.writer.conn); after != before {
		t.Errorf("the schema is now\n%s", after)
	}
}
