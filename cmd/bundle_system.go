package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
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

var errNoLog = errors.New("there is no log file, and no journal of a service shelfd")

// logPart gives the newest lines of the log file, or of the system's journal.
func (d *doctor) logPart(ctx context.Context) ([]byte, error) {
	if file := logFileOf(d.config); file != "" {
		return lastLines(file)
	}
	ctx, cancel := context.WithTimeout(ctx, networkPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "journalctl", "--unit=shelfd", "--lines=2000", "--no-pager", "--quiet", "--output=short-iso").Output()
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		return nil, errNoLog
	}
	return out[max(0, len(out)-maxPart):], nil
}

// logFileOf gives the file that the log is written to, "" for none.
func logFileOf(Config) string { return "" }

// lastLines reads the end of a file that is being written.
func lastLines(path string) ([]byte, error) {
	f, err := openEnd(path, maxPart)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPart))
	lines := bytes.SplitAfter(data, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-logLines):], nil), err
}

// openEnd opens a file at its last limit bytes.
func openEnd(path string, limit int64) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Seek(max(0, info.Size()-limit), io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
