package cmd

import (
	"fmt"
	"strings"

	"github.com/shelfd/shelfd/web"
)

// canWait tells whether a cause may go away while a server waits for it. After a
// storage failure only a new process can be trusted, and a configuration is read
// once.
func canWait(err error) bool {
	switch exitCode(err) {
	case exitStorage, exitConfig, exitUsage, exitAddress, exitInterrupted:
		return false
	}
	return true
}

// What the recovery page says is safe.
const (
	nothingTouched = "Nothing was changed. The data are as they were left."
	nothingLost    = "Nothing was lost. Everything that was confirmed is on the disk."
)

// troubleOf says what keeps the data of a directory from being opened, for the
// person who has to mend it.
func troubleOf(err error, dir string) *web.Trouble {
	build, ok := troubles[exitCode(err)]
	if !ok {
		build = unknownTrouble
	}
	t := build(dir)
	for _, line := range sentencesOf(err) {
		if t.Wrong != "" {
			t.Wrong += " "
		}
		t.Wrong += sentence(line)
	}
	return &t
}

// sentence begins a text with a capital and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	switch text[len(text)-1] {
	case '.', '!', '?':
		return text
	}
	return text + "."
}

// troubles is what there is to say for each exit code.
var troubles = map[int]func(dir string) web.Trouble{
	exitNotFound: missingTrouble, exitInUse: inUseTrouble, exitDamaged: damagedTrouble, exitRefused: refusedTrouble,
	exitNoAccess: noAccessTrouble, exitFull: fullTrouble, exitForeign: foreignTrouble, exitNewer: newerTrouble,
}

var askDoctor = web.Step{Text: "Let shelfd look for more:", Command: "shelfd doctor"}

func missingTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "ledger_missing", Title: "The data are not where they should be.",
		Safe: "Nothing was made in their place, so nothing is mixed up when they are back.",
		Steps: []web.Step{
			{Text: "If " + dir + " is on a disk of its own or on the network, connect it and see that it is mounted:", Command: listing(dir)},
			{Text: "If the data were moved, say where they are:", Command: "shelfd service install --data-dir DIRECTORY"},
			{Text: "If they are gone, restore the newest backup:", Command: "shelfd restore FILE --data-dir " + quoted(dir)},
			{Text: "If this is a new shop, make its ledger:", Command: "shelfd service install --data-dir " + quoted(dir)},
		},
	}
}

func inUseTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "in_use", Title: "The data are in use by another process.", Safe: nothingTouched,
		Steps: []web.Step{
			{Text: "Wait if a command of shelfd is under way: it ends by itself."},
			{Text: "If a second server was started over " + dir + ", stop that one. Its number is above:", Command: listProcesses},
		},
	}
}

func damagedTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "ledger_damaged", Title: "The ledger is damaged.",
		Safe: "The damaged ledger is not written to. Backups, and what other systems were sent, are not touched by it.",
		Steps: []web.Step{
			{Text: "Keep the directory as it is: copy it to another disk before anything else."},
			{Text: "See how far the ledger is good:", Command: "shelfd verify --data-dir " + quoted(dir)},
			{Text: "Restore the newest backup. What head office has beyond it comes back by itself:", Command: "shelfd restore FILE --replace --data-dir " + quoted(dir)},
		},
	}
}

func refusedTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "refused", Title: "The data are not what this server is for.", Safe: nothingTouched,
		Steps: []web.Step{
			{Text: "Name the directory of the shop's own data instead of " + dir + ":", Command: "shelfd service install --data-dir DIRECTORY"},
			askDoctor,
		},
	}
}

func noAccessTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "no_access", Title: "The data directory cannot be used.", Safe: nothingLost,
		Steps: []web.Step{
			{Text: "See whether the disk is read-only, and who owns the files:", Command: listing(dir)},
			{Text: "Give them back to the service:", Command: "shelfd service install --data-dir " + quoted(dir)},
			askDoctor,
		},
	}
}

func fullTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "disk_full", Title: "The disk is full.", Safe: nothingLost,
		Steps: []web.Step{
			{Text: fmt.Sprintf("Free some space, at least 200 MB, on the disk of %s. Delete nothing in that directory.", dir)},
			askDoctor,
		},
	}
}

func foreignTrouble(dir string) web.Trouble {
	return web.Trouble{
		Code: "foreign_file", Title: "A file in the data directory is not shelfd's.", Safe: nothingTouched,
		Steps: []web.Step{
			{Text: "Name the right directory if this is the wrong one:", Command: "shelfd service install --data-dir DIRECTORY"},
			{Text: "If something was written over the ledger, keep the directory as it is and restore the newest backup:", Command: "shelfd restore FILE --replace --data-dir " + quoted(dir)},
		},
	}
}

func newerTrouble(string) web.Trouble {
	return web.Trouble{
		Code: "newer_version", Title: "The data were written by a newer version.", Safe: nothingTouched,
		Steps: []web.Step{
			{Text: "Install at least the version that wrote them, as it was installed before, and start it:", Command: "shelfd service restart"},
		},
	}
}

func unknownTrouble(string) web.Trouble {
	return web.Trouble{
		Code: "unavailable", Title: "The data cannot be opened.",
		Safe:  "Nothing was lost that was confirmed before.",
		Steps: []web.Step{askDoctor, {Text: "Read what the server says:", Command: "shelfd service logs"}},
	}
}
