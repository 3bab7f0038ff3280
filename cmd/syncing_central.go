package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	uplink "github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
	"github.com/shelfd/shelfd/web"
)

// longPoll is how long a request for commands waits at central: a little less
// than what proxies bear.
const longPoll = 50 * time.Second

// newTarget makes the client of the central that the store is enrolled at.
func (s *syncing) newTarget(e enrolment) (*uplink.Client, error) {
	return uplink.New(s.uplinkConfig(e.URL, e.Key), uplink.Deps{
		Clock: s.app.clock, Log: s.app.log, Moved: s.moved,
		Bind: func(ctx context.Context) error { return s.records.Bind(ctx, s.machine) },
	})
}

func (s *syncing) uplinkConfig(url, key string) uplink.Config {
	c := uplink.Config{
		URL: url, Key: key, CAFile: string(s.config.Sync.Central.CA), Version: s.version, Insecure: s.config.InsecureLAN,
	}
	if s.config.Sync.LongPoll {
		c.LongPoll = longPoll
	}
	return c
}

// moved tells whether the data come from another machine and nobody has said
// that this one goes on with them.
func (s *syncing) moved() bool {
	meta, err := s.records.Meta(context.Background())
	return err == nil && meta.Moved
}

// Enrol lets the store send its ledger to a central that made a code for it.
// Codes: invalid_request, unavailable.
func (s *syncing) Enrol(ctx context.Context, url, code, name string) (web.Enrolment, error) {
	if s.config.Sync.Central.URL != "" {
		return web.Enrolment{}, errConfigured
	}
	if _, err := centralURL(url, s.config.InsecureLAN); err != nil {
		return web.Enrolment{}, refusedField("/url", fmt.Sprintf("%s: %s.", url, err))
	}
	meta, err := s.records.Meta(ctx)
	if err != nil {
		return web.Enrolment{}, err
	}
	got, err := uplink.Enrol(ctx, s.uplinkConfig(url, ""), uplink.Deps{Clock: s.app.clock, Log: s.app.log}, wire.Enrolment{
		Code: code, Store: meta.Store, Name: name, Version: s.version,
	})
	if err != nil {
		return web.Enrolment{}, enrolError(url, err)
	}
	made := enrolment{URL: strings.TrimRight(url, "/"), Key: got.Key, Name: got.Name}
	err = s.swap(ctx, func() error { return writeEnrolment(s.app.dir, made) })
	if err == nil {
		// What central said to the old key counts no more.
		err = s.Resume(ctx, centralName)
	}
	return web.Enrolment{URL: made.URL, Name: made.Name}, err
}

// errConfigured refuses to change by command what the configuration says.
var errConfigured = &store.Error{
	Op: "enrol", Code: store.CodeInvalid,
	Message: "The configuration says where central is (sync.central.url); change it there.",
}

func refusedField(pointer, text string) error {
	return &store.Error{Op: "enrol", Code: store.CodeInvalid, Message: text, Details: []store.Detail{
		{Pointer: pointer, Code: store.CodeInvalid, Detail: text},
	}}
}

// enrolError says what central thinks of a code, or that it was not reached.
func enrolError(url string, err error) error {
	text := "Central at " + url + " cannot be reached."
	if f, ok := errors.AsType[*syncer.Failure](err); ok {
		if f.Class == syncer.Pause {
			return refusedField("/code", "Central does not take this code: it is wrong, was used before, or is too old.")
		}
		text = f.Detail
	}
	return &store.Error{Op: "enrol", Code: store.CodeUnavailable, Err: err, Message: text}
}

// Forget ends sending to central. What was known about it goes too: a central
// that the store is enrolled at later is asked what it has. Codes: not_found.
func (s *syncing) Forget(ctx context.Context) error {
	if s.config.Sync.Central.URL != "" {
		return errConfigured
	}
	err := s.swap(ctx, func() error {
		if err := removeEnrolment(s.app.dir); err != nil {
			return err
		}
		return s.records.DeleteDestination(ctx, centralName)
	})
	if errors.Is(err, errNotEnrolled) {
		return errNoCentral
	}
	return err
}

var errNoCentral = &store.Error{Code: store.CodeNotFound, Message: "This store is not enrolled at central; shelfd sync enroll does that."}

// Adopt makes this copy of the data the one that goes on. Nothing is synced
// meanwhile. Codes: not_found, unavailable.
func (s *syncing) Adopt(ctx context.Context) error {
	err := s.swap(ctx, func() error {
		if s.target == nil {
			return errNoCentral
		}
		return s.target.Adopt(ctx, s.app.ledger)
	})
	if err != nil {
		return adoptError(err)
	}
	return s.Resume(ctx, centralName)
}

// adoptError passes on what the ledger said, and tells what central did.
func adoptError(err error) error {
	if store.CodeOf(err) != "" {
		return err
	}
	text := "Central cannot be reached; this copy waits as before."
	if f, ok := errors.AsType[*syncer.Failure](err); ok && f.Detail != "" {
		text = f.Detail
	}
	return &store.Error{Op: "adopt", Code: store.CodeUnavailable, Message: text, Err: err}
}
