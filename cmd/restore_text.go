package cmd

import (
	"fmt"
)

// keyText says what the signature of a backup is worth.
func (s *restoring) keyText() string {
	if s.report.Proven {
		return "which is known here"
	}
	return "which came with the backup: only a copy of " + keyFile + " could prove that it is this store's"
}

// beyondText says what the ledger before has that the backup does not.
func (s *restoring) beyondText() string {
	switch n := s.report.Beyond; {
	case n < 0:
		return ", and differs from the backup; keep it"
	case n == 0:
		return ", and has nothing that the backup lacks"
	default:
		return fmt.Sprintf(", with %s entries after the backup; those that central has come back by themselves", thousands(n))
	}
}

// nextText says what a person has to do now.
func (s *restoring) nextText() string {
	text := "Next: start the server."
	if s.file.manifest.Demo {
		text = "Next: start it with shelfd serve --demo; these are demo data."
	}
	if _, err := enrolmentOf(s.options.config, s.dir); err != nil {
		text += " To sync with central, enrol it again (shelfd sync enroll)."
	}
	if s.report.Beyond < 0 {
		text += " Tokens that were revoked after the backup are good again: see shelfd token list."
	}
	return text
}
