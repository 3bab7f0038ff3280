package cmd

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/syncer/pos"
)

// posKind is a kind of point of sale as -o json shows it.
type posKind struct {
	Kind  string `json:"kind"`
	Title string `json:"title"`
	State bool   `json:"state_register"`
	// Capabilities are nil for a kind whose settings decide.
	Capabilities []string    `json:"capabilities"`
	Rate         string      `json:"rate,omitempty"`
	Options      []posOption `json:"options"`
}

// posOption is a setting that a kind has besides the common ones.
type posOption struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Help     string `json:"help"`
}

func posKindOf(k pos.Kind) posKind {
	v := posKind{
		Kind: k.Name, Title: k.Title, State: k.Capabilities.State, Capabilities: k.Capabilities.Names(), Rate: k.Capabilities.Rate,
		Options: []posOption{},
	}
	for _, option := range k.Options {
		v.Options = append(v.Options, posOption(option))
	}
	return v
}

// showPOSKinds lists the kinds of points of sale, and their settings.
func (o *rootOptions) showPOSKinds(kinds []pos.Kind) error {
	list := make([]posKind, len(kinds))
	for i := range kinds {
		list[i] = posKindOf(kinds[i])
	}
	if o.asJSON() {
		return o.json(map[string]any{"data": list})
	}
	table, err := newTable(o.stdout, "text", "kind", "name", "can do", "how often")
	if err != nil {
		return err
	}
	for i := range list {
		k := &list[i]
		err = errors.Join(err, table.Row(k.Kind, k.Title, cmp.Or(canDo(k.Capabilities), "what its settings say"), k.Rate))
	}
	err = errors.Join(err, table.Close())
	for i := range list {
		err = errors.Join(err, o.writePOSOptions(&list[i]))
	}
	return err
}

func (o *rootOptions) writePOSOptions(k *posKind) (err error) {
	if len(k.Options) > 0 {
		_, err = fmt.Fprintf(o.stdout, "\nSettings of %s:\n", k.Kind)
	}
	for _, option := range k.Options {
		needed := ""
		if option.Required {
			needed = " (required)"
		}
		_, e := fmt.Fprintf(o.stdout, "  %s%s: %s\n", option.Name, needed, option.Help)
		err = errors.Join(err, e)
	}
	return err
}
