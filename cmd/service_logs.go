package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (s *serviceOptions) logsCommand() *cobra.Command {
	c := s.command("logs", "Show what the service writes about itself", s.showLogs, exitNotFound, exitNoAccess)
	c.Long = "Shows the last lines of the journal, or of the log file where there is no journal." + exitStatus(exitNotFound, exitNoAccess)
	c.Flags().IntVarP(&s.lines, "lines", "n", 100, "how many `lines` to begin with")
	c.Flags().BoolVarP(&s.follow, "follow", "f", false, "go on with what comes, until Ctrl-C")
	return c
}

// showLogs shows the end of the log.
func (s *serviceOptions) showLogs(ctx context.Context) error {
	if s.lines < 0 {
		return withExit(exitUsage, errors.New("-n must be 0 or more"))
	}
	u, err := s.installedUnit()
	if err != nil {
		return err
	}
	file := s.logPath(u)
	if file == "" {
		return s.showJournal(ctx)
	}
	return (&logTail{path: file, out: s.stdout, wait: func() <-chan time.Time { return s.clock.After(tailEvery) }}).show(ctx, s.lines, s.follow)
}

// logPath is the file that the service writes its log to, "" for the journal. A
// configuration that cannot be used is in the log that it would have by default.
func (s *serviceOptions) logPath(u *unit) string {
	if s.loadService(u.Args) == nil && s.config.Log.File != "" {
		return string(s.config.Log.File)
	}
	for i, a := range u.Args[:max(0, len(u.Args)-1)] {
		if a == "--log-file" {
			return u.Args[i+1]
		}
	}
	return ""
}

// readJournal makes the call of journalctl for the service.
func (s *serviceOptions) readJournal(ctx context.Context, args ...string) *exec.Cmd {
	unit := "--unit=" + serviceName
	if s.user {
		unit = "--user-unit=" + serviceName
	}
	return exec.CommandContext(ctx, "journalctl", append([]string{"--no-pager", "--quiet", unit}, args...)...)
}

func (s *serviceOptions) showJournal(ctx context.Context) error {
	args := []string{"--lines=" + strconv.Itoa(s.lines)}
	if s.follow {
		args = append(args, "--follow")
	}
	c := s.readJournal(ctx, args...)
	c.Stdout, c.Stderr = s.stdout, s.stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	err := c.Run()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // Ctrl-C is how following ends.
	}
	if err != nil {
		return withExit(exitNoAccess, fmt.Errorf("journalctl: %w; reading the journal may need %s", err, howAdmin))
	}
	return nil
}

// tailEvery is how often a file is looked at while it is followed.
const tailEvery = 300 * time.Millisecond

// logTail shows the end of a log file, and follows it when it is put aside.
type logTail struct {
	path string
	out  io.Writer
	wait func() <-chan time.Time
}

func (l *logTail) show(ctx context.Context, lines int, follow bool) error {
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) && !follow {
		return withExit(exitNotFound, fmt.Errorf("there is no log yet at %s", l.path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return withExit(exitNoAccess, fmt.Errorf("the log cannot be read: %w", err))
	}
	if f != nil {
		if err := l.last(f, lines); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	for follow {
		select {
		case <-ctx.Done():
			follow = false
		case <-l.wait():
			if f, err = l.more(f); err != nil {
				return err
			}
		}
	}
	if f != nil {
		return f.Close()
	}
	return nil
}

// last writes the last lines of a file, from this one and those before it, and
// leaves it at its end.
func (l *logTail) last(f *os.File, lines int) error {
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	for n := 1; bytes.Count(text, []byte{'\n'}) < lines; n++ {
		before, err := os.ReadFile(rotatedName(l.path, n))
		if err != nil {
			break
		}
		text = append(before, text...)
	}
	all := bytes.SplitAfter(text, []byte{'\n'})
	if n := len(all); n > 0 && len(all[n-1]) == 0 {
		all = all[:n-1]
	}
	_, err = l.out.Write(bytes.Join(all[max(0, len(all)-lines):], nil))
	return err
}

// more writes what has come, and goes on in the files after this one when it was
// put aside.
func (l *logTail) more(f *os.File) (*os.File, error) {
	if f != nil {
		if _, err := io.Copy(l.out, f); err != nil {
			return f, err
		}
	}
	n := l.place(f)
	if f != nil && n > 0 {
		// What came before it was put aside.
		if _, err := io.Copy(l.out, f); err != nil {
			return f, err
		}
		_ = f.Close()
	}
	for n--; n >= 0; n-- {
		next, err := os.Open(rotatedName(l.path, n))
		if err != nil {
			return nil, nil //nolint:nilerr // It comes with the next line.
		}
		if _, err := io.Copy(l.out, next); err != nil || n == 0 {
			return next, err
		}
		_ = next.Close()
	}
	return f, nil
}

// place tells how often a file was put aside since: 0 for the newest one. Without
// a file it is one more than there are.
func (l *logTail) place(f *os.File) int {
	var was os.FileInfo
	if f != nil {
		var err error
		if was, err = f.Stat(); err != nil {
			return 0
		}
	}
	for n := 0; ; n++ {
		info, err := os.Stat(rotatedName(l.path, n))
		switch {
		case err != nil && n == 0 && f != nil:
			return 0 // between two files there is none for a moment
		case err != nil && f != nil:
			return 1 // it was forgotten; the newest is what there is to go on with
		case err != nil:
			return n
		case was != nil && os.SameFile(info, was):
			return n
		}
	}
}

// lastLines are looked through for an error.
const lastLines = 50

// lastError gives the newest error in the log, "" when there is none or it
// cannot be read.
func (s *serviceOptions) lastError(ctx context.Context) string {
	u, err := s.installedUnit()
	if err != nil {
		return ""
	}
	var text bytes.Buffer
	if path := s.logPath(u); path == "" {
		c := s.readJournal(ctx, "--output=cat", "--lines="+strconv.Itoa(lastLines))
		c.Stdout = &text
		if c.Run() != nil {
			return ""
		}
	} else if (&logTail{path: path, out: &text}).show(ctx, lastLines, false) != nil {
		return ""
	}
	last := ""
	for lines := bufio.NewScanner(&text); lines.Scan(); {
		if found := errorOf(lines.Text()); found != "" || servingLine.MatchString(lines.Text()) {
			last = found
		}
	}
	return last
}

// servingLine is what the log says of a good start, after which older errors are
// no reason any more.
var servingLine = regexp.MustCompile(`msg=serving\b|"msg":"serving"`)

var errAttribute = regexp.MustCompile(`level=ERROR .*?\berr=("(?:[^"\\]|\\.)*"|\S+)`)

// errorOf gives the error that a line of the log tells, "" for none.
func errorOf(line string) string {
	if text, ok := strings.CutPrefix(line, "shelfd: "); ok {
		return text
	}
	if m := errAttribute.FindStringSubmatch(line); m != nil {
		if text, err := strconv.Unquote(m[1]); err == nil {
			return text
		}
		return m[1]
	}
	var entry struct{ Level, Err string }
	if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "ERROR" {
		return entry.Err
	}
	return ""
}
