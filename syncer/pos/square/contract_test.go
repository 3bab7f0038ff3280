package square

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

func TestSquareKeepsTheContract(t *testing.T) {
	postest.Run(t, func(t testing.TB) postest.Sim { return newSim(t) })
}

// A till that was away reports what happened before the last count. Square
// would let that count swallow it.
func TestAChangeFromBeforeACountIsNotSwallowed(t *testing.T) {
	b := postest.Open(t, newSim(t))
	now, _ := b.Now()
	b.Must(&store.Adjust{
		Item: b.Items[1], Change: -20_000, Reason: store.Damage, Notes: "broken", Offline: true, OccurredAt: now.Add(-10 * time.Minute),
	})
	b.Sync(store.SyncIncremental)
	b.Agree(1, 98)
}
