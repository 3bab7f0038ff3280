package cmd

import "context"

// checkService tells how the service of this machine is, whatever directory is
// looked at.
func (d *doctor) checkService(ctx context.Context) []finding {
	s, err := d.serviceOptions().status(ctx)
	switch {
	case err != nil:
		return []finding{look("service", "service.unknown", "", "it cannot be asked for: %s", err)}
	case s.State == stateFailed:
		return []finding{bad("service", "service.failed", "mend that, then: shelfd service start", "it failed: %s", s.Reason)}
	case s.State == stateStopped:
		return []finding{look("service", "service.stopped", "shelfd service start", "it is installed and does not run")}
	case s.State == stateNotInstalled:
		return []finding{look("service", "service.not_installed", "shelfd service install starts shelfd with the machine", "shelfd is not installed as one")}
	case s.DataDir != "" && s.DataDir != d.dir:
		return []finding{look("service", "service.elsewhere", "name its directory with --data-dir to look at that", "it is %s, and its data are in %s", s.State, s.DataDir)}
	}
	return []finding{good("service", "service", "it is %s", s.State)}
}

// serviceOptions looks at the service as it was installed.
func (d *doctor) serviceOptions() *serviceOptions {
	o := *d.rootOptions
	o.configPath, o.dataDir = "", ""
	return &serviceOptions{rootOptions: &o}
}
