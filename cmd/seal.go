package cmd

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// sealFile holds the key that secrets in the database are sealed with, so
	// that a copy of the database alone gives none away.
	sealFile = "seal.key"
	sealSize = 32
)

// errNoSeal tells that a data directory has no key for secrets.
var errNoSeal = errors.New("there is no " + sealFile)

// sealer seals secrets with AES-256-GCM under the key of a data directory. The
// key is made with the first secret.
type sealer struct {
	dir string

	mu  sync.Mutex
	key cipher.AEAD
}

// seal gives a secret as it may be kept. It opens only for the same purpose.
func (s *sealer) seal(secret, purpose string) ([]byte, error) {
	key, err := s.open(true)
	if err != nil {
		return nil, err
	}
	return key.Seal(nil, nil, []byte(secret), []byte(purpose)), nil
}

// unseal gives the secret back; the error is errNoSeal when the key is gone.
func (s *sealer) unseal(sealed []byte, purpose string) (string, error) {
	key, err := s.open(false)
	if err != nil {
		return "", err
	}
	secret, err := key.Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return "", fmt.Errorf("a secret was sealed with another key than that in %s", sealFile)
	}
	return string(secret), nil
}

// open reads the key, and makes one where there is none and make says so.
func (s *sealer) open(create bool) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key != nil {
		return s.key, nil
	}
	raw, err := readSeal(s.dir)
	if errors.Is(err, errNoSeal) && create {
		raw, err = makeSeal(s.dir)
	}
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	s.key, err = cipher.NewGCMWithRandomNonce(block)
	return s.key, err
}

func readSeal(dir string) ([]byte, error) {
	path := filepath.Join(dir, sealFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoSeal
	}
	if err != nil {
		return nil, fmt.Errorf("the key of secrets cannot be read: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(raw) != sealSize {
		return nil, fmt.Errorf("%s is damaged; put back the one that belongs to this data directory", path)
	}
	return raw, nil
}

func makeSeal(dir string) ([]byte, error) {
	raw := make([]byte, sealSize)
	_, _ = rand.Read(raw) // It never fails: crypto/rand ends the process instead.
	err := writePrivate(filepath.Join(dir, sealFile), []byte(base64.StdEncoding.EncodeToString(raw)+"\n"))
	if err != nil {
		return nil, fmt.Errorf("the key of secrets cannot be written: %w", err)
	}
	return raw, nil
}
