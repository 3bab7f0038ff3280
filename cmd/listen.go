package cmd

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// listen opens the listener; the errors say what to do and end the process with
// exitAddress.
func listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, errAddressInUse):
		return nil, withExit(exitAddress, fmt.Errorf("%s is in use by another program; stop that, or choose another port with listen in the configuration, or --listen", address))
	case errors.Is(err, os.ErrPermission):
		return nil, withExit(exitAddress, fmt.Errorf("%s needs more rights than this account has; choose a port from 1024 on with listen in the configuration, or --listen", address))
	case err != nil:
		return nil, withExit(exitAddress, fmt.Errorf("cannot listen on %s: %w", address, err))
	}
	return ln, nil
}

// errAddressInUse is Windows' WSAEADDRINUSE, which package syscall does not have.
const errAddressInUse = syscall.Errno(10048)

// encrypt puts TLS on a listener and gives the pin of the certificate.
func encrypt(ln net.Listener, c TLSConfig) (net.Listener, string, error) {
	pair, err := tls.LoadX509KeyPair(string(c.Cert), string(c.Key))
	if err != nil {
		return ln, "", withExit(exitConfig, fmt.Errorf("tls: %w", err))
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	return tls.NewListener(ln, config), certificatePin(pair.Certificate[0]), nil
}

// reachable is the address at which this machine reaches a listener.
func reachable(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err == nil && at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
	}
	return a.String()
}

// isEveryAddress tells whether a host to listen on means all addresses.
func isEveryAddress(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// reachableText is the address at which this machine reaches a listener of the
// configuration.
func reachableText(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err == nil && isEveryAddress(host) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// pinOfFile gives the pin of the first certificate in a PEM file.
func pinOfFile(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return "", fmt.Errorf("%s is not a PEM file", name)
	}
	return certificatePin(block.Bytes), nil
}
