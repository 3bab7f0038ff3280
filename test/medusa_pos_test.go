//go:build slow

package test

import "testing"

// settings log in as the administrator that startMedusa makes.
func (m *medusa) settings() (address, lines string) {
	return m.address, "      file: medusa\n      user: admin@example.com\n      key: supersecret\n"
}

// sellAll sells one SKU after another: an order of Medusa's is of one here.
func (m *medusa) sellAll(units map[string]int) (order string) {
	m.t.Helper()
	for sku, n := range units {
		order = m.sell(sku, n)
	}
	return order
}

// TestMedusaAndCentralAgreeWithTheShelf is the second dialect: the same work
// on both sides of another program's interface.
func TestMedusaAndCentralAgreeWithTheShelf(t *testing.T) {
	s := openPOSShop(t, startMedusa(t), 6)
	s.work(60, 3, func() {})
	s.agree()
	t.Run("a hand at Medusa is found and set right", s.drift)
	s.stop(t)
	verify(t, s.dir)
}
