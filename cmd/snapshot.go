package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

func newSnapshotCommand(o *rootOptions) *cobra.Command {
	e := &exportOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "snapshot", Short: "Show stock as it was at a moment", Args: cobra.NoArgs,
		Long: `Shows all rows of stock as they were at the end of a day, at a moment or at a
position of the ledger; now by default.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse),
		Example: `  shelfd snapshot --date 2026-01-27 --location "Main Street"`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return e.showSnapshot(cmd.Context()) },
	}
	e.past.flags(c)
	c.Flags().StringSliceVar(&e.locations, "location", nil, "only these `locations`, by id or name")
	return c
}

// shownColumns are those of a snapshot on a terminal.
var shownColumns = []string{
	"product_name", "sku", "location_name", "room_type", "lot.package_tag", "quantity", "reserved_quantity",
	"available_quantity", "unit", "unit_price", "unit_cost",
}

func (e *exportOptions) showSnapshot(ctx context.Context) (err error) {
	c, err := connectExisting(ctx, e.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	query, err := e.pastQuery(ctx, c)
	if err != nil {
		return err
	}
	if e.asJSON() {
		return copyAnswer(ctx, c, query, e.stdout)
	}
	var envelope apiRow
	e.format = "text"
	_, err = e.write(ctx, c, e.stdout, shownColumns, func(ctx context.Context, c *client, row rowFunc) (err error) {
		envelope, err = readSnapshot(ctx, c, query, row)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "\n%v rows, quantity %v, value %v; as of %v, position %v\n%v\n",
		envelope.value("totals.items"), envelope.value("totals.quantity"), envelope.value("totals.value"),
		envelope.value("as_of"), envelope.value("seq"), envelope.value("digest"))
	return err
}

// copyAnswer writes a snapshot as the API gives it.
func copyAnswer(ctx context.Context, c *client, query url.Values, w io.Writer) error {
	body, err := c.stream(ctx, "/api/v1/inventory/snapshot", query, "application/json")
	if err != nil {
		return err
	}
	_, err = io.Copy(w, body)
	return errors.Join(err, body.Close())
}
