package metrc

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/shelfd/shelfd/syncer/pos"
)

var statePattern = regexp.MustCompile(`^[a-z]{2}$`)

// options are the settings, read.
type options struct {
	base    *url.URL
	license string
	write   string
	// zone is nil when it is not said.
	zone *time.Location
	// since is zero for lists that are whole.
	since time.Time
}

// readOptions checks the settings; the error is a sentence about them.
func readOptions(s pos.Settings) (o options, err error) {
	o.license = strings.TrimSpace(s.Options[optionLicense])
	switch {
	case s.User == "":
		return o, errors.New("the vendor's key is missing; it is the user")
	case s.Key == "":
		return o, errors.New("the person's key is missing; it is the key")
	case o.license == "":
		return o, errors.New("the license is missing")
	}
	if o.base, err = address(s); err != nil {
		return o, err
	}
	if o.zone, err = zone(s.Options[optionZone]); err != nil {
		return o, err
	}
	if o.since, err = since(s.Options[optionSince]); err != nil {
		return o, err
	}
	o.write, err = write(s.Options[optionWrite], o.zone)
	return o, err
}

// address is that of the settings, or else of the state.
func address(s pos.Settings) (*url.URL, error) {
	if s.URL != "" {
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, errors.New("the address must be one such as https://api-ca.metrc.com")
		}
		return u, nil
	}
	state := strings.ToLower(s.Options[optionState])
	if !statePattern.MatchString(state) {
		return nil, errors.New("the state must be two letters, such as ca")
	}
	host := "api-" + state + ".metrc.com"
	switch s.Options[optionSandbox] {
	case "", "false":
	case "true":
		host = "sandbox-" + host
	default:
		return nil, errors.New("sandbox must be true or false")
	}
	return &url.URL{Scheme: "https", Host: host}, nil
}

// zone is nil when none is named.
func zone(name string) (z *time.Location, err error) {
	if name == "" {
		return nil, err
	}
	z, err = time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%.60q is not a time zone such as America/Los_Angeles", name)
	}
	return z, nil
}

func since(day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Year() < 2010 {
		return t, fmt.Errorf("since is %.60q, and must be a day such as 2024-05-01", day)
	}
	return t, nil
}

func write(mode string, z *time.Location) (string, error) {
	switch mode {
	case "", writeOff:
		return writeOff, nil
	case writeDryRun, writeOn:
		if z == nil {
			return "", errors.New("the time zone is missing; METRC takes the shop's date with an adjustment")
		}
		return mode, nil
	}
	return "", fmt.Errorf("write is %.60q, and must be off, dry_run or on", mode)
}
