package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
)

func newCentralSendCommand(s *centralOptions) *cobra.Command {
	var stores []string
	c := &cobra.Command{
		Use: "send KIND FILE", Short: "Tell stores to change their catalogue", Args: cobra.ExactArgs(2),
		Long: `Puts commands into the mailboxes of stores: product, archive_product or threshold.
FILE is JSON, - for standard input: one body or a list of them. A store obeys when
it is next connected, and its answer is in its ledger.

What a command says is how it shall be, so sending it again does no harm.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable),
		Example: `  echo '{"sku": "BD-35", "unit_price": 38.5}' | shelfd central send product -
  shelfd central send threshold thresholds.json --store "Main Street"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(commandKinds, args[0]) {
				return withExit(exitUsage, fmt.Errorf("%q is no kind of command: %s", args[0], strings.Join(commandKinds, ", ")))
			}
			bodies, err := s.readBodies(args[1])
			if err != nil {
				return withExit(exitUsage, err)
			}
			return s.with(cmd.Context(), func(office *central.Central) error {
				return s.send(cmd.Context(), office, stores, args[0], bodies)
			})
		},
	}
	c.Flags().StringSliceVar(&stores, "store", nil, "only these `stores`, by id or name")
	return c
}

// commandKinds are what people tell stores. Transfers are made by the stores
// that ship them.
var commandKinds = []string{"product", "archive_product", "threshold"}

// maxCommands is more than any file of commands needs, in bytes.
const maxCommands = 32 << 20

// readBodies reads one JSON object or a list of them.
func (s *centralOptions) readBodies(name string) (list []json.RawMessage, err error) {
	var data []byte
	if name == "-" {
		data, err = io.ReadAll(io.LimitReader(s.stdin, maxCommands))
	} else {
		data, err = readAtMost(name, maxCommands)
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	for _, body := range list {
		if err := json.Unmarshal(body, new(map[string]json.RawMessage)); err != nil {
			return nil, fmt.Errorf("%s: must be a JSON object or a list of them: %w", name, err)
		}
	}
	return list, nil
}

func (s *centralOptions) send(ctx context.Context, office *central.Central, names []string, kind string, bodies []json.RawMessage) error {
	var ids []store.ID
	for _, name := range names {
		found, err := storeNamed(ctx, office, name)
		if err != nil {
			return err
		}
		ids = append(ids, found.ID)
	}
	for i, body := range bodies {
		if err := office.SendCommand(ctx, ids, kind, body); err != nil {
			return fmt.Errorf("command %d of %d, the ones before are sent: %w", i+1, len(bodies), err)
		}
	}
	if s.asJSON() {
		return s.json(map[string]any{"kind": kind, "commands": len(bodies), "stores": len(ids)})
	}
	to := "all stores"
	if len(ids) > 0 {
		to = fmt.Sprintf("%d stores", len(ids))
	}
	_, err := fmt.Fprintf(s.stdout, "%d commands are on their way to %s.\n", len(bodies), to)
	return err
}
