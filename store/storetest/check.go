package storetest

import (
	"flag"
	"strconv"
	"testing"
)

// Some is few, or all when built with the tag slow: how much to try of what
// takes long.
func Some(few, all int) int {
	if thorough {
		return all
	}
	return few
}

// FewChecks has rapid try the property of a test, which takes whole shops,
// fewer times, or many when built with the tag slow. -rapid.checks says
// otherwise.
func FewChecks(t testing.TB) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = flag.Set(checks.Name, strconv.Itoa(Some(25, 400)))
		t.Cleanup(func() { _ = flag.Set(checks.Name, checks.DefValue) })
	}
}
