package cmd

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

func newConfigCommand(o *rootOptions) *cobra.Command {
	var origins bool
	check := &cobra.Command{
		Use: "check", Short: "Name everything that is wrong with the configuration", Args: cobra.NoArgs,
		Long: "Reads file, variables and flags as a start would, and names every fault with its place." + exitStatus(exitConfig),
		RunE: func(*cobra.Command, []string) error { return o.checkConfig() },
	}
	show := &cobra.Command{
		Use: "show", Short: "Show what is in force", Args: cobra.NoArgs,
		Long: "Writes every key with the value in force, as a configuration file. Secrets are taken out." + exitStatus(exitConfig),
		RunE: func(*cobra.Command, []string) error { return o.showConfig(origins) },
	}
	show.Flags().BoolVar(&origins, "origins", false, "a line for each key, with the place that sets it")
	return newParent("config", "Check and show the configuration", check, show)
}

func (o *rootOptions) checkConfig() error {
	if err := o.load(); err != nil {
		return err
	}
	path, _ := configPath(o.configPath, o.env)
	if _, err := os.Stat(path); err != nil {
		path = ""
	}
	if o.asJSON() {
		return o.json(map[string]any{"ok": true, "file": path})
	}
	_, err := fmt.Fprintf(o.stdout, "The configuration is good (%s).\n", cmp.Or(path, "there is no file; defaults hold"))
	return err
}

func (o *rootOptions) showConfig(origins bool) error {
	if err := o.load(); err != nil {
		return err
	}
	shown := o.config.Redacted()
	switch {
	case o.asJSON():
		return o.showConfigJSON(&shown)
	case origins:
		return o.showOrigins(&shown)
	}
	return shown.WriteYAML(o.stdout)
}

// showConfigJSON writes what the file would hold, and for each key that
// somebody set the place.
func (o *rootOptions) showConfigJSON(c *Config) error {
	var text bytes.Buffer
	if err := c.WriteYAML(&text); err != nil {
		return err
	}
	config, err := yaml.YAMLToJSON(text.Bytes())
	if err != nil {
		return err
	}
	places := map[string]string{}
	for key := range keysOf(c) {
		if at, set := o.origins[key]; set {
			places[key] = at.String()
		}
	}
	return o.json(struct {
		Config  json.RawMessage   `json:"config"`
		Origins map[string]string `json:"origins"`
	}{config, places})
}

func (o *rootOptions) showOrigins(c *Config) error {
	table, err := newTable(o.stdout, "text", "key", "value", "origin")
	if err != nil {
		return err
	}
	for key, v := range keysOf(c) {
		value := fmt.Sprint(v.Interface())
		if v.Kind() == reflect.Slice {
			value = fmt.Sprintf("%d entries", v.Len())
		}
		err = errors.Join(err, table.Row(key, value, cmp.Or(o.origins[key].String(), "default")))
	}
	return errors.Join(err, table.Close())
}
