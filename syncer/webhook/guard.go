package webhook

import (
	"fmt"
	"net/netip"
)

// ForbiddenError is what dialling an address gives that nothing is sent to.
type ForbiddenError struct {
	Addr netip.Addr
	// LAN tells that it would be allowed to an endpoint in the shop's network.
	LAN bool
}

// Error names the address.
func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("%s is an address that nothing is sent to", e.Addr)
}

// The special-purpose addresses of the IANA registries (RFC 6890 and after)
// that are not on the internet, or lead to others.
var (
	// local ones are allowed to an endpoint that is marked LAN.
	local = prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
	// never are allowed to nobody: this network, link-local with the metadata
	// of clouds, protocol assignments, documentation, relays, benchmarks,
	// multicast and reserved ones.
	never = prefixes(
		"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
		"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"100.100.100.200/32", "168.63.129.16/32",
		"::/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48",
		"3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8",
		"fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128",
	)
	// global is what IPv6 has given out so far: all else is no place on the
	// internet.
	global = netip.MustParsePrefix("2000::/3")
)

// carriers hold an IPv4 address in an IPv6 one, from a byte on.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},   // IPv4-mapped
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated, RFC 2765
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64, RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
}

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, text := range list {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// check tells whether something may be sent to an address; the error is a
// *ForbiddenError. lan is that of the endpoint.
func check(a netip.Addr, lan bool) error {
	bare := a.Unmap().WithZone("")
	if a.Zone() != "" || !bare.IsValid() || within(never, bare) {
		return &ForbiddenError{Addr: a}
	}
	if within(local, bare) {
		if lan {
			return nil
		}
		return &ForbiddenError{Addr: a, LAN: true}
	}
	if bare.Is4() {
		return nil
	}
	if inner, ok := carried(bare); ok {
		return checkCarried(a, inner)
	}
	if !global.Contains(bare) {
		return &ForbiddenError{Addr: a}
	}
	return nil
}

// checkCarried judges an IPv6 address by the IPv4 address in it. Such forms are
// ways around a filter rather than the way to a printer: even where LAN is
// allowed a local address has to be written as what it is.
func checkCarried(a, inner netip.Addr) error {
	if within(never, inner) || within(local, inner) || !nat64.Contains(a) {
		return &ForbiddenError{Addr: a}
	}
	return nil
}

// nat64 is how a network with IPv6 alone reaches the IPv4 internet; the other
// carriers are of no use today.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// carried gives the IPv4 address that an IPv6 address stands for.
func carried(a netip.Addr) (netip.Addr, bool) {
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			b := a.As16()
			return netip.AddrFrom4([4]byte(b[c.at : c.at+4])), true
		}
	}
	return netip.Addr{}, false
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
