package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store/sqlite"
)

// maxPart bounds one file of a bundle, in bytes.
const maxPart = 4 << 20

// systemPart tells of the machine without naming it.
func (d *doctor) systemPart(context.Context) ([]byte, error) {
	zone, offset := d.clock.Wall().Local().Zone()
	facts := map[string]any{
		"system": d.build.System, "processors": runtime.NumCPU(), "time": d.clock.Wall().UTC().Format(time.RFC3339),
		"zone": zone, "zone_seconds": offset, "disk": diskKind(existing(d.dir)),
	}
	if free, err := sqlite.FreeBytes(existing(d.dir)); err == nil {
		facts["free_bytes"] = free
	}
	// freedesktop.org, os-release(5).
	if release, err := readAtMost("/etc/os-release", 64<<10); err == nil {
		for line := range strings.Lines(string(release)) {
			if name, found := strings.CutPrefix(line, "PRETTY_NAME="); found {
				facts["release"] = strings.Trim(strings.TrimSpace(name), `"`)
			}
		}
	}
	return json.MarshalIndent(facts, "", "  ")
}

var errNoServer = errors.New("no server runs")

// answerPart is what the running server answers.
func (d *doctor) answerPart(path string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		if d.server == nil {
			return nil, errNoServer
		}
		answer, err := d.server.do(ctx, http.MethodGet, path, nil, nil, "*/*")
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		return io.ReadAll(io.LimitReader(answer.Body, maxPart))
	}
}

// logLines is how many lines of the log a bundle has.
const logLines = 2000

var errNoLog = errors.New("there is no log file, and no service that writes one")

// logPart gives the newest lines of the log file, or of what the service of
// this machine wrote.
func (d *doctor) logPart(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, networkPatience)
	defer cancel()
	text := new(bytes.Buffer)
	var err error
	if file := d.config.Log.File; file != "" {
		err = (&logTail{path: string(file), out: text}).show(ctx, logLines, false)
	} else {
		text, err = d.serviceOptions().newest(ctx, logLines)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", errNoLog, err)
	case text.Len() == 0:
		return nil, errNoLog
	}
	out := text.Bytes()
	return out[max(0, len(out)-maxPart):], nil
}
