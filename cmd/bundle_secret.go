package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// secrets are texts that must not leave this machine, the longest first.
// Nothing that has them is put into a bundle to begin with; this is the second
// lock, for messages of other programs that repeat what they were given.
type secrets []string

// shortSecret is too short to be taken out: half of every text would go.
const shortSecret = 6

// secrets gathers what the configuration, the variables and the key files hold.
func (d *doctor) secrets() secrets {
	var s secrets
	c := &d.config
	s.add(string(c.AdminToken), string(c.Central.Database), c.MachineID, d.enrolled.Key)
	s.addAddress(c.Sync.Central.URL)
	s.addAddress(d.enrolled.URL)
	if u, err := url.Parse(string(c.Central.Database)); err == nil && u.User != nil {
		password, _ := u.User.Password()
		s.add(password)
	}
	for i := range c.Sync.POS {
		p := &c.Sync.POS[i]
		s.add(string(p.User), string(p.Key))
		s.addAddress(p.URL)
		for _, option := range p.Options {
			s.add(string(option))
		}
	}
	if running, err := readControl(d.dir); err == nil {
		s.add(running.Token)
	}
	for _, name := range []string{sealFile, keyFile} {
		if data, err := os.ReadFile(filepath.Join(d.dir, name)); err == nil {
			s.add(strings.Fields(string(data))...)
		}
	}
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(s)
}

// add takes texts with the forms that they travel in.
func (s *secrets) add(texts ...string) {
	for _, t := range texts {
		if len(t) < shortSecret {
			continue
		}
		*s = append(*s, t, url.QueryEscape(t), url.PathEscape(t), hex.EncodeToString([]byte(t)), base64.StdEncoding.EncodeToString([]byte(t)))
	}
}

// addAddress takes the secret parts of an address.
func (s *secrets) addAddress(text string) {
	u, err := url.Parse(text)
	if err != nil {
		s.add(text)
		return
	}
	if u.User != nil {
		password, _ := u.User.Password()
		s.add(u.User.Username(), password)
	}
	for _, values := range u.Query() {
		s.add(values...)
	}
	s.add(u.Fragment)
}

// remove gives a text without them.
func (s secrets) remove(text []byte) []byte {
	for _, secret := range s {
		text = bytes.ReplaceAll(text, []byte(secret), []byte(redacted))
	}
	return text
}
