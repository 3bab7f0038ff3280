package cmd

import "context"

// serviceState is what the system's service manager says of shelfd.
type serviceState struct {
	// State is running, starting, stopped, failed, not installed or unknown.
	State string
	// Reason says why it failed, empty otherwise.
	Reason string
}

// serviceCheck asks the system's service manager.
func (d *doctor) serviceCheck(context.Context) (serviceState, error) {
	return serviceState{State: "unknown"}, nil
}

func (d *doctor) checkService(ctx context.Context) []finding {
	s, err := d.serviceCheck(ctx)
	switch {
	case err != nil:
		return []finding{look("service", "service.unknown", "", "it cannot be asked for: %s", err)}
	case s.State == "failed":
		return []finding{bad("service", "service.failed", "mend that, then: shelfd service start", "it failed: %s", s.Reason)}
	case s.State == "stopped":
		return []finding{look("service", "service.stopped", "shelfd service start", "it is installed and does not run")}
	case s.State == "not installed":
		return []finding{look("service", "service.not_installed", "shelfd service install starts shelfd with the machine", "shelfd is not installed as one")}
	case s.State == "running", s.State == "starting":
		return []finding{good("service", "service", "it is %s", s.State)}
	}
	return nil
}
