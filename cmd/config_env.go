package cmd

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// envPrefix starts every variable that sets a key; the rest of the name is the
// key in upper case, with _ for each dot.
const envPrefix = "SHELFD_"

// envFileSuffix after the variable of a secret means that the value names the
// file which holds it.
const envFileSuffix = "_FILE"

// readEnv sets what the SHELFD_ variables say. SHELFD_CONFIG names the file
// and was used before.
func (l *configLoader) readEnv(env []string) {
	keys := envKeys()
	for _, entry := range slices.Sorted(slices.Values(env)) {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || name == "SHELFD_CONFIG" {
			continue
		}
		key, known := keys[name]
		if !known {
			l.unknownEnv(name, keys)
			continue
		}
		if name != envName(key) {
			value = "file:" + value
		}
		l.setKey(key, value, origin{Source: name})
	}
}

// envKeys gives the key that each variable sets.
func envKeys() map[string]string {
	keys := map[string]string{}
	for key, v := range keysOf(new(Config)) {
		name := envName(key)
		keys[name] = key
		if v.Type() == reflect.TypeFor[Secret]() {
			keys[name+envFileSuffix] = key
		}
	}
	return keys
}

func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (l *configLoader) unknownEnv(name string, keys map[string]string) {
	at := origin{Source: name}
	if meant := nearest(name, maps.Keys(keys)); meant != "" {
		l.fault("", at, "is not a variable of shelfd; did you mean %s (%s)?", meant, keys[meant])
		return
	}
	l.fault("", at, "is not a variable of shelfd; config.example.yaml lists all keys, and %s is log.level, for one",
		envName("log.level"))
}
