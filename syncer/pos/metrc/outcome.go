package metrc

import (
	"fmt"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// The codes of outcomes.
const (
	// CodeWriteOff: writing is off, so a person enters it.
	CodeWriteOff = "write_off"
	// CodeDryRun: it was checked and logged, and not sent.
	CodeDryRun = "dry_run"
	// CodeUnmappedReason: no reason of the state is linked to ours.
	CodeUnmappedReason = "unmapped_reason"
	// CodeNoteRequired: the state wants a note with the reason.
	CodeNoteRequired = "note_required"
	// CodeWasteWeight: the state wants a weight with the reason, which an
	// adjustment has no field for.
	CodeWasteWeight = "waste_weight"
	// CodeNegative: a package cannot have less than nothing.
	CodeNegative = "negative"
	// CodeNotSeen: nobody read what the package had when the change was made
	// up, so it cannot be told whether it still fits.
	CodeNotSeen = "not_seen"
	// CodeChangedThere: the package has another quantity than it had then.
	CodeChangedThere = "changed_there"
	// CodeHeld: the package is on hold, finished or discontinued.
	CodeHeld = "held"
	// CodeMissingThere: METRC has no such package at the license.
	CodeMissingThere = "missing_there"
	// CodeUnit: METRC keeps the package in another unit than ours.
	CodeUnit = "unit"
	// CodeBadPackage: METRC's row of the package cannot be used.
	CodeBadPackage = "bad_package"
)

// The codes of failures that only METRC has.
const (
	// CodeLicense: the keys may not speak for the license.
	CodeLicense = "unknown_license"
	// CodeMoving: a list changed each time it was read.
	CodeMoving = "list_moving"
	// CodeBehind: METRC does not show yet what was sent a moment ago.
	CodeBehind = "behind"
)

func manual(code, format string, args ...any) *syncer.Outcome {
	return &syncer.Outcome{Status: syncer.Manual, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func rejected(code, format string, args ...any) *syncer.Outcome {
	return &syncer.Outcome{Status: syncer.Rejected, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// byHand says what a person has to enter. The note stays out: it can be
// erased where it is, and could not be here.
func byHand(ch *pos.Change) *syncer.Outcome {
	had, reason := "", ch.TheirReason
	if ch.Seen != nil {
		had = fmt.Sprintf(" (it had %s)", ch.Seen)
	}
	if reason == "" {
		reason = "the one for " + ch.Reason.String()
	}
	return manual(CodeWriteOff, "Writing to METRC is off. Adjust the package %s there to %s%s, with the reason %s, for %s.",
		ch.Lot, amount(ch), had, reason, ch.OccurredAt)
}

// amount is what there shall be, with its unit.
func amount(ch *pos.Change) string {
	if ch.Unit == "" {
		return ch.Quantity.String()
	}
	return ch.Quantity.String() + " " + string(ch.Unit)
}
