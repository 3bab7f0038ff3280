package cmd

import (
	"crypto/x509"
	"errors"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/syncer"
)

// Schedule is a cron expression of five fields; empty for never.
type Schedule string

// UnmarshalText checks and keeps the text.
func (s *Schedule) UnmarshalText(text []byte) error {
	if err := syncer.CheckSchedule(string(text)); err != nil {
		return errors.New(`must be a cron expression such as "30 2 * * *" (02:30 every day), or "" for never`)
	}
	*s = Schedule(text)
	return nil
}

func (s SyncConfig) check(errs *keyErrors, insecure bool) {
	s.Central.check(errs, insecure)
	checkRange(errs, "sync.first_contact", s.FirstContact, 0, Duration(time.Hour))
	checkPOS(errs, s.POS, insecure)
}

func (c SyncCentralConfig) check(errs *keyErrors, insecure bool) {
	switch {
	case c.URL == "" && c.KeyFile != "":
		errs.add("sync.central.url", "is missing while sync.central.key_file is set; say where central is too")
	case c.URL != "" && c.KeyFile == "":
		errs.add("sync.central.key_file", "is missing while sync.central.url is set; name the file of the store's key, or leave both out and use shelfd sync enroll")
	case c.URL != "":
		if _, err := centralURL(c.URL, insecure); err != nil {
			errs.add("sync.central.url", "is %q; %s", shownAddress(c.URL), err)
		}
	}
	if c.CA != "" {
		if err := checkAuthorities(c.CA); err != nil {
			errs.add("sync.central.ca", "cannot be used: %s", err)
		}
	}
}

// centralURL checks where a store sends its key and its ledger.
func centralURL(text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http",
		u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("must be an address such as https://central.example")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return nil, errors.New("would send the store's key and its ledger without encryption; use https, or set insecure_lan: true to accept that")
	}
	return u, nil
}

// maxCAFile is room for every authority that a system knows, in bytes.
const maxCAFile = 1 << 20

// checkAuthorities reads a PEM file of certificates.
func checkAuthorities(file Path) error {
	pem, err := readAtMost(string(file), maxCAFile)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("it holds no certificate; must be a PEM file")
	}
	return err
}

func (c CentralConfig) check(errs *keyErrors) {
	checkRange(errs, "central.max_connections", plainInt(c.MaxConnections), 2, 1000)
	checkRange(errs, "central.in_flight", plainInt(c.InFlight), 1, 100_000)
	if c.Database == "" {
		return
	}
	if err := central.CheckDatabase(string(c.Database)); err != nil {
		errs.add("central.database", "must be a PostgreSQL address such as postgres://shelfd@localhost/shelfd or host=/run/postgresql dbname=shelfd")
	}
}
