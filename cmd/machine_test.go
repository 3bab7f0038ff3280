package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheConfiguredMachineGoesBeforeTheSystemsOwn(t *testing.T) {
	c := defaultConfig()
	c.MachineID = "box 7"
	if id, err := c.machineOf(); id != "box 7" || err != nil {
		t.Errorf("the machine is %q, %v", id, err)
	}
	c.MachineID = ""
	first, err := c.machineOf()
	again, _ := c.machineOf()
	if err != nil || first != again {
		t.Errorf("the machine is %q and then %q, %v", first, again, err)
	}
}

func TestAMachineIsNamedByTheFirstFileThatSaysSomething(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, early := file("empty", "\n"), file("early", "uninitialized\n")
	one, two := file("one", "0123abcd\n"), file("two", "ffff")
	gone := filepath.Join(dir, "gone")
	if id, err := machineFile(gone, empty, early, one, two); id != "0123abcd" || err != nil {
		t.Errorf("the machine is %q, %v", id, err)
	}
	if id, err := machineFile(gone, empty, early); !errors.Is(err, errNoMachine) {
		t.Errorf("no file gives %q, %v", id, err)
	}
	if _, err := machineFile(dir, one); err == nil || errors.Is(err, errNoMachine) {
		t.Errorf("a file that cannot be read gives %v", err)
	}
}
