package cmd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// read gives what is in a file, "" when it is not there.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// logTo makes a log in a file that holds two lines of ten bytes.
func logTo(t *testing.T, path string, keep int) (*logOutput, *bytes.Buffer) {
	t.Helper()
	stderr := new(bytes.Buffer)
	l := newLogOutput(stderr, LogConfig{File: Path(path), MaxSize: 20, Keep: keep})
	t.Cleanup(l.close)
	return l, stderr
}

func say(t *testing.T, l *logOutput, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := fmt.Fprintf(l, "line %04d\n", n); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALogIsPutAsideWhenItIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "shelfd.log")
	l, stderr := logTo(t, path, 2)
	say(t, l, 1, 7)
	for name, want := range map[string]string{
		path: "line 0007\n", path + ".1": "line 0005\nline 0006\n", path + ".2": "line 0003\nline 0004\n", path + ".3": "",
	} {
		if got := read(t, name); got != want {
			t.Errorf("%s holds %q", filepath.Base(name), got)
		}
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error has %s", stderr)
	}
}

func TestALogGoesOnWhereItWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelfd.log")
	first, _ := logTo(t, path, 0)
	say(t, first, 1, 1)
	first.close()
	second, _ := logTo(t, path, 0)
	say(t, second, 2, 3)
	if got := read(t, path); got != "line 0003\n" || read(t, path+".1") != "" {
		t.Errorf("it holds %q", got)
	}
}

func TestNoLineOfALogIsLostWhileTheDiskIsFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no disk that is always full")
	}
	l, stderr := logTo(t, "/dev/full", 2)
	say(t, l, 1, 2)
	for _, line := range []string{"line 0001\n", "line 0002\n", "no space left"} {
		if !strings.Contains(stderr.String(), line) {
			t.Errorf("standard error lacks %q: %s", line, stderr)
		}
	}
}

func TestALogThatCannotBePutAsideGrowsOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelfd.log")
	if err := os.MkdirAll(filepath.Join(path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, _ := logTo(t, path, 1)
	say(t, l, 1, 4)
	if got := read(t, path); strings.Count(got, "line") != 4 {
		t.Errorf("it holds %q", got)
	}
}

func TestAServerWritesItsLogWhereTheConfigurationSays(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "shelfd.log")
	s := startProgram(t, func(o *rootOptions) { o.env = append(o.env, "SHELFD_LOG_FILE="+file) }, dir)
	s.stop()
	if text := read(t, file); !strings.Contains(text, "msg=serving") || !strings.Contains(text, "msg=stopped") {
		t.Errorf("the file holds %q, standard error %q", text, s.stderr)
	}
}

func TestTheEndOfALogIsShownAcrossItsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelfd.log")
	l, _ := logTo(t, path, 5)
	say(t, l, 1, 7)
	for lines, want := range map[int]string{0: "", 1: "line 0007\n", 4: "line 0004\nline 0005\nline 0006\nline 0007\n"} {
		var out bytes.Buffer
		if err := (&logTail{path: path, out: &out}).show(t.Context(), lines, false); err != nil || out.String() != want {
			t.Errorf("the last %d lines are %q, %v", lines, out.String(), err)
		}
	}
	err := (&logTail{path: path + ".not", out: new(bytes.Buffer)}).show(t.Context(), 1, false)
	if exitCode(err) != exitNotFound {
		t.Errorf("a log that is not there: %v", err)
	}
}

func TestFollowingALogMissesNothingWhenItIsPutAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelfd.log")
	l, _ := logTo(t, path, 5)
	look, idle := make(chan time.Time), make(chan struct{})
	out := new(bytes.Buffer)
	tail := &logTail{path: path, out: out, wait: func() <-chan time.Time {
		idle <- struct{}{}
		return look
	}}
	ended := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { ended <- tail.show(ctx, 10, true) }()
	said := 0
	for _, upTo := range []int{1, 2, 5, 9} { // up to two files are put aside between two looks
		<-idle
		say(t, l, said+1, upTo)
		said = upTo
		look <- time.Time{}
	}
	<-idle
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := ""
	for n := 1; n <= 9; n++ {
		want += fmt.Sprintf("line %04d\n", n)
	}
	if out.String() != want {
		t.Errorf("it shows %q", out)
	}
}

func TestTheNewestErrorIsFoundInALog(t *testing.T) {
	for line, want := range map[string]string{
		`time=2026-11-29T01:00:48Z level=ERROR msg="the data cannot be opened" err="open: it is \"gone\"" exit_code=4`: `open: it is "gone"`,
		`time=2026-11-29T01:00:48Z level=ERROR msg=x err=gone`:                                                         "gone",
		`{"time":"2026-11-29T01:00:48Z","level":"ERROR","msg":"x","err":"the disk is full"}`:                           "the disk is full",
		`shelfd: 127.0.0.1:8321 is in use by another program`:                                                          "127.0.0.1:8321 is in use by another program",
		`time=2026-11-29T01:00:48Z level=INFO msg=serving url=http://127.0.0.1:8321`:                                   "",
		`{"level":"INFO","msg":"serving"}`:                                                                             "",
		`Started shelfd.service - shelfd, the stock of this store.`:                                                    "",
	} {
		if got := errorOf(line); got != want {
			t.Errorf("%s tells %q", line, got)
		}
	}
}
