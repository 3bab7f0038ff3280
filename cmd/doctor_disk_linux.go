package cmd

import "golang.org/x/sys/unix"

// diskKinds are by the magic numbers of statfs(2).
var diskKinds = map[uint32]string{
	unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB",
	unix.V9FS_MAGIC: "9P", unix.CEPH_SUPER_MAGIC: "Ceph", unix.AFS_SUPER_MAGIC: "network", unix.NCP_SUPER_MAGIC: "network",
	unix.TMPFS_MAGIC: memoryDisk, unix.RAMFS_MAGIC: memoryDisk,
}

// diskKind names what a directory is on, "" for an ordinary disk.
func diskKind(dir string) string {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return ""
	}
	return diskKinds[uint32(s.Type)] //nolint:gosec // The numbers have 32 bits on every system.
}
