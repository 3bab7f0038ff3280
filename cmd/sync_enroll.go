package cmd

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

const (
	syncCentralPath = "/api/v1/sync/central"
	syncAdoptPath   = "/api/v1/sync/adopt"
)

func newSyncEnrollCommand(o *rootOptions) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "enroll URL CODE", Short: "Let this store send its ledger to central", Args: cobra.ExactArgs(2),
		Long: `Takes a one-time code that head office made with shelfd central enroll. The key
that central gives for it is kept in the data directory and never in the ledger.
From then on everything is sent as soon as there is a network.` +
			exitStatus(exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd sync enroll https://central.example 4R7K-2M9P-XW3D`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.enrollStore(cmd.Context(), map[string]string{"url": args[0], "code": args[1], "name": name})
		},
	}
	c.Flags().StringVar(&name, "name", "", "what head office calls this store; otherwise as it said with the code")
	return c
}

func (o *rootOptions) enrollStore(ctx context.Context, body map[string]string) (err error) {
	if body["name"] == "" {
		delete(body, "name")
	}
	c, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	var made struct {
		URL  string `json:"url"`
		Name string `json:"name"`
	}
	if err := c.send(ctx, http.MethodPut, syncCentralPath, nil, body, &made); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(made)
	}
	_, err = fmt.Fprintf(o.stdout, "This store is enrolled at %s as %q. How it gets on: shelfd sync status\n", made.URL, made.Name)
	return err
}

func newSyncForgetCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "forget", Short: "Send nothing to central any more", Args: cobra.NoArgs,
		Long: `Removes the key of central from the data directory. What central has stays there,
and the store can be enrolled again. Head office takes the key back with shelfd
central revoke.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.forgetCentral(cmd.Context()) },
	}
}

func (o *rootOptions) forgetCentral(ctx context.Context) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if err := c.send(ctx, http.MethodDelete, syncCentralPath, nil, nil, nil); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(map[string]bool{"forgotten": true})
	}
	_, err = fmt.Fprintln(o.stdout, "This store sends nothing to central any more.")
	return err
}

func newAdoptCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "adopt", Short: "Say that this copy of the data goes on", Args: cobra.NoArgs,
		Long: `For data that were restored or copied to another machine, after sync status said
moved, superseded or fork. Takes over what central knows beyond this copy, begins
a new epoch, and from then on this copy is the store: another one that still runs
is refused. Choose well: stop the other copy first.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.adopt(cmd.Context()) },
	}
}

func (o *rootOptions) adopt(ctx context.Context) (err error) {
	if err := o.load(); err != nil {
		return err
	}
	if err := o.needLedger(); err != nil {
		return err
	}
	c, err := connectSyncing(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	var head struct {
		ID    string `json:"id"`
		Epoch int64  `json:"epoch"`
	}
	if err := c.send(ctx, http.MethodPost, syncAdoptPath, nil, nil, nil); err != nil {
		return err
	}
	if err := c.get(ctx, "/api/v1/ledger/head", nil, &head); err != nil {
		return err
	}
	if o.asJSON() {
		return o.json(map[string]any{"adopted": true, "epoch": head.Epoch, "head": head.ID})
	}
	_, err = fmt.Fprintf(o.stdout, "This copy goes on, in epoch %d. How it gets on: shelfd sync status\n", head.Epoch)
	return err
}
