package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// flagValue is a flag that sets a key and goes before all else.
type flagValue struct {
	Flag  string // as typed, with dashes
	Key   string
	Value string
}

// configLoader fills a Config from its sources, the weakest first, and
// remembers where each value came from.
type configLoader struct {
	config  Config
	origins map[string]origin
	errs    keyErrors
}

// loadConfig reads the file at path, then the SHELFD_ variables of env, then
// flags. An empty path means SHELFD_CONFIG, or else the default path, where a
// file may be missing. It tells for each key where its value came from; those
// that are not there have the default. The error joins a *keyError for each
// thing that is wrong anywhere, and ends the process with exitConfig.
func loadConfig(path string, env []string, flags ...flagValue) (Config, map[string]origin, error) {
	return loadConfigOver(defaultConfig(), defaultConfigPath(), path, env, flags...)
}

// loadSystemConfig is loadConfig with the default places of the service of this
// machine, whoever asks.
func loadSystemConfig(path string, env []string, flags ...flagValue) (Config, map[string]origin, error) {
	defaults := defaultConfig()
	defaults.DataDir = Path(systemDir())
	return loadConfigOver(defaults, systemConfigPath(), path, env, flags...)
}

func loadConfigOver(defaults Config, file, path string, env []string, flags ...flagValue) (Config, map[string]origin, error) {
	l := &configLoader{config: defaults, origins: map[string]origin{}}
	path, explicit := namedConfig(path, env)
	if !explicit {
		path = file
	}
	data, err := readConfigFile(path, explicit)
	if err != nil {
		return Config{}, nil, withExit(exitConfig, err)
	}
	l.readFile(path, data)
	l.readEnv(env)
	for _, f := range flags {
		l.setKey(f.Key, f.Value, origin{Source: f.Flag})
	}
	l.validate()
	if err := l.errs.err(); err != nil {
		return Config{}, nil, withExit(exitConfig, err)
	}
	return l.config, l.origins, nil
}

// configPath gives the file to read and whether someone named it.
func configPath(path string, env []string) (name string, explicit bool) {
	if name, explicit = namedConfig(path, env); explicit {
		return name, true
	}
	return defaultConfigPath(), false
}

// namedConfig gives the file that somebody named.
func namedConfig(path string, env []string) (name string, named bool) {
	if path != "" {
		return path, true
	}
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, "SHELFD_CONFIG="); ok && value != "" {
			return value, true
		}
	}
	return "", false
}

// maxConfigFile is more than any configuration needs, in bytes, and little
// enough for the YAML parser, which takes quadratic time for deep nesting.
const maxConfigFile = 64 << 10

func readConfigFile(path string, explicit bool) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readAtMost(path, maxConfigFile)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	return data, nil
}

// readAtMost reads a file of at most limit bytes.
func readAtMost(path string, limit Size) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > int(limit) {
		err = fmt.Errorf("%s has more than %s", path, limit)
	}
	return data, err
}

// setKey sets one key, and replaces what weaker sources said about it. Paths
// are relative to the working directory.
func (l *configLoader) setKey(key, text string, at origin) {
	for path, v := range keysOf(&l.config) {
		if path == key {
			l.forget(key)
			l.setValue(key, v, text, "", at)
			return
		}
	}
	l.fault(key, at, "is not a key")
}

func (l *configLoader) setValue(key string, v reflect.Value, text, dir string, at origin) {
	l.origins[key] = at
	if list, ok := v.Addr().Interface().(*[]string); ok {
		*list = splitList(text)
		return
	}
	if err := setText(v, text, dir); err != nil {
		l.fault(key, at, "%w", err)
	}
}

// forget drops the faults of a value that a stronger source replaces.
func (l *configLoader) forget(key string) {
	kept := l.errs[:0]
	for _, e := range l.errs {
		if e.Key != key && !strings.HasPrefix(e.Key, key+"[") {
			kept = append(kept, e)
		}
	}
	l.errs = kept
}

func (l *configLoader) fault(key string, at origin, format string, args ...any) {
	l.errs = append(l.errs, &keyError{Key: key, At: at, Text: fmt.Errorf(format, args...).Error()})
}

// validate adds the faults of the values themselves, but for keys that could
// not even be read.
func (l *configLoader) validate() {
	unread := map[string]bool{}
	for _, e := range l.errs {
		unread[e.Key] = true
	}
	for _, e := range l.config.check() {
		if !within(e.Key, unread) {
			e.At = l.originOf(e.Key)
			l.errs = append(l.errs, e)
		}
	}
}

// originOf gives where key was set, or else the nearest key around it.
func (l *configLoader) originOf(key string) origin {
	for ; key != ""; key = parentKey(key) {
		if at, ok := l.origins[key]; ok {
			return at
		}
	}
	return origin{}
}

// within tells whether key or a key around it is in keys.
func within(key string, keys map[string]bool) bool {
	for ; key != ""; key = parentKey(key) {
		if keys[key] {
			return true
		}
	}
	return false
}

// parentKey gives the key around key, "" for one at the top.
func parentKey(key string) string { return key[:max(0, strings.LastIndexAny(key, ".["))] }

// dirOf is the directory that relative paths in the file are taken from.
func dirOf(file string) string { return filepath.Dir(file) }
