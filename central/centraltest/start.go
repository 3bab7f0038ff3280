package centraltest

import (
	"sync"
	"testing"
)

// shared are the clusters of this test binary: one that skips fsync, for tests
// of behaviour, and one that does not, for tests and benchmarks of durability.
var shared [2]struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Start gives the address of a fresh, empty database in a cluster that all
// tests of the binary share. It does not survive a loss of power: its commits
// do not wait for the disk.
func Start(t testing.TB) (url string) {
	t.Helper()
	return sharedCluster(t, false).Database(t)
}

// StartDurable is Start with commits that wait for the disk, as in the field.
func StartDurable(t testing.TB) (url string) {
	t.Helper()
	return sharedCluster(t, true).Database(t)
}

func sharedCluster(t testing.TB, durable bool) *Cluster {
	t.Helper()
	s := &shared[0]
	if durable {
		s = &shared[1]
	}
	s.once.Do(func() { s.cluster, s.err = newCluster(durable) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.cluster
}

// NewCluster starts a durable cluster for one test, which may stop and kill it.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	c, err := newCluster(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.guard.Close() })
	return c
}
