package install

import _ "embed" // the files that describe the service

// What each service manager is given to start a store's server: text/template
// sources, which shelfd service install fills in.
var (
	// SystemdUnit is the unit of systemd.
	//go:embed shelfd.service
	SystemdUnit string
	// InitScript is the script of System V init.
	//go:embed shelfd.init
	InitScript string
	// OpenRCScript is the script of OpenRC.
	//go:embed shelfd.openrc
	OpenRCScript string
	// LaunchdPlist is the description for launchd.
	//go:embed shelfd.plist
	LaunchdPlist string
)
