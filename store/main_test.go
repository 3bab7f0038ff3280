package store_test

import (
	"os"
	"testing"

	"github.com/shelfd/shelfd/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.InMemory()
	os.Exit(m.Run())
}
