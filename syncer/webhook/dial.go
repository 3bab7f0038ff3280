package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// Dial makes a connection to an address and port; it is net.Dialer's.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Resolve gives the addresses of a host.
type Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

// lookup asks the machine's resolver.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// dialer connects an endpoint. A name is resolved once for a connection, and
// what it gave is looked at and dialled: whatever the name means a moment later
// does not count.
type dialer struct {
	lan     bool
	resolve Resolve
	// dial is another way to connect than the network, for tests; nil for none.
	dial Dial
}

// connect dials the first address that is allowed and answers. When none is
// allowed the error is a *ForbiddenError.
func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	list, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, a := range list {
		err := check(a, d.lan)
		if err == nil {
			var c net.Conn
			if c, err = d.open(ctx, network, net.JoinHostPort(a.Unmap().String(), port)); err == nil {
				return c, nil
			}
		}
		faults = append(faults, err)
	}
	if len(faults) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	return nil, errors.Join(faults...)
}

func (d *dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return d.resolve(ctx, host)
}

// open connects to an address that was looked at. The socket looks once more,
// at what it really connects to.
func (d *dialer) open(ctx context.Context, network, address string) (net.Conn, error) {
	if d.dial != nil {
		return d.dial(ctx, network, address)
	}
	guarded := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return check(to.Addr(), d.lan)
	}}
	return guarded.DialContext(ctx, network, address)
}
