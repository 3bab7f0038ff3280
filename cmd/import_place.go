package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const locationsPath = "/api/v1/locations"

// importPlace is the location that an import goes to.
type importPlace struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	TimeZone string `json:"timezone"`
	// Opened: there was none, and the import opens it.
	Opened bool `json:"opened"`
}

// findPlace finds the location by id or name. One that is not there is given
// without an id.
func (m *importer) findPlace(ctx context.Context) (importPlace, error) {
	list, err := listPlaces(ctx, m.client)
	if err != nil {
		return importPlace{}, err
	}
	wanted := strings.TrimSpace(m.o.location)
	if wanted == "" {
		return onlyPlace(list)
	}
	var named []importPlace
	for _, p := range list {
		if p.ID == wanted {
			return p, nil
		}
		if strings.EqualFold(p.Name, wanted) {
			named = append(named, p)
		}
	}
	switch len(named) {
	case 0:
		return importPlace{Name: wanted, Opened: true}, nil
	case 1:
		return named[0], nil
	}
	return importPlace{}, withExit(exitUsage, fmt.Errorf("there are %d locations %q; name one by its id", len(named), wanted))
}

func onlyPlace(list []importPlace) (importPlace, error) {
	switch len(list) {
	case 0:
		return importPlace{}, withExit(exitUsage, errors.New("there is no location yet; say what yours is called with --location, and it is opened"))
	case 1:
		return list[0], nil
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	return importPlace{}, withExit(exitUsage, fmt.Errorf("say which location with --location: %s", strings.Join(names, ", ")))
}

// listPlaces lists the locations.
func listPlaces(ctx context.Context, c *client) (all []importPlace, err error) {
	err = pages(ctx, c, locationsPath, nil, func(r apiRow) error {
		all = append(all, importPlace{ID: r.text("id"), Name: r.text("name"), TimeZone: r.text("timezone")})
		return nil
	})
	return all, err
}

// openPlace opens the location, or only checks whether it could.
func (m *importer) openPlace(ctx context.Context, dryRun bool) error {
	zone, err := m.o.zone()
	if err != nil {
		return err
	}
	body := map[string]string{"name": m.report.Location.Name, "timezone": zone, "currency": m.o.currency}
	var made importPlace
	err = m.client.send(ctx, http.MethodPost, locationsPath, dry(dryRun), body, &made)
	m.report.Location.TimeZone = zone
	if err == nil && !dryRun {
		m.report.Location.ID = made.ID
	}
	return err
}

// closePlace takes back a location that was opened in vain.
func (m *importer) closePlace(ctx context.Context) error {
	return m.client.send(ctx, http.MethodPost, locationsPath+"/"+m.report.Location.ID+"/archive", nil, nil, nil)
}

func dry(on bool) url.Values {
	if !on {
		return nil
	}
	return url.Values{"dry_run": {"true"}}
}

// zone is the time zone for a new location: that of the flag, or the
// machine's.
func (i *importOptions) zone() (string, error) {
	if i.timezone != "" {
		return i.timezone, nil
	}
	for _, kv := range i.env {
		if zone, ok := strings.CutPrefix(kv, "TZ="); ok && isZone(zone) {
			return zone, nil
		}
	}
	// The usual link into the zone database, such as
	// /usr/share/zoneinfo/America/Chicago.
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		if _, zone, ok := strings.Cut(target, "zoneinfo/"); ok && isZone(zone) {
			return zone, nil
		}
	}
	return "", withExit(exitUsage, fmt.Errorf("%q is a new location, and this machine does not say in which time zone it stands; add --timezone, such as --timezone America/Chicago", i.location))
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "" && name != "Local"
}
