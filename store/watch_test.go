package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// woken tells whether a watcher was signalled.
func woken(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestWatch_tells_of_every_commit_but_those_of_sync_runs(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	first, stopFirst := s.Watch()
	second, stopSecond := s.Watch()
	defer stopSecond()
	if woken(first) {
		t.Fatal("it told of what was there before")
	}
	s.Adjust(item, -1, store.Sale)
	s.Adjust(item, -1, store.Sale)
	if !woken(first) || woken(first) || !woken(second) {
		t.Fatal("two commits nobody waited for are one signal to each")
	}
	s.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: store.RunSucceeded}})
	if woken(first) || woken(second) {
		t.Fatal("a finished sync run woke the sync")
	}
	if s.Refused(&store.Adjust{Item: item, Change: units(-100), Reason: store.Sale}); woken(first) {
		t.Fatal("a refusal woke")
	}
	s.Must(&store.EditItem{ID: item})
	if woken(first) {
		t.Fatal("a command without entries woke")
	}
	stopFirst()
	stopFirst()
	s.Adjust(item, -1, store.Sale)
	if woken(first) || !woken(second) {
		t.Fatal("only who still watches is told")
	}
}

func TestWatch_tells_of_a_run_that_shares_its_commit(t *testing.T) {
	s, j := storetest.OpenFaulty(t)
	item := s.Stocked("A", 10)
	var changed <-chan struct{}
	release := hold(s, j, item, func() error {
		changed, _ = s.Watch()
		return nil
	})
	done := make(chan error, 2)
	for _, cmd := range []store.Command{
		&store.FinishRun{Run: store.Run{SyncType: "full", Status: store.RunSucceeded}},
		&store.Adjust{Item: item, Change: units(-1), Reason: store.Sale},
	} {
		go func() {
			_, err := try(s, cmd)
			done <- err
		}()
	}
	release(2)
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if !woken(changed) {
		t.Fatal("the sale in the same commit was not told of")
	}
}
