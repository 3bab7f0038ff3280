package centraltest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/central/centraltest"
)

func query[T any](t *testing.T, url, sql string) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStart_gives_every_test_an_empty_database(t *testing.T) {
	const tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
	a, b := centraltest.Start(t), centraltest.Start(t)
	if a == b || query[int](t, a, tables) != 0 || query[int](t, b, tables) != 0 {
		t.Fatalf("%s and %s are not two empty databases", a, b)
	}
	if durable := query[string](t, centraltest.StartDurable(t), "SHOW fsync"); durable != "on" {
		t.Fatal("commits do not wait for the disk")
	}
}

func TestCluster_keeps_what_was_committed_before_a_kill(t *testing.T) {
	c := centraltest.NewCluster(t)
	url := c.Database(t)
	query[int](t, url, "SELECT lo_create(77)::int")
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Fatal("the killed server answers")
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, url, "SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 77"); n != 1 {
		t.Fatalf("%d objects were kept", n)
	}
}
