package metrc

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

func TestMetrcKeepsTheContract(t *testing.T) {
	// A state has reasons of its own.
	reasons := func(c *pos.Config) {
		c.Reasons = map[store.Reason]string{store.Damage: "Waste"}
	}
	postest.Run(t, func(t testing.TB) postest.Sim { return newSim(t) }, reasons)
}
