package square

import (
	"testing"

	"github.com/shelfd/shelfd/syncer/pos/postest"
)

func TestSquareKeepsTheContract(t *testing.T) {
	postest.Run(t, func(t testing.TB) postest.Sim { return newSim(t) })
}
