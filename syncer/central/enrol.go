package central

import (
	"context"
	"net/http"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Enrol trades a one-time code for the key that Config.Key wants. The Key of
// cfg is not used. Errors are *syncer.Failure.
func Enrol(ctx context.Context, cfg Config, deps Deps, e wire.Enrolment) (wire.Enrolled, error) {
	cfg.Key = ""
	c, err := New(cfg, deps)
	if err != nil {
		return wire.Enrolled{}, err
	}
	defer c.http.CloseIdleConnections()
	e.Version = cfg.Version
	var enrolled wire.Enrolled
	if err := c.exchange(ctx, &request{method: http.MethodPost, path: wire.PathEnroll, message: &e}, &enrolled); err != nil {
		return wire.Enrolled{}, err
	}
	if enrolled.Key == "" {
		return wire.Enrolled{}, &syncer.Failure{Class: syncer.Alarm, Code: CodeNotCentral, Detail: "Central gave no key."}
	}
	return enrolled, nil
}
