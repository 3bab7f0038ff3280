package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

const posPath = "/api/v1/pos"

// posPathOf is the path of one point of sale, or of something below it.
func posPathOf(name string, below ...string) string {
	path := posPath + "/" + url.PathEscape(name)
	for _, part := range below {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func newPOSCommand(o *rootOptions) *cobra.Command {
	return newParent("pos", "List, check and link points of sale",
		newPOSListCommand(o), newPOSCheckCommand(o), newPOSPreviewCommand(o), newPOSMapCommand(o))
}

// posView is a point of sale as the API shows it.
type posView struct {
	Name           string     `json:"name"`
	Kind           string     `json:"kind"`
	Title          string     `json:"title"`
	LocationID     *string    `json:"location_id"`
	LocationName   *string    `json:"location_name"`
	StateRegister  bool       `json:"state_register"`
	Capabilities   []string   `json:"capabilities"`
	Rate           *string    `json:"rate"`
	SaleSource     string     `json:"sale_source"`
	CatalogueOwner string     `json:"catalogue_owner"`
	QuantityOwner  string     `json:"quantity_owner"`
	Linked         int64      `json:"linked"`
	Unlinked       int64      `json:"unlinked"`
	SalesReadTo    *time.Time `json:"sales_read_to"`
	SalesOpen      int64      `json:"sales_open"`
	OpenCases      int64      `json:"open_cases"`
	ComparedAt     *time.Time `json:"compared_at"`
	Check          *posCheck  `json:"check"`
}

// posCheck is what became of asking a point of sale who it is.
type posCheck struct {
	CheckedAt  *time.Time `json:"checked_at"`
	Identity   *string    `json:"identity"`
	ClockAhead *int64     `json:"clock_ahead_seconds"`
	Error      *syncError `json:"error"`
}

// errNoPOS says how to get a point of sale.
var errNoPOS = withExit(exitNotFound, errors.New("there is no point of sale; docs/pos.md says how to connect one"))

// readPOS lists the points of sale.
func readPOS(ctx context.Context, c *client) ([]posView, error) {
	var list struct {
		Data []posView `json:"data"`
	}
	err := c.get(ctx, posPath, nil, &list)
	return list.Data, err
}

// reached gives the failure to reach a destination an exit code of its own: the
// server was reached.
func reached(err error) error {
	if p, ok := errors.AsType[*problem](err); ok && p.Code == store.CodeUnavailable {
		return withExit(exitUnsynced, err)
	}
	return err
}

func newPOSListCommand(o *rootOptions) *cobra.Command {
	kinds := false
	c := &cobra.Command{
		Use: "list", Short: "List the points of sale", Args: cobra.NoArgs,
		Long: `Lists the configured points of sale: what each can do, who books the sales of its
location, how much is linked and how much differs. With --kinds it lists the kinds
that can be configured, and their settings.` + exitStatus(exitNotFound, exitUnreachable, exitInUse),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if kinds {
				return o.showPOSKinds(posKinds())
			}
			return o.listPOS(cmd.Context())
		},
	}
	c.Flags().BoolVar(&kinds, "kinds", false, "list the kinds of points of sale that can be configured")
	return c
}

func (o *rootOptions) listPOS(ctx context.Context) error {
	return show(ctx, o, posPath, readPOS, o.writePOS)
}

func (o *rootOptions) writePOS(list []posView) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(o.stdout, "There is no point of sale. How to connect one: docs/pos.md. Which there can be: shelfd pos list --kinds")
		return err
	}
	table, err := newTable(o.stdout, "text",
		"name", "kind", "location", "can do", "sales from", "linked", "not linked", "open differences", "key")
	if err != nil {
		return err
	}
	for _, p := range list {
		err = errors.Join(err, table.Row(p.Name, p.Kind, orNone(p.LocationName), canDo(p.Capabilities), p.SaleSource,
			p.Linked, p.Unlinked, p.OpenCases, p.key()))
	}
	err = errors.Join(err, table.Close())
	for _, p := range list {
		if p.Check != nil && p.Check.Error != nil {
			_, e := fmt.Fprintf(o.stdout, "\n%s", p.checked())
			err = errors.Join(err, e)
		}
	}
	return err
}

// canDo puts capabilities in words.
func canDo(capabilities []string) string {
	words := slices.Clone(capabilities)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "_", " ")
	}
	return strings.Join(words, ", ")
}

// key says in a word or two whether the point of sale takes our key.
func (p *posView) key() string {
	switch {
	case p.Check == nil:
		return "not checked"
	case p.Check.Error == nil:
		return "good"
	case p.Check.Error.Code == "unauthorized":
		return "refused"
	}
	return "not known"
}
