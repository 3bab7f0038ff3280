package central

import "github.com/shelfd/shelfd/store"

// Older makes c a program that cannot read some entries.
func (c *Central) Older(unreadable func(canonical []byte) bool) {
	c.parse = func(b []byte) (*store.Entry, error) {
		if unreadable(b) {
			return nil, store.ErrNewer
		}
		return store.ParseEntry(b)
	}
}
