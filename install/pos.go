package install

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed pos
var files embed.FS

// maxDescription is more than a description of a point of sale needs, in bytes.
const maxDescription = 256 << 10

// POS reads the description of a point of sale: a file or, when there is none
// of that name, the one of that name that is embedded. name is where it was
// found, for messages.
func POS(file string) (text []byte, name string, err error) {
	f, err := os.Open(file)
	if filepath.Ext(file) == "" && (errors.Is(err, fs.ErrNotExist) || isDir(f)) {
		own := path.Join("pos", filepath.Base(file)+".yaml")
		if text, err := files.ReadFile(own); err == nil {
			return text, filepath.Base(own), nil
		}
		return nil, file, fmt.Errorf("there is no file %s, and none of that name comes with shelfd; there are %s", file, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, file, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, maxDescription+1))
	if err == nil && len(text) > maxDescription {
		err = fmt.Errorf("%s has more than %d KiB", file, maxDescription>>10)
	}
	return text, file, err
}

// isDir tells whether what was opened is a directory, and closes that.
func isDir(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.IsDir() {
		return false
	}
	_ = f.Close()
	return true
}

// Names lists the descriptions that are embedded.
func Names() (names []string) {
	entries, _ := files.ReadDir("pos")
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	return names
}
