package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/syncer/pos"
)

// Kind is any point of sale with an HTTP API, described by a file.
var Kind = pos.Kind{Name: "http", Title: "any POS over HTTP", New: New}

// maxFile bounds a description, in bytes.
const maxFile = 1 << 20

// New makes a connector of the description in the settings. It reaches
// nothing. The error is a *DescriptionError when the description is at fault.
func New(s pos.Settings, d pos.Deps) (pos.Connector, error) {
	if len(s.Description) == 0 {
		return nil, errors.New("a point of sale of the kind http needs a file that describes it")
	}
	p, err := load(s.File, s.Description)
	if err != nil {
		return nil, err
	}
	options, err := p.settle(&s)
	if err != nil {
		return nil, err
	}
	base, err := p.base(s.URL)
	if err != nil {
		return nil, err
	}
	client, err := pos.NewClient(p.clientConfig(base, s, d))
	if err != nil {
		return nil, err
	}
	return newConnector(p, client, s, options), nil
}

// load checks and compiles a description.
func load(file string, text []byte) (*program, error) {
	f := &faults{file: cmp.Or(file, "description")}
	if len(text) > maxFile {
		f.add(place{}, "", "is larger than %d bytes", maxFile)
		return nil, f.err()
	}
	d := read(f, text)
	d.Title = cmp.Or(d.Title, d.Name)
	p := compile(f, d)
	return p, f.err()
}

// settle checks the settings against what the file wants, and gives its
// options with their defaults.
func (p *program) settle(s *pos.Settings) (options map[string]string, err error) {
	options = map[string]string{}
	for name, o := range p.Options {
		value, given := s.Options[name]
		if !given && o.Default != nil {
			value = o.Default.text
		}
		if o.Required && value == "" {
			err = errors.Join(err, fmt.Errorf("%s needs the option %s: %s", p.Title, name, o.Help))
		}
		options[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		if _, known := p.Options[name]; !known {
			err = errors.Join(err, fmt.Errorf("%s has no option %s; there are %s", p.Title, name, p.optionNames()))
		}
	}
	for _, name := range p.auth.needs {
		if name == "key" && s.Key == "" || name == "user" && s.User == "" {
			err = errors.Join(err, fmt.Errorf("%s needs a %s", p.Title, name))
		}
	}
	return options, err
}

func (p *program) optionNames() string {
	return cmp.Or(strings.Join(slices.Sorted(maps.Keys(p.Options)), ", "), "none")
}

// base is the address that paths are below: the configured one, or the file's.
func (p *program) base(configured string) (*url.URL, error) {
	address := cmp.Or(configured, p.URL)
	u, err := url.Parse(address)
	switch {
	case address == "":
		return nil, fmt.Errorf("%s needs a url: where it is", p.Title)
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("the url of %s must be an address such as https://pos.example/api", p.Title)
	}
	return u, nil
}

func (p *program) clientConfig(base *url.URL, s pos.Settings, d pos.Deps) pos.ClientConfig {
	c := pos.ClientConfig{
		POS: p.Title, Base: base, CAFile: s.CAFile, PerSecond: p.Rate.perSecond(), Burst: p.Burst,
		Timeout: p.Timeout, Version: d.Version, Clock: d.Clock, Log: d.Log,
	}
	if s.PerSecond > 0 {
		c.PerSecond = s.PerSecond
	}
	if s.Timeout > 0 {
		c.Timeout = s.Timeout
	}
	return c
}
