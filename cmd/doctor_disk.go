package cmd

import "fmt"

// memoryDisk is the kind of a disk that is in memory.
const memoryDisk = "memory"

// networkDisks are the kinds of disks that another machine has.
var networkDisks = []string{"NFS", "SMB", "AFP", "WebDAV", "9P", "Ceph", "network"}

// bytesText writes a number of bytes for people.
func bytesText(n int64) string {
	const kilo = 1000
	if n < kilo {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n)/kilo, "kMGTP"
	for ; v >= kilo && len(units) > 1; units = units[1:] {
		v /= kilo
	}
	return fmt.Sprintf("%.1f %cB", v, units[0])
}
