package cmd

import (
	"encoding"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// keysOf gives every key that holds a value, with the place it is kept in.
// Nested keys are joined by dots; lists are one key.
func keysOf(c *Config) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		eachKey("", reflect.ValueOf(c).Elem(), yield)
	}
}

func eachKey(path string, v reflect.Value, yield func(string, reflect.Value) bool) bool {
	if v.Kind() != reflect.Struct {
		return yield(path, v)
	}
	for field, value := range v.Fields() {
		if !eachKey(joinKey(path, field.Tag.Get("yaml")), value, yield) {
			return false
		}
	}
	return true
}

func joinKey(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// setText sets v from its text form, which is the same in the file, in the
// environment and in a flag. Relative paths are taken from dir.
func setText(v reflect.Value, text, dir string) error {
	switch p := v.Addr().Interface().(type) {
	case *Path:
		*p = Path(resolvePath(text, dir))
		return nil
	case *Secret:
		return setSecret(p, text, dir)
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		return setBool(v, text)
	case reflect.Int:
		return setInt(v, text)
	default:
		return errors.New("must be a list, which only the configuration file can hold")
	}
}

func setBool(v reflect.Value, text string) error {
	if text != "true" && text != "false" {
		return errors.New("must be true or false")
	}
	v.SetBool(text == "true")
	return nil
}

func setInt(v reflect.Value, text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return errors.New("must be a whole number")
	}
	v.SetInt(n)
	return nil
}

// maxSecretFile is more than any secret needs, in bytes.
const maxSecretFile = 4 << 10

// setSecret keeps text, or what the file holds when text is file:NAME.
func setSecret(s *Secret, text, dir string) error {
	name, isFile := strings.CutPrefix(text, "file:")
	if !isFile {
		*s = Secret(text)
		return nil
	}
	data, err := readAtMost(resolvePath(strings.TrimSpace(name), dir), maxSecretFile)
	if err != nil {
		return fmt.Errorf("must name a file that can be read: %w", err)
	}
	*s = Secret(strings.TrimSpace(string(data)))
	if *s == "" {
		return fmt.Errorf("must name a file that holds the secret: %s is empty", name)
	}
	return nil
}

// splitList takes a comma-separated list apart; "" is the empty list.
func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func resolvePath(path, dir string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// nearest gives the candidate that takes the fewest edits to become name; ""
// when even that takes more than a third of its length.
func nearest(name string, candidates iter.Seq[string]) string {
	best, distance := "", 0
	for c := range candidates {
		if d := edits(name, c); best == "" || d < distance {
			best, distance = c, d
		}
	}
	if 3*distance > max(len(name), 6) {
		return ""
	}
	return best
}

// edits is the Levenshtein distance of two short strings.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
