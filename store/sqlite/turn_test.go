package sqlite

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestWhatIsAppendedGoesBeforeAllElseThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turn
		var order []string
		turns.take(false)
		for _, c := range []struct {
			name  string
			first bool
		}{{"a row", false}, {"another row", false}, {"an entry", true}} {
			go func() {
				turns.take(c.first)
				order = append(order, c.name)
				turns.give()
			}()
			synctest.Wait()
		}
		turns.give()
		synctest.Wait()
		if want := []string{"an entry", "a row", "another row"}; !slices.Equal(order, want) {
			t.Errorf("they wrote in the order %q, want %q", order, want)
		}
		turns.take(false)
		turns.give()
	})
}
