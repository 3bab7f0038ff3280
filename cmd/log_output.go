package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// logOutput is where the log of a server goes: a file that is put aside when it
// is large, or standard error. What cannot be written to the file goes to
// standard error, so that no line is lost while the disk is full.
type logOutput struct {
	stderr io.Writer
	path   string
	max    int64
	keep   int

	mu   sync.Mutex
	file *os.File
	size int64
	// torn tells that the last line is there in part only.
	torn bool
}

func newLogOutput(stderr io.Writer, c LogConfig) *logOutput {
	return &logOutput{stderr: stderr, path: string(c.File), max: int64(c.MaxSize), keep: c.Keep}
}

// Write writes one line.
func (l *logOutput) Write(line []byte) (int, error) {
	if l.path == "" {
		return l.stderr.Write(line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.append(line); err != nil {
		fmt.Fprintf(l.stderr, "the log file cannot be written: %s\n", err)
		return l.stderr.Write(line)
	}
	return len(line), nil
}

func (l *logOutput) append(line []byte) error {
	if l.file != nil && l.size > 0 && l.size+int64(len(line)) > l.max {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	if err := l.open(); err != nil {
		return err
	}
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	l.torn = err != nil && (n > 0 || l.torn)
	return err
}

// open opens the file where it was left.
func (l *logOutput) open() error {
	if l.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// rotate puts the file aside under the next number and forgets the oldest. When
// that does not work, the file grows on: its lines are worth more.
func (l *logOutput) rotate() error {
	err := l.file.Close()
	l.file = nil
	if err != nil {
		return err
	}
	for n := l.keep; n > 0; n-- {
		from := rotatedName(l.path, n-1)
		if n == l.keep {
			// It need not be there; on Windows nothing is renamed over it.
			_ = os.Remove(rotatedName(l.path, n))
		}
		if err := os.Rename(from, rotatedName(l.path, n)); err != nil && !os.IsNotExist(err) {
			break
		}
	}
	if l.keep == 0 {
		_ = os.Remove(l.path)
	}
	return nil
}

// rotatedName is the name of a log file that was put aside n times.
func rotatedName(path string, n int) string {
	if n == 0 {
		return path
	}
	return fmt.Sprintf("%s.%d", path, n)
}

func (l *logOutput) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
