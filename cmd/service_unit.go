package cmd

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/shelfd/shelfd/install"
)

// unit is what a service manager is told: the program, how it is called, and as
// whom.
type unit struct {
	Program string
	Args    []string
	// Account is the account of the service, "" for that of who installs it.
	Account string
}

// Command is the whole command line.
func (u *unit) Command() []string { return append([]string{u.Program}, u.Args...) }

// Rest is the command line without the program.
func (u *unit) Rest() string {
	words := make([]string, len(u.Args))
	for i, a := range u.Args {
		words[i] = shellWord(a)
	}
	return strings.Join(words, " ")
}

// Line is the command line as JSON, without "--", which XML does not allow in a
// comment. It is there so that the program can read what it was installed with.
func (u *unit) Line() (string, error) {
	line, err := json.Marshal(u.Command())
	return strings.ReplaceAll(string(line), "--", `\u002d\u002d`), err
}

var lineFormat = regexp.MustCompile(`shelfd: (\[".*"\])`)

// render fills in the description for a service manager; "" where the library
// has one that must do.
func (u *unit) render(platform string) (string, error) {
	source := map[string]string{
		onSystemd: install.SystemdUnit, onSysv: install.InitScript, onOpenRC: install.OpenRCScript, onLaunchd: install.LaunchdPlist,
	}[platform]
	t, err := template.New("unit").Funcs(template.FuncMap{"systemd": systemdWord, "sh": shellWord, "xml": xmlText}).Parse(source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, u); err != nil {
		return "", err
	}
	return b.String(), nil
}

// systemdWord quotes a word of a command line in a unit.
func systemdWord(word string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(word)
	if strings.ContainsAny(word, " \t'\"\\;") {
		return `"` + escaped + `"`
	}
	return escaped
}

// shellWord quotes a word for sh.
func shellWord(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func xmlText(text string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(text))
	return b.String(), err
}

// installedUnit reads what the service was installed with; the error is
// errNotInstalled when it is not.
func (s *serviceOptions) installedUnit() (*unit, error) {
	if platform() == onWindows {
		return windowsUnit()
	}
	text, err := os.ReadFile(s.unitFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotInstalled
	}
	if err != nil {
		return nil, withExit(exitNoAccess, fmt.Errorf("the service cannot be read: %w", err))
	}
	u := &unit{}
	if m := lineFormat.FindSubmatch(text); m != nil {
		var words []string
		if err := json.Unmarshal(m[1], &words); err == nil && len(words) > 1 {
			u.Program, u.Args = words[0], words[1:]
		}
	}
	return u, nil
}

// newUnit makes the unit for this program and what its command line says.
func (s *serviceOptions) newUnit() (*unit, error) {
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err != nil {
		return nil, fmt.Errorf("where this program is cannot be found out: %w", err)
	}
	u := &unit{Program: program, Args: []string{"service", "run"}}
	if s.user {
		u.Args = append(u.Args, "--user")
	} else {
		u.Account = serviceAccount
	}
	if path, named := namedConfig(s.configPath, s.env); named {
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		u.Args = append(u.Args, "--config", path)
	}
	dir, err := filepath.Abs(string(s.config.DataDir))
	if err != nil {
		return nil, err
	}
	s.config.DataDir = Path(dir)
	// A directory that the configuration file names is left to it.
	if at := s.origins["data_dir"]; at != (origin{}) && at.Line == 0 {
		u.Args = append(u.Args, "--data-dir", dir)
	}
	if platform() != onSystemd {
		s.logFile = defaultLogFile(s.user, dir)
		u.Args = append(u.Args, "--log-file", s.logFile)
	}
	return u, nil
}
