package httpapi_test

import (
	"testing"

	"github.com/shelfd/shelfd/syncer/pos/postest"
)

func TestDescribedPointsOfSaleKeepTheContract(t *testing.T) {
	t.Run("absolute", func(t *testing.T) {
		postest.Run(t, func(t testing.TB) postest.Sim { return newSim(t) })
	})
	t.Run("changes", func(t *testing.T) {
		postest.Run(t, func(t testing.TB) postest.Sim { return newDeltaSim(t) })
	})
}
