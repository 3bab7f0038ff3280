package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// stopLimit is how long an orderly stop may take; after it the process
	// ends as it is, which the next start recovers from.
	stopLimit = 10 * time.Second
	// failLimit is how long answers may take to get out when storage failed.
	failLimit = time.Second
)

// run syncs while serve answers requests, until ctx ends; then it stops in order:
// listener, requests under way, syncer, ledger. It owns the app and closes it, except
// after a storage failure, when nothing on the disk may be touched: the error
// then ends the process with exitStorage.
func (a *app) run(ctx context.Context, serve func(context.Context) error) error {
	group, serving := newGroup(ctx)
	// A request may wait for the syncer, so that goes on until the last one is
	// answered.
	syncing, stopSyncing := context.WithCancel(context.WithoutCancel(ctx))
	group.run(func() error { return a.sync.run(syncing) })
	group.run(func() error {
		defer stopSyncing()
		return serve(serving)
	})
	group.run(func() error { return a.watchStorage(serving) })
	stopped := make(chan error, 1)
	go func() {
		err := group.wait()
		if a.ledger.Err() == nil {
			err = errors.Join(err, a.close())
		}
		stopped <- err
	}()
	<-serving.Done()
	limit := stopLimit
	if a.ledger.Err() != nil {
		limit = failLimit
	}
	select {
	case err := <-stopped:
		return err
	case <-a.clock.After(limit):
		if err := a.ledger.Err(); err != nil {
			return storageFailure(err)
		}
		return errors.New("the orderly stop took longer than " + limit.String() + " and was broken off; the next start recovers")
	}
}

// watchStorage gives an error when the ledger's writer stopped by itself.
func (a *app) watchStorage(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.ledger.Failed():
	}
	err := a.ledger.Err()
	if err == nil {
		return nil
	}
	a.log.Error("storage failed and the outcome of the last changes is unknown; ending, the next start finds out", "err", err)
	return storageFailure(err)
}

func storageFailure(err error) error {
	return withExit(exitStorage, &store.Error{
		Op: "serve", Code: store.CodeOutcomeUnknown, Err: err,
		Message: "Storage failed, and it is not known what of the last changes was saved. Start shelfd again: it finds out.",
	})
}
