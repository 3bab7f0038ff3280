package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func testHead() store.Head {
	return store.Head{Epoch: 2, Seq: 41, Hash: store.Hash{1, 2, 3}, RecordedAt: store.InstantOf(time.Date(2026, 1, 27, 10, 30, 0, 0, time.UTC))}
}

func signed(t *testing.T, dir string, id store.ID) (*signer, store.Head) {
	t.Helper()
	s, _, err := openSigner(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	h := testHead()
	if h.Note, err = s.Sign(h); err != nil {
		t.Fatal(err)
	}
	return s, h
}

func TestSignerSignsWhichLedgerWhereAndWhen(t *testing.T) {
	id := newID()
	s, h := signed(t, t.TempDir(), id)
	want := "shelfd/" + id.String() + "/2\n41\nAQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2026-01-27T10:30:00Z\n\n— shelfd/" + id.String() + " "
	if !strings.HasPrefix(h.Note, want) {
		t.Errorf("the note is %q", h.Note)
	}
	if err := s.Verify(h); err != nil {
		t.Error(err)
	}
}

func TestSignerRefusesAHeadThatIsNotTheOneSigned(t *testing.T) {
	s, good := signed(t, t.TempDir(), newID())
	for name, change := range map[string]func(*store.Head){
		"hash":     func(h *store.Head) { h.Hash[0]++ },
		"seq":      func(h *store.Head) { h.Seq++ },
		"epoch":    func(h *store.Head) { h.Epoch++ },
		"time":     func(h *store.Head) { h.RecordedAt++ },
		"text":     func(h *store.Head) { h.Note = strings.Replace(h.Note, "\n41\n", "\n42\n", 1) },
		"unsigned": func(h *store.Head) { h.Note, _, _ = strings.Cut(h.Note, "\n\n") },
	} {
		h := good
		change(&h)
		if err := s.Verify(h); err == nil || errors.Is(err, errForeignKey) {
			t.Errorf("with another %s: %v", name, err)
		}
	}
}

func TestSignerKeepsItsKey(t *testing.T) {
	dir, id := t.TempDir(), newID()
	_, h := signed(t, dir, id)
	again, made, err := openSigner(dir, id)
	if err != nil || made || again.Verify(h) != nil {
		t.Fatalf("opened again: made %v, %v", made, err)
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("the key has mode %v, %v", info.Mode(), err)
	}
	if _, _, err := openSigner(dir, newID()); err == nil || !strings.Contains(err.Error(), "put back the key") {
		t.Errorf("another store takes the key: %v", err)
	}
}

func TestSignerKnowsAKeyThatIsNotItsOwn(t *testing.T) {
	id := newID()
	_, h := signed(t, t.TempDir(), id)
	other, _, err := openSigner(t.TempDir(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Verify(h); !errors.Is(err, errForeignKey) {
		t.Errorf("a key made anew says %v", err)
	}
	h.Seq++
	if err := other.Verify(h); err == nil || errors.Is(err, errForeignKey) {
		t.Errorf("of a note about another head it says %v", err)
	}
}

func TestSignerDoesNotReplaceADamagedKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte("PRIVATE+KEY+x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openSigner(dir, newID()); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("said %v", err)
	}
}
