package cmd

import (
	"context"
	"errors"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/shelfd/shelfd/store"
)

const (
	// stopLimit is how long an orderly stop may take; after it the process
	// ends as it is, which the next start recovers from.
	stopLimit = 10 * time.Second
	// failLimit is how long answers may take to get out when storage failed.
	failLimit = time.Second
)

// run serves the API on a listener until ctx ends, then stops in order:
// listener, requests under way, ledger. It owns the app and closes it, except
// after a storage failure, when nothing on the disk may be touched: the error
// then ends the process with exitStorage.
func (a *app) run(ctx context.Context, ln net.Listener) error {
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error { return a.web.Serve(serving, ln) })
	group.Go(func() error { return a.keepHeads(serving) })
	group.Go(func() error { return a.watchStorage(serving) })
	stopped := make(chan error, 1)
	go func() {
		err := group.Wait()
		if a.ledger.Err() == nil {
			err = errors.Join(err, a.close(context.WithoutCancel(ctx)))
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

// keepHeads puts the state of the ledger on record now and then.
func (a *app) keepHeads(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.clock.After(a.headInterval):
		}
		if err := a.saveHead(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("the head of the ledger was not saved", "err", err)
			if store.CodeOf(err) == store.CodeOutcomeUnknown {
				return storageFailure(err)
			}
		}
	}
}

// saveHead saves the newest head, signed, unless it is on record already.
func (a *app) saveHead(ctx context.Context) error {
	saved, err := a.ledger.Journal().ListHeads(ctx, 0, 1)
	if err != nil {
		return err
	}
	seq := a.ledger.Head().Seq
	if seq == 0 || len(saved) > 0 && saved[0].Seq == seq && saved[0].Note != "" {
		return nil
	}
	_, err = a.ledger.SaveHead(ctx)
	return err
}
