package central_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// smallDatabase is one on a disk of its own of so many megabytes.
func smallDatabase(t *testing.T, c *centraltest.Cluster, megabytes int) (url string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := filepath.Join(c.Dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) }) // gone with the cluster otherwise
	info, err := os.Stat(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(disk, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{
		"CREATE TABLESPACE small LOCATION '" + disk + "'", "CREATE DATABASE small TABLESPACE small",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return c.URL("small")
}

func TestFault_says_that_the_disk_is_full_and_goes_on_when_it_is_not(t *testing.T) {
	cluster := centraltest.NewCluster(t)
	d := openDeskOver(t, smallDatabase(t, cluster, 40))
	exec := func(statement string) error {
		_, err := d.db.Exec(t.Context(), statement)
		return err
	}
	o, s := d.traded(300)
	o.push()
	if err := exec("CREATE TABLE filler (b bytea); ALTER TABLE filler ALTER b SET STORAGE PLAIN"); err != nil {
		t.Fatal(err)
	}
	for exec("INSERT INTO filler SELECT repeat('x', 2000)::bytea FROM generate_series(1, 100)") == nil {
	}
	for exec("INSERT INTO filler SELECT repeat('x', 2000)::bytea") == nil {
	}
	var err error
	for err == nil {
		s.trade(100)
		if at := o.cursor().AckedSeq; at < o.Head().Seq {
			_, err = o.put(o.batch(o.at(at), o.Head().Seq))
		}
	}
	p := refusedWith(t, err, wire.ProblemStorageFull)
	if p.Status != 507 || p.RetryAfter == 0 {
		t.Fatalf("%+v", p)
	}
	if err := exec("DROP TABLE filler"); err != nil {
		t.Fatal(err)
	}
	o.push()
	d.equal(o)
}
