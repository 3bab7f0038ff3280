package cmd

import (
	"net/url"
	"strings"
)

// shownAddress gives an address as it may be shown: without the name and
// password before the host, and with every value of its query taken out, which
// are where keys are put. One that cannot be read is not shown at all.
func shownAddress(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return redacted
	}
	if u.User != nil {
		u.User = url.User("redacted")
	}
	if u.RawQuery != "" {
		var parts []string
		for _, part := range strings.Split(u.RawQuery, "&") {
			name, _, found := strings.Cut(part, "=")
			if !found {
				name = "redacted" // a key may stand there alone
			}
			parts = append(parts, name+"=redacted")
		}
		u.RawQuery = strings.Join(parts, "&")
	}
	if u.Fragment != "" {
		u.Fragment, u.RawFragment = "redacted", ""
	}
	return u.String()
}
