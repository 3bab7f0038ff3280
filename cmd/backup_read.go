package cmd

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxManifest is more than any manifest needs, in bytes.
	maxManifest = 64 << 10
	// maxBackupMemory is what decompressing may take, in bytes.
	maxBackupMemory = 256 << 20
)

// errNotBackup: a file is no backup.
var errNotBackup = errors.New("it is no backup of shelfd's")

// backupFile is a backup being read: its manifest was, its database comes next.
type backupFile struct {
	manifest manifest

	f *os.File
	z *zstd.Decoder
	t *tar.Reader
}

// openBackup reads the manifest of a backup. The error wraps errNotBackup when
// the file is something else.
func openBackup(path string) (*backupFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := &backupFile{f: f}
	if err := b.begin(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// zstdMagic is what every zstd frame begins with (RFC 8878).
const zstdMagic = "\x28\xb5\x2f\xfd"

func (b *backupFile) begin() (err error) {
	var magic [len(zstdMagic)]byte
	if _, err := io.ReadFull(b.f, magic[:]); err != nil || string(magic[:]) != zstdMagic {
		return errors.Join(errNotBackup, err)
	}
	if _, err := b.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if b.z, err = zstd.NewReader(b.f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBackupMemory)); err != nil {
		return err
	}
	b.t = tar.NewReader(b.z)
	return b.readManifest()
}

func (b *backupFile) readManifest() error {
	h, err := b.t.Next()
	if err != nil && !errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return errors.Join(errNotBackup, err)
	}
	text, err := io.ReadAll(b.t)
	if err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if err := json.Unmarshal(text, &b.manifest); err != nil {
		return errors.Join(errNotBackup, err)
	}
	if b.manifest.Format > backupFormat {
		return errNewerBackup
	}
	if b.manifest.Format != backupFormat || b.manifest.Store.IsZero() || b.manifest.Bytes <= 0 {
		return errNotBackup
	}
	return nil
}

// errNewerBackup: a newer program wrote a backup.
var errNewerBackup = errors.New("a newer version wrote it")

// unpack writes the database and holds it to its size and its sum. The error
// of a file that is not what was written begins with "it is damaged".
func (b *backupFile) unpack(ctx context.Context, w io.Writer) error {
	h, err := b.t.Next()
	if err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if h.Name != databaseName || h.Size != b.manifest.Bytes {
		return errors.New("it is damaged: the database in it is not the one that it says")
	}
	sum := sha256.New()
	out := &faultyWriter{w: w}
	if _, err := io.Copy(io.MultiWriter(out, sum), untilEnded{ctx, b.t}); err != nil {
		if out.err != nil {
			return out.err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("it is damaged: %w", err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != b.manifest.SHA256 {
		return errors.New("it is damaged: the database in it does not have the sum that it says")
	}
	// The end is read too: what follows the database has a checksum as well.
	if _, err := b.t.Next(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("it is damaged: it goes on after its end"), err)
	}
	if _, err := io.Copy(io.Discard, b.z); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	return nil
}

// faultyWriter remembers that it was writing that failed.
type faultyWriter struct {
	w   io.Writer
	err error
}

// Write writes on.
func (f *faultyWriter) Write(p []byte) (n int, err error) {
	n, err = f.w.Write(p)
	f.err = errors.Join(f.err, err)
	return n, err
}

func (b *backupFile) close() {
	if b.z != nil {
		b.z.Close()
	}
	_ = b.f.Close() // only reading
}
