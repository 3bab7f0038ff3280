package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

// linkKinds are the kinds of links that there are.
var linkKinds = []string{string(store.LinkProduct), string(store.LinkLot), string(store.LinkRoom), string(store.LinkReason)}

// mapOptions are the flags of pos map.
type mapOptions struct {
	*rootOptions
	kind, called           string
	unlinked, auto, remove bool
}

func newPOSMapCommand(o *rootOptions) *cobra.Command {
	m := &mapOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "map NAME [KIND OURS [THEIRS]]", Short: "Show and change what is linked at a point of sale",
		Long: `Lists what of ours is linked to what at a point of sale: products, lots, room types
and reasons. With --auto it links what can be linked by itself: by SKU, barcode,
package tag or name.

With KIND, OURS and THEIRS it links by hand. KIND is product, lot, room or reason;
OURS is an id, a SKU, a package tag, a room type or a reason code; THEIRS is the id
over there. An empty THEIRS leaves it out there on purpose: nothing is sent for it.
With --remove it is not linked any more.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced),
		Example: `  shelfd pos map till --unlinked
  shelfd pos map till --auto
  shelfd pos map till product BD-EIGHTH-001 W62UWFY35CWMYGVWK6TWJDNI
  shelfd pos map till product TRAY-1 ""
  shelfd pos map till reason DAMAGE --remove`,
		Args: m.arguments,
		RunE: func(cmd *cobra.Command, args []string) error { return m.run(cmd.Context(), args) },
	}
	f := c.Flags()
	f.StringVar(&m.kind, "kind", "", "list only this `kind`: "+strings.Join(linkKinds, ", "))
	f.BoolVar(&m.unlinked, "unlinked", false, "list only what is not linked")
	f.BoolVar(&m.auto, "auto", false, "link what can be linked by itself")
	f.BoolVar(&m.remove, "remove", false, "take a link away")
	f.StringVar(&m.called, "called", "", "with THEIRS: the `name` that people over there know it by")
	c.MarkFlagsMutuallyExclusive("unlinked", "auto", "remove", "called")
	c.MarkFlagsMutuallyExclusive("kind", "auto", "remove", "called")
	return c
}

// arguments says what is wrong with a command line before anything is done.
func (m *mapOptions) arguments(_ *cobra.Command, args []string) error {
	switch n := len(args); {
	case m.kind != "" && !slices.Contains(linkKinds, m.kind):
		return fmt.Errorf("--kind %s: must be %s", m.kind, strings.Join(linkKinds, ", "))
	case n > 1 && !slices.Contains(linkKinds, args[1]):
		return fmt.Errorf("%s is no kind of link: %s", args[1], strings.Join(linkKinds, ", "))
	case n > 1 && (m.kind != "" || m.unlinked || m.auto):
		return errors.New("--kind, --unlinked and --auto go with NAME alone")
	case m.remove && n != 3:
		return errors.New("--remove goes with NAME KIND OURS")
	case m.called != "" && n != 4:
		return errors.New("--called goes with NAME KIND OURS THEIRS")
	case n == 1, n == 4, n == 3 && m.remove:
		return nil
	case n == 3:
		return errors.New("say what it is over there, or --remove")
	}
	return fmt.Errorf("accepts NAME, or NAME KIND OURS THEIRS, received %d", len(args))
}

func (m *mapOptions) run(ctx context.Context, args []string) (err error) {
	c, err := connectExisting(ctx, m.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	switch {
	case m.auto:
		return m.link(ctx, c, args[0])
	case len(args) == 1:
		return m.list(ctx, c, args[0])
	}
	row, err := findLink(ctx, c, args[0], args[1], args[2])
	if err != nil {
		return err
	}
	if m.remove {
		return m.unlink(ctx, c, args[0], row)
	}
	return m.linkTo(ctx, c, args[0], row, args[3])
}

// linkView is something of ours, and what it is linked to, as the API shows it.
type linkView struct {
	Kind       string    `json:"kind"`
	Ours       string    `json:"ours"`
	Name       string    `json:"name"`
	SKU        *string   `json:"sku"`
	PackageTag *string   `json:"package_tag"`
	Link       *linkedTo `json:"link"`
}

// linkedTo is what something of ours is over there.
type linkedTo struct {
	Theirs   *string    `json:"theirs"`
	Name     *string    `json:"name"`
	How      string     `json:"how"`
	LinkedAt *time.Time `json:"linked_at"`
}

// known is what people know it by, besides its name.
func (v *linkView) known() string {
	switch {
	case v.PackageTag != nil:
		return *v.PackageTag
	case v.SKU != nil:
		return *v.SKU
	}
	return v.Ours
}

// readLinks reads all links that a query chooses.
func readLinks(ctx context.Context, c *client, name string, query url.Values) (list []linkView, err error) {
	err = eachPage(ctx, c, posPathOf(name, "links"), query, func(page []linkView) error {
		list = append(list, page...)
		return nil
	})
	return list, err
}

// findLink finds something of ours by its id, SKU or package tag. What is not
// listed is left to the API to refuse.
func findLink(ctx context.Context, c *client, name, kind, ours string) (linkView, error) {
	list, err := readLinks(ctx, c, name, url.Values{"kind": {kind}})
	for _, v := range list {
		if strings.EqualFold(v.Ours, ours) || strings.EqualFold(v.known(), ours) {
			return v, err
		}
	}
	return linkView{Kind: kind, Ours: ours, Name: ours}, err
}

// list shows what is linked and what is not.
func (m *mapOptions) list(ctx context.Context, c *client, name string) error {
	query := url.Values{}
	if m.kind != "" {
		query.Set("kind", m.kind)
	}
	if m.unlinked {
		query.Set("linked", "false")
	}
	list, err := readLinks(ctx, c, name, query)
	if err != nil {
		return err
	}
	if m.asJSON() {
		return m.json(map[string]any{"data": list})
	}
	return m.writeLinks(name, list)
}

func (m *mapOptions) writeLinks(name string, list []linkView) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(m.stdout, "Everything is linked.")
		return err
	}
	table, err := newTable(m.stdout, "text", "kind", "name", "known by", "theirs", "called", "found by")
	unlinked := 0
	for _, v := range list {
		theirs, called, how := any(nil), any(nil), any(nil)
		switch {
		case v.Link == nil:
			unlinked++
		case v.Link.Theirs == nil:
			theirs, how = "left out", v.Link.How
		default:
			theirs, called, how = *v.Link.Theirs, orNone(v.Link.Name), v.Link.How
		}
		err = errors.Join(err, table.Row(v.Kind, v.Name, v.known(), theirs, called, how))
	}
	err = errors.Join(err, table.Close())
	if err == nil && unlinked > 0 {
		_, err = fmt.Fprintf(m.stdout, "\n%d not linked. By itself: shelfd pos map %s --auto. By hand: shelfd pos map %s KIND OURS THEIRS\n", unlinked, name, name)
	}
	return err
}

// link has everything linked that can be.
func (m *mapOptions) link(ctx context.Context, c *client, name string) error {
	var found struct {
		Linked        int64  `json:"linked"`
		Known         int64  `json:"known"`
		Unlinked      int64  `json:"unlinked"`
		UnlinkedThere *int64 `json:"unlinked_there"`
	}
	if err := c.send(ctx, http.MethodPost, posPathOf(name, "map"), nil, nil, &found); err != nil {
		return reached(err)
	}
	if m.asJSON() {
		return m.json(found)
	}
	_, err := fmt.Fprintf(m.stdout, "%d are linked now, %d were before.\n", found.Linked, found.Known)
	if err == nil && (found.Unlinked > 0 || found.UnlinkedThere != nil && *found.UnlinkedThere > 0) {
		_, err = fmt.Fprintf(m.stdout, "%d of ours and %v of theirs are left: shelfd pos map %s --unlinked\n", found.Unlinked, orNone(found.UnlinkedThere), name)
	}
	return err
}

// linkTo links something by hand.
func (m *mapOptions) linkTo(ctx context.Context, c *client, name string, of linkView, theirs string) error {
	body := map[string]string{"theirs": theirs}
	if m.called != "" {
		body["name"] = m.called
	}
	var made linkView
	if err := c.send(ctx, http.MethodPut, posPathOf(name, "links", of.Kind, of.Ours), nil, body, &made); err != nil {
		return err
	}
	if m.asJSON() {
		return m.json(made)
	}
	text := fmt.Sprintf("%s (%s) is left out at %s.", made.Name, made.known(), name)
	if made.Link != nil && made.Link.Theirs != nil {
		text = fmt.Sprintf("%s (%s) is %s at %s.", made.Name, made.known(), *made.Link.Theirs, name)
	}
	_, err := fmt.Fprintln(m.stdout, text)
	return err
}

// unlink takes a link away.
func (m *mapOptions) unlink(ctx context.Context, c *client, name string, of linkView) error {
	if err := c.send(ctx, http.MethodDelete, posPathOf(name, "links", of.Kind, of.Ours), nil, nil, nil); err != nil {
		return err
	}
	if m.asJSON() {
		return m.json(map[string]any{"kind": of.Kind, "ours": of.Ours, "removed": true})
	}
	_, err := fmt.Fprintf(m.stdout, "%s (%s) is not linked at %s any more.\n", of.Name, of.known(), name)
	return err
}
