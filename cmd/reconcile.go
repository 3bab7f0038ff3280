package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

const reconciliationPath = "/api/v1/reconciliation"

// reconcileOptions are the flags of reconcile.
type reconcileOptions struct {
	*rootOptions
	location, destination, class string
	all, now                     bool
}

func newReconcileCommand(o *rootOptions) *cobra.Command {
	r := &reconcileOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "reconcile", Short: "Show what the shelf, the POS and the state say of the same goods", Args: cobra.NoArgs,
		Long: `Shows what differs between the ledger, the points of sale and the state's register,
as of the newest comparison; --now compares first. It changes no stock, neither here
nor there.

Differences of class timing and sale_not_arrived are on their way and go by
themselves. Any other one ends the command with 12.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced, exitDiffers),
		Example: `  shelfd reconcile --now
  shelfd reconcile --class missing_package -o csv
  shelfd reconcile --destination till --all`,
		Annotations: map[string]string{moreOutputs: "csv ndjson xlsx"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&r.location, "location", "", "the only location, an `id or name`")
	f.StringVar(&r.destination, "destination", "", "the `name` of the only point of sale")
	f.StringVar(&r.class, "class", "", "only differences of this `class`: "+strings.Join(caseClasses(), ", "))
	f.BoolVar(&r.all, "all", false, "show what does not differ, too")
	f.BoolVar(&r.now, "now", false, "read what the points of sale have, and compare, first")
	return c
}

func caseClasses() []string {
	words := make([]string, len(store.CaseClasses))
	for i, c := range store.CaseClasses {
		words[i] = string(c)
	}
	return words
}

func (r *reconcileOptions) run(ctx context.Context) (err error) {
	if r.class != "" && !slices.Contains(caseClasses(), r.class) {
		return withExit(exitUsage, fmt.Errorf("--class %s: must be one of %s", r.class, strings.Join(caseClasses(), ", ")))
	}
	if r.output == "xlsx" && isTerminal(r.stdout) {
		return withExit(exitUsage, errors.New("a workbook is not for a terminal; send it to a file with > FILE"))
	}
	c, err := connectExisting(ctx, r.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	query, err := r.query(ctx, c)
	if err != nil {
		return err
	}
	var older error
	if r.now {
		if older, err = r.compare(ctx, c, query.Get("location_id")); err != nil {
			return err
		}
	}
	rows, err := readReconciled(ctx, c, query)
	if err != nil {
		return err
	}
	if err := r.show(rows); err != nil {
		return err
	}
	return reconcileOutcome(rows, older)
}

func (r *reconcileOptions) query(ctx context.Context, c *client) (url.Values, error) {
	q := url.Values{}
	if r.location != "" {
		id, err := locationNamed(ctx, c, r.location)
		if err != nil {
			return nil, err
		}
		q.Set("location_id", id)
	}
	if r.destination != "" {
		q.Set("destination", r.destination)
	}
	if r.class != "" {
		q.Set("class", r.class)
	}
	if r.all {
		q.Set("all", "true")
	}
	return q, nil
}

// compare reads what the points of sale have. older says which of them could
// not be read: what is shown of those is older.
func (r *reconcileOptions) compare(ctx context.Context, c *client, location string) (older, err error) {
	list, err := readPOS(ctx, c)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p posView) bool { return !r.compares(&p, location) })
	if len(list) == 0 {
		return nil, errNothingToCompare
	}
	var failures []error
	for _, p := range list {
		err := c.send(ctx, http.MethodPost, posPathOf(p.Name, "compare"), nil, nil, nil)
		refusal, refused := errors.AsType[*problem](err)
		switch {
		case refused && refusal.Code == store.CodeUnavailable:
			failures = append(failures, fmt.Errorf("what is shown of %s is older: %s", p.Name, refusal.Detail))
		case err != nil:
			return nil, err
		}
	}
	return withExit(exitUnsynced, errors.Join(failures...)), nil
}

var errNothingToCompare = withExit(exitNotFound, errors.New("there is no such point of sale to compare with; shelfd pos list shows those that there are"))

// compares tells whether a point of sale is to be compared with: one that
// cannot say what it has only when it is named.
func (r *reconcileOptions) compares(p *posView, location string) bool {
	if r.destination != "" {
		return p.Name == r.destination
	}
	return slices.Contains(p.Capabilities, "read_stock") && (location == "" || p.LocationID != nil && *p.LocationID == location)
}

// reconcileOutcome gives the error that what was shown means for a script.
func reconcileOutcome(rows []reconciledView, older error) error {
	open, onTheirWay := countCases(rows)
	switch {
	case older != nil:
		return older
	case open > onTheirWay:
		return withExit(exitDiffers, fmt.Errorf("%s that nothing on its way explains", counted(open-onTheirWay, "difference", "differences")))
	}
	return nil
}
