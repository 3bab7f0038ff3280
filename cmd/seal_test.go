package cmd

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSecretsAreSealedUnderAKeyBesideTheDatabase(t *testing.T) {
	dir := t.TempDir()
	s := &sealer{dir: dir}
	if _, err := s.unseal([]byte("nothing"), "a"); !errors.Is(err, errNoSeal) {
		t.Fatalf("without a key: %v", err)
	}
	one, err := s.seal("whsec_secret", "a")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := s.seal("whsec_secret", "a")
	if bytes.Equal(one, two) || strings.Contains(string(one), "secret") {
		t.Error("a sealed secret shows what it is")
	}
	info, err := os.Stat(filepath.Join(dir, sealFile))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v %v", info, err)
	}
	again := &sealer{dir: dir}
	if got, err := again.unseal(one, "a"); got != "whsec_secret" || err != nil {
		t.Errorf("unsealed %q %v", got, err)
	}
	if _, err := again.unseal(one, "b"); err == nil {
		t.Error("it opens for another purpose")
	}
	one[3] ^= 1
	if _, err := again.unseal(one, "a"); err == nil || strings.Contains(err.Error(), "whsec") {
		t.Errorf("a changed one: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, sealFile), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&sealer{dir: dir}).seal("x", "a"); err == nil {
		t.Error("a damaged key is used")
	}
}
