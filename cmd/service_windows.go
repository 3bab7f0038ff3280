package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"
)

// windowsUnit reads what the service was installed with.
func windowsUnit() (*unit, error) {
	u := &unit{}
	err := withWindowsService(windows.SERVICE_QUERY_CONFIG, func(s *mgr.Service) error {
		line, err := commandLineOf(s.Handle)
		if err != nil {
			return err
		}
		words, err := windows.DecomposeCommandLine(line)
		if err == nil && len(words) > 1 {
			u.Program, u.Args = words[0], words[1:]
		}
		return err
	})
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return nil, errNotInstalled
	}
	if err != nil {
		return nil, withExit(exitNoAccess, fmt.Errorf("the service cannot be read: %w", err))
	}
	return u, nil
}

// commandLineOf asks for nothing else of a service: the rest is not known to every
// Windows.
func commandLineOf(service windows.Handle) (string, error) {
	for size := uint32(8 << 10); ; {
		buffer := make([]byte, size)
		c := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buffer[0]))
		err := windows.QueryServiceConfig(service, c, size, &size)
		if err == nil {
			return windows.UTF16PtrToString(c.BinaryPathName), nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) || size <= uint32(len(buffer)) {
			return "", err
		}
	}
}

// withWindowsService opens the service with some rights and no more, so that who
// is no administrator can ask for its status.
func withWindowsService(rights uint32, use func(*mgr.Service) error) error {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseServiceHandle(manager) }()
	name, err := windows.UTF16PtrFromString(serviceName)
	if err != nil {
		return err
	}
	handle, err := windows.OpenService(manager, name, rights)
	if err != nil {
		return err
	}
	s := &mgr.Service{Name: serviceName, Handle: handle}
	return errors.Join(use(s), s.Close())
}

// writeWindows makes the service, or changes the one that is there, and says
// what is done when it ends by itself.
func (s *serviceOptions) writeWindows(u *unit, update bool) error {
	if !update {
		svc, err := s.manage(u)
		if err != nil {
			return err
		}
		if err := svc.Install(); err != nil {
			return withExit(exitNoAccess, fmt.Errorf("the service cannot be installed: %w", err))
		}
	}
	err := withWindowsService(windows.SERVICE_ALL_ACCESS, func(s *mgr.Service) error {
		if update {
			line, err := windows.UTF16PtrFromString(windows.ComposeCommandLine(u.Command()))
			if err != nil {
				return err
			}
			const same = windows.SERVICE_NO_CHANGE
			if err := windows.ChangeServiceConfig(s.Handle, same, same, same, line, nil, nil, nil, nil, nil, nil); err != nil {
				return err
			}
		}
		err := s.SetRecoveryActions([]mgr.RecoveryAction{
			{Type: mgr.ServiceRestart, Delay: 2 * time.Second},
			{Type: mgr.ServiceRestart, Delay: 5 * time.Second},
			{Type: mgr.ServiceRestart, Delay: 30 * time.Second},
		}, uint32(day/time.Second))
		if err != nil {
			return fmt.Errorf("recovery actions: %w", err)
		}
		// A Windows that does not know this starts it again after a crash only.
		if err := s.SetRecoveryActionsOnNonCrashFailures(true); err != nil && !errors.Is(err, windows.ERROR_INVALID_LEVEL) {
			return fmt.Errorf("recovery after an exit code: %w", err)
		}
		return nil
	})
	if err != nil {
		return withExit(exitNoAccess, fmt.Errorf("the service cannot be set up: %w", err))
	}
	return nil
}

// seeWindows asks the service manager about the service.
func seeWindows() (*sighting, error) {
	v := &sighting{}
	err := withWindowsService(windows.SERVICE_QUERY_STATUS, func(s *mgr.Service) error {
		status, err := s.Query()
		if err != nil {
			return err
		}
		v.active, v.pid = status.State != svc.Stopped, int(status.ProcessId)
		v.exit = int(status.ServiceSpecificExitCode)
		if status.Win32ExitCode != uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) {
			v.exit = -1
			// Never started since the machine did is no failure.
			v.failed = status.Win32ExitCode != 0 && status.Win32ExitCode != uint32(windows.ERROR_SERVICE_NEVER_STARTED)
			v.said = "Windows says: " + windows.Errno(status.Win32ExitCode).Error()
		} else {
			v.failed = v.exit != 0
		}
		v.failed = v.failed && !v.active
		return nil
	})
	return v, err
}

// underManager runs the server for Windows' service manager. Our own handler
// does it, because that of the library cannot say with which code the server
// ended by itself, which is what the recovery actions go by.
func (s *serviceOptions) underManager(ctx context.Context, run func(context.Context) error) error {
	is, err := svc.IsWindowsService()
	if err != nil || !is && !s.forceSCM {
		return run(ctx)
	}
	h := &scmHandler{ctx: ctx, run: run}
	if err := svc.Run(serviceName, h); err != nil {
		return errors.Join(h.err, err)
	}
	return h.err
}

// scmHandler is the server as Windows' service manager sees it.
type scmHandler struct {
	ctx context.Context
	run func(context.Context) error
	err error
}

// Execute runs the server until it ends or is told to. A stop on request is never
// a failure to Windows, which would start it again.
func (h *scmHandler) Execute(_ []string, requests <-chan svc.ChangeRequest, changes chan<- svc.Status) (specific bool, code uint32) {
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	const accepts = svc.AcceptStop | svc.AcceptShutdown
	changes <- svc.Status{State: svc.Running, Accepts: accepts}
	for {
		select {
		case h.err = <-ended:
			if h.err == nil {
				return false, 0
			}
			return true, uint32(exitCode(h.err))
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				changes <- r.CurrentStatus
			case svc.Stop, svc.Shutdown:
				changes <- svc.Status{State: svc.StopPending, WaitHint: uint32((2 * stopLimit).Milliseconds())}
				stop()
				h.err = <-ended
				return false, 0
			}
		}
	}
}

// eventID is that of all events of the service.
const eventID = 1

// tellSystem writes an event, where the service has a source of events.
func tellSystem(text string) {
	if events, err := eventlog.Open(serviceName); err == nil {
		_ = events.Error(eventID, text)
		_ = events.Close()
	}
}

// defaultLogFile is where the service writes its log.
func defaultLogFile(_ bool, dir string) string { return filepath.Join(dir, "logs", "shelfd.log") }
