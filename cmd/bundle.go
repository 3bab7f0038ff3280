package cmd

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bundlePart is one file of a support bundle. What is for manifest.txt, and
// says in plain words what is in it.
type bundlePart struct {
	name, what string
	make       func(context.Context) ([]byte, error)
}

// parts lists what a bundle holds. Each is made by itself: what cannot be made
// is noted and the rest goes on.
func (d *doctor) parts(r doctorReport) []bundlePart {
	return []bundlePart{
		{"report.txt", "what doctor found, as it is shown", func(context.Context) ([]byte, error) { return reportText(r) }},
		{"report.json", "the same for programs", asPart(r)},
		{"version.json", "which program this is", asPart(d.build)},
		{"system.json", "the operating system, the processors and the time", d.systemPart},
		{"config.yaml", "the configuration in force; keys, passwords and what is secret in addresses are taken out", d.configPart},
		{"settings.txt", "where each setting comes from, and the names (not the values) of SHELFD_ variables", d.settingsPart},
		{"files.json", "the files in the data directory: name, size, rights, time; not what is in them", d.filesPart},
		{"schema.sql", "the tables of the database, without rows", d.schemaPart},
		{"counts.json", "how many rows each table has", d.countsPart},
		{"heads.json", "the position and the hash of the newest entry, and of the last saved heads", d.headsPart},
		{"destinations.json", "how far central, points of sale and webhooks are, and why the last attempt failed; addresses without paths", d.destinationsPart},
		{"runs.json", "the last runs of syncing: when, how many entries, with what result", d.runsPart},
		{"health.json", "what the running server says of itself", d.answerPart("/healthz")},
		{"metrics.txt", "the counters of the running server", d.answerPart("/metrics")},
		{"log.txt", "the last lines of the log", d.logPart},
	}
}

// bundleHead is the beginning of manifest.txt.
const bundleHead = `This is a support bundle of shelfd %s, made at %s by
"shelfd doctor --bundle". Every file in it is plain text: look before you send it.

What is never in it: tokens and their hashes, keys (seal.key, ledger.key, those of
central, points of sale and webhooks), passwords, notes, customers, prices, costs,
products, and single movements of stock.

Files:
`

// writeBundle writes the zip: the whole of it or nothing, and nothing that is
// there already.
func (d *doctor) writeBundle(ctx context.Context, path string, r doctorReport) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return withExit(exitRefused, fmt.Errorf("%s is there already; name a new file", path))
	}
	if err := d.spareData(path); err != nil {
		return err
	}
	data, err := d.bundle(ctx, r)
	if err != nil {
		return err
	}
	if err := writePrivate(path, data); err != nil {
		return bundleError(path, err)
	}
	if d.asJSON() {
		return nil
	}
	_, err = fmt.Fprintf(d.stderr, "%s is written (%s). Look into its manifest.txt, then send it.\n", path, bytesText(int64(len(data))))
	return err
}

// bundle makes the zip.
func (d *doctor) bundle(ctx context.Context, r doctorReport) ([]byte, error) {
	var out, manifest bytes.Buffer
	secrets, zipped, at := d.secrets(), zip.NewWriter(&out), d.clock.Wall().UTC()
	write := func(name string, text []byte) error {
		w, err := zipped.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, err = w.Write(secrets.remove(text))
		}
		return err
	}
	fmt.Fprintf(&manifest, bundleHead, d.version, at.Format(time.RFC3339))
	for _, p := range d.parts(r) {
		text, err := p.make(ctx)
		if err != nil {
			fmt.Fprintf(&manifest, "  %-18s is missing: %s\n", p.name, strings.Join(sentencesOf(err), " "))
			continue
		}
		fmt.Fprintf(&manifest, "  %-18s %s (%s)\n", p.name, p.what, bytesText(int64(len(text))))
		if err := write(p.name, text); err != nil {
			return nil, err
		}
	}
	err := errors.Join(write("manifest.txt", manifest.Bytes()), zipped.Close())
	return out.Bytes(), err
}

func reportText(r doctorReport) ([]byte, error) {
	var b bytes.Buffer
	err := r.writeText(&b, false)
	fmt.Fprintln(&b, r.Verdict)
	return b.Bytes(), err
}

func asPart(v any) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return json.MarshalIndent(v, "", "  ") }
}

// configPart is the configuration without its secrets, and what is wrong with it.
func (d *doctor) configPart(context.Context) ([]byte, error) {
	var b bytes.Buffer
	if d.fault != nil {
		for _, e := range joined(d.fault) {
			fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(e.Error(), "\n", "\n# "))
		}
	}
	shown := d.config.Redacted()
	if shown.MachineID != "" {
		shown.MachineID = redacted
	}
	err := shown.WriteYAML(&b)
	return b.Bytes(), err
}

func (d *doctor) settingsPart(context.Context) ([]byte, error) {
	var b bytes.Buffer
	for key := range keysOf(&d.config) {
		if at, set := d.origins[key]; set {
			fmt.Fprintf(&b, "%s: %s\n", key, at)
		}
	}
	for _, v := range d.env {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "SHELFD_") {
			fmt.Fprintf(&b, "variable %s\n", name)
		}
	}
	return b.Bytes(), nil
}

// bundleFile is a file in the data directory, without what is in it.
type bundleFile struct {
	Name     string    `json:"name"`
	Bytes    int64     `json:"bytes"`
	Mode     string    `json:"mode"`
	Modified time.Time `json:"modified"`
}

func (d *doctor) filesPart(context.Context) ([]byte, error) {
	var list []bundleFile
	entries, err := os.ReadDir(d.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			list = append(list, bundleFile{filepath.Base(e.Name()), info.Size(), info.Mode().String(), info.ModTime().UTC()})
		}
	}
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(list, "", "  ")
}
