package metrc

import (
	"time"

	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	// title is what it is called in sentences.
	title = "METRC"
	// most is how many rows METRC takes in one request; more are answered 413.
	most = 10
	// window is the longest time that a filter may span; more is answered 400.
	window = 24 * time.Hour
	// perSecond is a fifth of what METRC lets one facility ask.
	perSecond = 10
)

// The options of the kind.
const (
	optionLicense = "license"
	optionState   = "state"
	optionSandbox = "sandbox"
	optionWrite   = "write"
	optionZone    = "time_zone"
	optionSince   = "since"
)

// The values of the option write.
const (
	writeOff    = "off"
	writeDryRun = "dry_run"
	writeOn     = "on"
)

var capabilities = pos.Capabilities{
	State:         true,
	ReadStock:     true,
	ReadSales:     true,
	ReadRooms:     true,
	ReadReasons:   true,
	WriteAbsolute: true,
	Lots:          true,
	Most:          most,
	Window:        window,
	Rate:          "50 reads a second for a license, of which 10 are used",
}

// Kind is METRC. Settings.User is the vendor's key, Settings.Key that of the
// person in whose name it is asked.
var Kind = pos.Kind{
	Name:         "metrc",
	Title:        title,
	Capabilities: capabilities,
	Options: []pos.Option{
		{Name: optionLicense, Required: true, Help: "The number of the license whose packages these are."},
		{Name: optionState, Help: "The state, in two letters such as ca. It is needed unless an address is given."},
		{Name: optionSandbox, Help: "Write true to speak to the state's sandbox."},
		{Name: optionWrite, Help: "Write off, the default, to leave every adjustment to a person; dry_run to check and log what would be sent; on to send it."},
		{Name: optionZone, Help: "The shop's time zone, such as America/Los_Angeles. The dates of adjustments and the times of receipts are in it. It is needed unless write is off."},
		{Name: optionSince, Help: "The day since which the license has packages, such as 2024-05-01. Set it where METRC lists only what changed lately: lists are then read day by day."},
	},
	New: New,
}
