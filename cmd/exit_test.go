package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// TestExitCodesAreAContract holds the numbers themselves and the manual to
// account: scripts depend on them.
func TestExitCodesAreAContract(t *testing.T) {
	manual, err := os.ReadFile("../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 130}
	for i, code := range []int{
		exitOK, exitFailure, exitUsage, exitConfig, exitNotFound, exitRefused, exitUnreachable,
		exitInUse, exitDamaged, exitStorage, exitPartial, exitUnsynced, exitDiffers,
		exitAddress, exitNoAccess, exitFull, exitForeign, exitNewer, exitUnwell, exitStopped, exitFailed, exitInterrupted,
	} {
		if code != want[i] {
			t.Errorf("the code in place %d is %d, want %d", i, code, want[i])
		}
		if !bytes.Contains(manual, fmt.Appendf(nil, "\n| %d |", code)) {
			t.Errorf("docs/exit-codes.md does not document %d", code)
		}
	}
}

func TestExitCodeIsThatOfTheOutermostErrorThatHasOne(t *testing.T) {
	cause := errors.New("cause")
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{withExit(exitConfig, nil), exitOK},
		{cause, exitFailure},
		{withExit(exitDamaged, cause), exitDamaged},
		{fmt.Errorf("verify: %w", withExit(exitDamaged, cause)), exitDamaged},
		{withExit(exitNotFound, fmt.Errorf("import: %w", withExit(exitRefused, cause))), exitNotFound},
		{errors.Join(cause, withExit(exitInUse, cause)), exitInUse},
		{fmt.Errorf("import: %w", context.Canceled), exitInterrupted},
		{withExit(exitUnreachable, context.Canceled), exitUnreachable},
		{context.DeadlineExceeded, exitFailure},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v ends the process with %d, want %d", tc.err, got, tc.want)
		}
	}
	if err := withExit(exitUsage, cause); !errors.Is(err, cause) || err.Error() != "cause" {
		t.Errorf("withExit hides its cause: %v", err)
	}
}
