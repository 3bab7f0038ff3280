package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/install"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// points makes the destinations of the configured points of sale. One whose
// connector cannot be made is left out and logged: a shop sells without it.
func (s *syncing) points(ctx context.Context) (list []syncer.Destination, desk *pos.Desk, err error) {
	var targets []*pos.Target
	for i := range s.config.Sync.POS {
		c := &s.config.Sync.POS[i]
		target, err := s.point(ctx, c)
		if _, fault := errors.AsType[*posError](err); fault {
			s.app.log.Error("a point of sale is left out, because its settings cannot be used", "destination", c.Name, "err", err)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, target)
		list = append(list, syncer.Destination{
			Name: c.Name, Kind: c.Kind, LocationID: s.locationOf(c.Location), Target: target,
			Incremental: orSchedule(c.Incremental, s.config.Sync.Incremental), Full: orSchedule(c.Full, s.config.Sync.Full),
		})
	}
	return list, pos.NewDesk(targets), nil
}

func orSchedule(own, general Schedule) string {
	if own != "" {
		return string(own)
	}
	return string(general)
}

// posError is what is wrong with the settings of a point of sale.
type posError struct{ err error }

func (e *posError) Error() string { return e.err.Error() }

func (e *posError) Unwrap() error { return e.err }

// point makes the target of one point of sale.
func (s *syncing) point(ctx context.Context, c *POSConfig) (*pos.Target, error) {
	kind := kindOf(c.Kind)
	if kind == nil {
		return nil, &posError{fmt.Errorf("there is no connector for %q", c.Kind)}
	}
	settings, err := c.settings()
	if err != nil {
		return nil, &posError{err}
	}
	location := s.locationOf(c.Location)
	if l, ok := s.app.ledger.Location(location); ok {
		inZone(kind, &settings, l.TimeZone)
	}
	connector, err := kind.New(settings, pos.Deps{Clock: s.app.clock, Log: s.app.log, Version: s.version})
	if err != nil {
		return nil, &posError{err}
	}
	config, err := c.target(kind)
	if err != nil {
		return nil, &posError{err}
	}
	config.Location = location
	return pos.New(ctx, config, pos.TargetDeps{
		Ledger: s.app.ledger, Records: s.records, Connector: connector, Clock: s.app.clock, NewID: newID, Log: s.app.log,
	})
}

// optionZone is an option that kinds have which want to know the shop's time
// zone; it is that of the location unless it is set.
const optionZone = "time_zone"

// inZone gives a connector the time zone, where it wants to know and none is
// set.
func inZone(kind *pos.Kind, s *pos.Settings, zone string) {
	wants := slices.ContainsFunc(kind.Options, func(o pos.Option) bool { return o.Name == optionZone })
	if wants && s.Options[optionZone] == "" {
		s.Options[optionZone] = zone
	}
}

func kindOf(name string) *pos.Kind {
	for _, k := range posKinds() {
		if k.Name == name {
			return &k
		}
	}
	return nil
}

// locationOf finds a location by id or name, the only one with ""; the zero ID
// for none.
func (s *syncing) locationOf(text string) store.ID {
	all := s.app.ledger.Locations()
	if text == "" && len(all) == 1 {
		return all[0].ID
	}
	for _, l := range all {
		if l.ID.String() == text || text != "" && strings.EqualFold(l.Name, text) {
			return l.ID
		}
	}
	return store.ID{}
}

// settings are those of the connector.
func (c *POSConfig) settings() (pos.Settings, error) {
	s := pos.Settings{
		Name: c.Name, URL: c.URL, User: string(c.User), Key: string(c.Key), CAFile: string(c.CA), File: string(c.File),
		Options: make(map[string]string, len(c.Options)), Timeout: time.Duration(c.Timeout), PerSecond: float64(c.PerSecond),
	}
	for name, value := range c.Options {
		s.Options[name] = string(value)
	}
	if c.Kind != kindHTTP {
		return s, nil
	}
	if c.File == "" {
		return s, errors.New("file is missing: name a description of the point of sale, such as vendure, or a file of your own")
	}
	var err error
	s.Description, s.File, err = install.POS(string(c.File))
	return s, err
}

// kindHTTP is the kind that a file describes.
const kindHTTP = "http"

// target says how the destination is kept up to date.
func (c *POSConfig) target(kind *pos.Kind) (pos.Config, error) {
	t := pos.Config{
		Name: c.Name, Kind: kind, Books: c.SaleSource == sourcePOS, Catalogue: c.Catalogue, Quantity: c.Quantity,
		PullEvery: time.Duration(c.PullEvery), Overlap: time.Duration(c.Overlap), Grace: time.Duration(c.Grace),
		Rooms: map[store.Room]string{}, Reasons: map[store.Reason]string{},
	}
	t.SellRoom, _ = store.ParseRoom(c.SellRoom)
	for name, theirs := range c.Rooms {
		room, _ := store.ParseRoom(name)
		t.Rooms[room] = theirs
	}
	for name, theirs := range c.Reasons {
		reason, _ := store.ParseReason(name)
		t.Reasons[reason] = theirs
	}
	for _, name := range c.Reports {
		reason, ok := store.ParseReason(name)
		if !ok {
			return t, fmt.Errorf("%q is not a reason code", name)
		}
		t.Reports = append(t.Reports, reason)
	}
	return t, nil
}

// saleSources are the points of sale that book a location's sales, by what
// the configuration calls the location.
func (c Config) saleSources() map[string]string {
	sources := map[string]string{}
	for i := range c.Sync.POS {
		if p := &c.Sync.POS[i]; p.SaleSource == sourcePOS {
			sources[strings.ToLower(p.Location)] = "pos:" + p.Name
		}
	}
	return sources
}
