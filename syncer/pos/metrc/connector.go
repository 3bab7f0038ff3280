package metrc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

const pathFacilities = "/facilities/v2/"

// connector speaks to METRC for one license.
type connector struct {
	options
	name   string
	client *pos.Client
	clock  store.Clock
	log    *slog.Logger
	// secrets takes the keys out of a text.
	secrets *strings.Replacer
	known   known
	sent    memory
}

// New makes a connector to METRC; it reaches nothing. The error is a sentence
// about the settings.
func New(s pos.Settings, d pos.Deps) (pos.Connector, error) {
	o, err := readOptions(s)
	if err != nil {
		return nil, err
	}
	if s.PerSecond == 0 {
		s.PerSecond = perSecond
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	client, err := pos.NewClient(pos.ClientConfig{
		POS: title, Base: o.base, CAFile: s.CAFile, Timeout: s.Timeout,
		PerSecond: s.PerSecond, Burst: int(math.Ceil(s.PerSecond)),
		Authorize: func(r *http.Request) { r.SetBasicAuth(s.User, s.Key) },
		Version:   d.Version, Clock: d.Clock, Log: d.Log,
	})
	if err != nil {
		return nil, err
	}
	both := base64.StdEncoding.EncodeToString([]byte(s.User + ":" + s.Key))
	return &connector{
		options: o, name: s.Name, client: client, clock: d.Clock, log: d.Log,
		secrets: strings.NewReplacer(both, "…", s.User, "…", s.Key, "…"),
	}, nil
}

// Capabilities say what METRC can do.
func (c *connector) Capabilities() pos.Capabilities { return capabilities }

// facility is a license that a key may speak for.
type facility struct {
	Name, DisplayName string
	License           struct{ Number string }
}

// Check makes sure that the keys may speak for the license. A Failure with
// CodeLicense says that they may not.
func (c *connector) Check(ctx context.Context) (pos.Identity, error) {
	// The one question without a license: it is about which there are.
	l, err := c.list(ctx, pos.Call{Method: http.MethodGet, Path: pathFacilities})
	if err != nil {
		return pos.Identity{}, err
	}
	for _, raw := range l.Data {
		var f facility
		if problem := decodeRow(raw, &f); problem != "" || !strings.EqualFold(f.License.Number, c.license) {
			continue
		}
		name := f.DisplayName
		if name == "" {
			name = f.Name
		}
		return pos.Identity{Name: name, Time: c.client.Time()}, nil
	}
	return pos.Identity{}, &syncer.Failure{
		Class: syncer.Pause, Code: CodeLicense,
		Detail: fmt.Sprintf("METRC does not let these keys speak for the license %s. Correct the license or the keys.", c.license),
	}
}

// query adds the license to what is asked.
func (c *connector) query(q url.Values) string {
	all := url.Values{"licenseNumber": {c.license}}
	for name, values := range q {
		all[name] = values
	}
	// METRC takes a plus sign for a space. One that is meant goes as %2B, and
	// a space as %20, so that neither is taken for the other.
	return strings.ReplaceAll(all.Encode(), "+", "%20")
}

// do sends a request. No Failure that it gives holds a key, whatever the
// answer said.
func (c *connector) do(ctx context.Context, r pos.Request) (*pos.Answer, error) {
	a, err := c.client.Do(ctx, r)
	if f, ok := errors.AsType[*syncer.Failure](err); ok {
		f.Detail = c.secrets.Replace(f.Detail)
	}
	return a, err
}

// one asks for one thing by its path; found is false when METRC has none.
func (c *connector) one(ctx context.Context, path string) (raw object, found bool, err error) {
	a, err := c.do(ctx, pos.Request{
		Call:   pos.Call{Method: http.MethodGet, Path: path, Query: c.query(nil)},
		Accept: func(status int) bool { return status == http.StatusNotFound },
	})
	if err != nil || a.Status == http.StatusNotFound {
		return nil, false, err
	}
	raw, err = readObject(a)
	return raw, err == nil, err
}
