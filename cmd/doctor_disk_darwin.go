package cmd

import "golang.org/x/sys/unix"

// diskNames are those of getfsstat(2).
var diskNames = map[string]string{"nfs": "NFS", "smbfs": "SMB", "afpfs": "AFP", "webdav": "WebDAV", "tmpfs": memoryDisk}

// diskKind names what a directory is on, "" for an ordinary disk.
func diskKind(dir string) string {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return ""
	}
	return diskNames[unix.ByteSliceToString(s.Fstypename[:])]
}
