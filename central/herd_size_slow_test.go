//go:build slow

package central_test

// herdStores is how many stores come at once.
const herdStores = 10_000
