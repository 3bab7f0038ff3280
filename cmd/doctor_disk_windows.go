package cmd

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// diskKind names what a directory is on, "" for an ordinary disk.
func diskKind(dir string) string {
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(dir) + `\`)
	if err != nil {
		return ""
	}
	switch windows.GetDriveType(root) {
	case windows.DRIVE_REMOTE:
		return "network"
	case windows.DRIVE_RAMDISK:
		return memoryDisk
	}
	return ""
}
