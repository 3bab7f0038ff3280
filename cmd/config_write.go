package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
)

// Redacted gives the configuration with its secrets taken out, to be shown.
func (c Config) Redacted() Config {
	c.AdminToken, c.Central.Database = Secret(c.AdminToken.String()), Secret(c.Central.Database.String())
	c.Sync.Central.URL = shownAddress(c.Sync.Central.URL)
	c.Sync.POS = slices.Clone(c.Sync.POS)
	for i := range c.Sync.POS {
		p := &c.Sync.POS[i]
		p.URL = shownAddress(p.URL)
		p.User, p.Key = Secret(p.User.String()), Secret(p.Key.String())
		p.Options = maps.Clone(p.Options)
		for name, value := range p.Options {
			p.Options[name] = Secret(value.String())
		}
	}
	return c
}

// WriteYAML writes every key in the form that loadConfig reads. It writes
// secrets too; see Redacted.
func (c Config) WriteYAML(w io.Writer) error {
	if err := yaml.NewEncoder(w, yaml.Indent(2), yaml.IndentSequence(true)).Encode(c); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
