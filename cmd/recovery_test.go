package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestEveryTroubleSaysWhatIsSafeAndWhatToDo(t *testing.T) {
	manual, err := os.ReadFile("../docs/service.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := []int{exitFailure}
	for code := range troubles {
		codes = append(codes, code)
	}
	for _, code := range codes {
		trouble := troubleOf(withExit(code, errors.New("it is so")), "/srv/the shop")
		if trouble.Title == "" || trouble.Safe == "" || trouble.Wrong != "It is so." || len(trouble.Steps) == 0 {
			t.Errorf("exit code %d: %+v", code, trouble)
		}
		for _, step := range trouble.Steps {
			if strings.Contains(step.Command, "the shop") && !strings.Contains(step.Command, quoted("/srv/the shop")) {
				t.Errorf("%s cannot be typed as it is", step.Command)
			}
		}
		if row := fmt.Sprintf("| %#q | %d |", trouble.Code, code); !strings.Contains(string(manual), row) {
			t.Errorf("docs/service.md does not say %s", row)
		}
	}
}

func TestAServiceDoesNotWaitForWhatWaitingDoesNotMend(t *testing.T) {
	for code, want := range map[int]bool{
		exitUsage: false, exitConfig: false, exitStorage: false, exitAddress: false, exitInterrupted: false,
		exitFailure: true, exitNotFound: true, exitInUse: true, exitDamaged: true, exitNoAccess: true, exitFull: true,
		exitForeign: true, exitNewer: true,
	} {
		if got := canWait(withExit(code, errors.New("x"))); got != want {
			t.Errorf("exit code %d: it waits: %v", code, got)
		}
	}
}
