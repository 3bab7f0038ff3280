//go:build !slow

package storetest

// thorough: this is the slow suite.
const thorough = false
