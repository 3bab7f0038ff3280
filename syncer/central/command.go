package central

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// commander is who the commands of central are from.
var commander = store.Request{Actor: "central", Source: "central", Manager: true}

// Listen takes the commands that central has for this store. It asks once and
// waits there for as long as Config.LongPoll says; with 0 it waits here until
// another answer of central tells that there are any. Errors as for Push; code
// commands when numbers are missing.
func (c *Client) Listen(ctx context.Context, l syncer.Ledger) error {
	if err := c.checkMachine(); err != nil {
		return err
	}
	if c.cfg.LongPoll <= 0 {
		if err := c.waitForNews(ctx, l); err != nil {
			return err
		}
	}
	for wait := c.cfg.LongPoll; ; wait = 0 {
		answer, err := c.commands(ctx, l, wait)
		if err != nil {
			return err
		}
		for i := range answer.Commands {
			if err := obey(ctx, l, &answer.Commands[i]); err != nil {
				return err
			}
		}
		if len(answer.Commands) == 0 || l.Command() >= answer.Newest {
			return nil
		}
	}
}

// waitForNews waits until central told of a command that is not done.
func (c *Client) waitForNews(ctx context.Context, l syncer.Ledger) error {
	for {
		c.mu.Lock()
		newest := c.newest
		c.mu.Unlock()
		if newest > l.Command() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.news:
		}
	}
}

// commands asks for the commands after the newest that was done.
func (c *Client) commands(ctx context.Context, l syncer.Ledger, wait time.Duration) (*wire.Commands, error) {
	r := &request{method: http.MethodGet, path: wire.PathCommands, ledger: l, patience: wait, query: url.Values{
		wire.ParamAfter: {strconv.FormatInt(l.Command(), 10)},
		wire.ParamLimit: {strconv.Itoa(wire.MaxCommands)},
	}}
	if wait > 0 {
		r.query.Set(wire.ParamWait, strconv.Itoa(int(wait/time.Second)))
	}
	answer := &wire.Commands{}
	return answer, c.exchange(ctx, r, answer)
}

// obey does one command; its outcome is an entry of the ledger. Leaving one
// out would leave it out for ever, so its number must be the next.
func obey(ctx context.Context, l syncer.Ledger, command *wire.Command) error {
	done := l.Command()
	if command.N <= done {
		return nil
	}
	if command.N != done+1 {
		return &syncer.Failure{
			Class: syncer.Alarm, Code: CodeCommands,
			Detail: fmt.Sprintf("Command %d of central is missing; number %d came instead.", done+1, command.N),
		}
	}
	_, err := l.Do(ctx, commander, &store.Obey{N: command.N, Kind: command.Kind, Body: command.Body})
	return err
}
