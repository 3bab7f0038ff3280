package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
)

func newCentralStoresCommand(s *centralOptions) *cobra.Command {
	return &cobra.Command{
		Use: "stores", Short: "List the stores and how well they are known", Args: cobra.NoArgs,
		Long: `Lists for each store when it was last heard of, how many entries it has that are
not here yet, and how it is: ok, late, silent, unfolded, fork or revoked.` + exitStatus(exitUnreachable),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(office *central.Central) error { return s.listStores(cmd.Context(), office) })
		},
	}
}

// storeView is a store as GET /stores shows it.
type storeView struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Health      store.Health `json:"health"`
	Epoch       int64        `json:"epoch"`
	AckedSeq    int64        `json:"acked_seq"`
	HeadSeq     int64        `json:"head_seq"`
	Lag         int64        `json:"lag"`
	EnrolledAt  *time.Time   `json:"enrolled_at"`
	LastContact *time.Time   `json:"last_contact"`
	LastSync    *time.Time   `json:"last_sync"`
	RevokedAt   *time.Time   `json:"revoked_at"`
	ClockSkewMS int64        `json:"clock_skew_ms"`
	Version     string       `json:"version"`
	Items       int64        `json:"items"`
	LowStock    int64        `json:"low_stock"`
	Verdicts    int64        `json:"verdicts"`
}

func storeViewOf(s store.FleetStore) storeView {
	return storeView{
		ID: s.ID.String(), Name: s.Name, Health: s.Health, Epoch: s.Epoch, AckedSeq: s.AckedSeq, HeadSeq: s.HeadSeq, Lag: s.Lag,
		EnrolledAt: timeOf(s.EnrolledAt), LastContact: timeOf(s.LastContact), LastSync: timeOf(s.SyncedAt), RevokedAt: timeOf(s.RevokedAt),
		ClockSkewMS: s.ClockSkewMillis, Version: s.Version, Items: s.Items, LowStock: s.LowStock, Verdicts: s.Verdicts,
	}
}

// timeOf gives a moment, nil for none.
func timeOf(i store.Instant) *time.Time {
	if i == 0 {
		return nil
	}
	t := i.Time().UTC()
	return &t
}

func (s *centralOptions) listStores(ctx context.Context, office *central.Central) error {
	list, err := office.Stores(ctx)
	if err != nil {
		return err
	}
	views := make([]storeView, len(list))
	for i := range list {
		views[i] = storeViewOf(list[i])
	}
	if s.asJSON() {
		return s.json(map[string]any{"data": views})
	}
	table, err := newTable(s.stdout, "text", "id", "name", "health", "behind", "position", "last contact", "up to date at", "rows", "low", "version")
	if err != nil {
		return err
	}
	for _, v := range views {
		err = errors.Join(err, table.Row(v.ID, v.Name, string(v.Health), v.Lag, fmt.Sprintf("%d-%d", v.Epoch, v.AckedSeq),
			orNone(v.LastContact), orNone(v.LastSync), v.Items, v.LowStock, v.Version))
	}
	return errors.Join(err, table.Close())
}

func newCentralEnrollCommand(s *centralOptions) *cobra.Command {
	var valid string
	c := &cobra.Command{
		Use: "enroll NAME", Short: "Make a code that lets one store in", Args: cobra.ExactArgs(1),
		Long: `Makes a one-time code and writes it alone to standard output. In the store:
shelfd sync enroll URL CODE.` + exitStatus(exitRefused, exitUnreachable),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.with(cmd.Context(), func(office *central.Central) error {
				return s.inviteStore(cmd.Context(), office, args[0], valid)
			})
		},
	}
	c.Flags().StringVar(&valid, "expires", "7d", "how long the code is good for, a `time` such as 7d or 12h")
	return c
}

func (s *centralOptions) inviteStore(ctx context.Context, office *central.Central, name, valid string) error {
	var d Duration
	if err := d.UnmarshalText([]byte(valid)); err != nil {
		return withExit(exitUsage, fmt.Errorf("--expires %s: %w", valid, err))
	}
	code, err := office.Enrol(ctx, name, time.Duration(d))
	if err != nil {
		return err
	}
	until := s.clock.Wall().Add(time.Duration(d)).UTC()
	if s.asJSON() {
		return s.json(map[string]any{"name": name, "code": code, "expires_at": until.Format(time.RFC3339)})
	}
	fmt.Fprintf(s.stderr, "The code is good once, until %s. In the store: shelfd sync enroll URL CODE\n", until.Format(time.RFC3339))
	_, err = fmt.Fprintln(s.stdout, code)
	return err
}

func newCentralRevokeCommand(s *centralOptions) *cobra.Command {
	return &cobra.Command{
		Use: "revoke STORE", Short: "Take a store's key away", Args: cobra.ExactArgs(1),
		Long: `Takes the key of a store away, by id or name. What it sent stays here; the store
goes on by itself and can be enrolled again with a new code.` + exitStatus(exitNotFound, exitRefused, exitUnreachable),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.with(cmd.Context(), func(office *central.Central) error { return s.revokeStore(cmd.Context(), office, args[0]) })
		},
	}
}

func (s *centralOptions) revokeStore(ctx context.Context, office *central.Central, name string) error {
	found, err := storeNamed(ctx, office, name)
	if err != nil {
		return err
	}
	if err := office.Revoke(ctx, found.ID); err != nil {
		return err
	}
	if s.asJSON() {
		return s.json(map[string]any{"id": found.ID.String(), "name": found.Name, "revoked": true})
	}
	_, err = fmt.Fprintf(s.stdout, "The key of %s (%s) is taken away.\n", found.Name, found.ID)
	return err
}
