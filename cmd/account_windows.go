package cmd

import (
	"context"
	"crypto/sha1" //nolint:gosec // Windows makes the SID of a service of it.
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// serviceAccount is the virtual account of the service, which exists as long as
// the service does.
const serviceAccount = `NT SERVICE\shelfd`

// isAdmin tells whether this process may change the services of the machine.
func isAdmin() bool { return windows.GetCurrentProcessToken().IsElevated() }

// howAdmin says how to come by the rights for that.
const howAdmin = "the rights of an administrator: use a command prompt that was opened with Run as administrator"

// makeAccount does nothing: the account comes with the service.
func makeAccount(context.Context) error { return nil }

// reachable takes any program: who may install it may put it where it can run.
func (s *serviceOptions) reachable(string) error { return nil }

// becomeService does nothing: Windows starts the service as its account.
func becomeService(string) error { return nil }

// prepareAsService prepares the data directory. What an administrator makes there
// takes the access list of the directory.
func (s *serviceOptions) prepareAsService(ctx context.Context, _ *unit) (*prepared, error) {
	return s.prepare(ctx)
}

// own gives a directory and all in it to the service, the system and the
// administrators, and to nobody else.
func own(dir string) error {
	list := fmt.Sprintf("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%s)", serviceSID(serviceName))
	d, err := windows.SecurityDescriptorFromString(list)
	if err != nil {
		return err
	}
	acl, _, err := d.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil)
}

// serviceSID is the SID of a service's account, which follows from its name: it
// is needed before there is the service.
func serviceSID(name string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(strings.ToUpper(name))) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	sum := sha1.Sum(raw) //nolint:gosec // See above.
	sid := "S-1-5-80"
	for i := 0; i < len(sum); i += 4 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(sum[i:]))
	}
	return sid
}
