package sqlite

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shelfd/shelfd/store"
)

// asNobody runs fn with the rights that an ordinary account has to files.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Getuid() != 0 {
		fn()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
			t.Error(errno)
			return
		}
		fn()
	}()
	<-done
}

func TestWhatAnAccountMayNotUseIsNamed(t *testing.T) {
	nobody := os.Getuid()
	if nobody == 0 {
		nobody = 65534
	}
	for name, x := range map[string]struct {
		path string
		mode os.FileMode
	}{
		"the directory":                   {"", 0},
		"the directory, for writing":      {"", 0o500},
		"the lock":                        {lockFile, 0},
		"the database":                    {FileName, 0},
		"the database, for writing":       {FileName, 0o400},
		"the log":                         {wal, 0},
		"the log, for writing":            {wal, 0o400},
		"the index of the log":            {FileName + "-shm", 0},
		"the index of the log, to write":  {FileName + "-shm", 0o400},
		"the witness, which only helps":   {WitnessFile, 0},
		"the database of another account": {FileName, 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := left(t)
			if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{lockFile, FileName + "-shm"} {
				copyFile(t, os.DevNull, filepath.Join(dir, file))
			}
			for _, file := range append(files(t, dir), "") {
				if name == "the database of another account" && file == FileName {
					if os.Getuid() != 0 {
						t.Skip("needs the right to give files to another account")
					}
					continue
				}
				if err := os.Chown(filepath.Join(dir, file), nobody, -1); err != nil {
					t.Fatal(err)
				}
			}
			before := contents(t, dir)
			at := filepath.Join(dir, x.path)
			if err := os.Chmod(at, x.mode); err != nil {
				t.Fatal(err)
			}
			asNobody(t, func() {
				_, err := Open(t.Context(), options(dir))
				if err == nil {
					t.Error("it was opened")
					return
				}
				checkSaid(t, err, ErrNoAccess, "", at+" cannot be")
			})
			if err := os.Chmod(at, 0o700); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(before, contents(t, dir)) {
				t.Error("what was refused was changed")
			}
		})
	}
}

func TestADiskThatCanOnlyBeReadIsNamed(t *testing.T) {
	disk, _ := smallDisk(t)
	dir := filepath.Join(disk, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	shut(t, open(t, options(dir)))
	remount := func(flags uintptr) {
		if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT|flags, "size=5m"); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	before := contents(t, dir)
	for _, at := range []string{dir, filepath.Join(disk, "new")} {
		_, err := Open(t.Context(), options(at))
		checkSaid(t, err, ErrNoAccess, "", "on a disk that can only be read")
	}
	if !maps.Equal(before, contents(t, dir)) {
		t.Error("what was refused was changed")
	}
}

func TestANewLedgerOnAFullDiskSaysSo(t *testing.T) {
	for _, room := range []int64{0, 4 << 10, 40 << 10, 120 << 10} {
		dir, ballast := smallDisk(t)
		leave(t, ballast, room)
		_, err := Open(t.Context(), options(dir))
		checkSaid(t, err, nil, store.CodeStorageFull, "full")
	}
}

func TestALedgerOnADiskWithoutAnyRoomSaysSo(t *testing.T) {
	disk, ballast := smallDisk(t)
	shut(t, open(t, options(disk)))
	leave(t, ballast, 0)
	before := contents(t, disk)
	d, err := Open(t.Context(), options(disk))
	if err == nil {
		shut(t, d)
	} else {
		checkSaid(t, err, nil, store.CodeStorageFull, "full")
	}
	if !maps.Equal(before, contents(t, disk)) {
		t.Error("a ledger on a full disk was changed")
	}
}
