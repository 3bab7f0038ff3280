package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kardianos/service"
	"github.com/spf13/cobra"
)

// serviceName is what every service manager knows the server by.
const serviceName = "shelfd"

// serviceOptions is a command about the service of this machine, or with user
// about that of the account.
type serviceOptions struct {
	*rootOptions
	user  bool
	start bool
	// logFile is where a service without a journal writes when its configuration
	// names nothing.
	logFile string
	// forceSCM speaks to Windows' service manager even where the program cannot
	// tell that it was started by it.
	forceSCM bool
	lines    int
	follow   bool
}

func newServiceCommand(o *rootOptions) *cobra.Command {
	s := &serviceOptions{rootOptions: o}
	c := newParent("service", "Run the server as a service of this machine",
		s.installCommand(), s.uninstallCommand(),
		s.command("start", "Start the service", s.startService, exitNotFound, exitNoAccess, exitFailed),
		s.command("stop", "Stop the service", s.stopService, exitNotFound, exitNoAccess),
		s.command("restart", "Stop the service and start it again", s.restartService, exitNotFound, exitNoAccess, exitFailed),
		s.command("status", "Say how the service is, and why", s.showStatus, exitNotFound, exitStopped, exitFailed),
		s.logsCommand(), s.runCommand(), s.prepareCommand())
	c.Long = `Makes the server a service: it starts with the machine, and again when it ends.

The service has an account of its own, shelfd, and its data belong to that alone.
Commands such as shelfd token list reach it with sudo, or as administrator. With
--user it is a service of this account instead, for systemd and for macOS.`
	c.PersistentFlags().BoolVar(&s.user, "user", false, "the service of this account, not of the machine")
	return c
}

// command makes a command below service that has no flags of its own.
func (s *serviceOptions) command(use, short string, run func(context.Context) error, codes ...int) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs, Long: short + "." + exitStatus(codes...),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context()) },
	}
}

func (s *serviceOptions) installCommand() *cobra.Command {
	c := s.command("install", "Make it a service, or bring the service up to date", s.install,
		exitInUse, exitDamaged, exitNoAccess, exitFull, exitForeign, exitNewer, exitFailed)
	c.Long = `Makes the account shelfd, its data directory with a new ledger, and the service,
which then starts with the machine. The first admin token is printed, once.

Installing again keeps the data and brings the service up to date: after the
program was moved, or with another --config or --data-dir.` + exitStatus(exitInUse, exitDamaged, exitNoAccess, exitFull, exitForeign, exitNewer, exitFailed)
	c.Flags().BoolVar(&s.start, "start", false, "start it too")
	return c
}

func (s *serviceOptions) uninstallCommand() *cobra.Command {
	c := s.command("uninstall", "Stop the service and remove it; account and data stay", s.uninstall, exitNotFound, exitNoAccess)
	return c
}

// loadService reads the settings of the service, which are those of the machine
// unless it is the account's. What it was installed with goes before the
// defaults.
func (s *serviceOptions) loadService(installed []string) error {
	s.system = !s.user
	for i := 0; i+1 < len(installed); i++ {
		switch value := installed[i+1]; installed[i] {
		case "--config":
			if _, named := namedConfig(s.configPath, s.env); !named {
				s.configPath = value
			}
		case "--data-dir":
			if s.dataDir == "" && variable(s.env, envName("data_dir")) == "" {
				s.dataDir = value
			}
		}
	}
	return s.load()
}

// needRights refuses who may not change the services of this machine.
func (s *serviceOptions) needRights() error {
	if s.user {
		if !hasUserServices() {
			return withExit(exitUsage, fmt.Errorf("--user: %s has no services of one account; leave --user out", platform()))
		}
		return nil
	}
	if !isAdmin() {
		return withExit(exitNoAccess, errors.New("changing a service of this machine needs "+howAdmin))
	}
	return nil
}

// asAdmin is a command of ours as it must be typed to have the rights for the
// service of this machine; "" and others' stay as they are.
func (o *rootOptions) asAdmin(command string) string {
	if o.system && platform() != onWindows && strings.HasPrefix(command, "shelfd ") {
		return "sudo " + command
	}
	return command
}

// platform names the service manager of this machine, as the library calls it.
func platform() string { return service.Platform() }

// hasUserServices tells whether the service manager has services of one account.
func hasUserServices() bool { return platform() == onSystemd || platform() == onLaunchd }

// The service managers that are treated apart.
const (
	onSystemd = "linux-systemd"
	onSysv    = "unix-systemv"
	onOpenRC  = "linux-openrc"
	onLaunchd = "darwin-launchd"
	onWindows = "windows-service"
)

// manage gives the library's hold of the service.
func (s *serviceOptions) manage(u *unit) (service.Service, error) {
	text, err := u.render(platform())
	if err != nil {
		return nil, err
	}
	config := &service.Config{
		Name: serviceName, DisplayName: "shelfd", Description: "Keeps the stock of a store in a ledger and serves it over REST.",
		UserName: u.Account, Executable: u.Program, Arguments: u.Args,
		Option: service.KeyValue{
			"UserService": s.user, "SystemdScript": text, "SysvScript": text, "OpenRCScript": text, "LaunchdConfig": text,
			"OnFailure": "restart", "OnFailureDelayDuration": "2s", "OnFailureResetPeriod": 86400,
		},
	}
	return service.New(noProgram{}, config)
}

// noProgram stands for the program where the service is only managed.
type noProgram struct{}

// Start is never called.
func (noProgram) Start(service.Service) error { return nil }

// Stop is never called.
func (noProgram) Stop(service.Service) error { return nil }

// unitFile is where a service manager keeps what describes the service; "" when
// that is no file.
func (s *serviceOptions) unitFile() string {
	home, _ := os.UserHomeDir()
	switch platform() {
	case onSystemd:
		if s.user {
			return home + "/.config/systemd/user/" + serviceName + ".service"
		}
		return "/etc/systemd/system/" + serviceName + ".service"
	case onLaunchd:
		if s.user {
			return home + "/Library/LaunchAgents/" + serviceName + ".plist"
		}
		return "/Library/LaunchDaemons/" + serviceName + ".plist"
	case "linux-upstart":
		return "/etc/init/" + serviceName + ".conf"
	case onWindows:
		return ""
	}
	return "/etc/init.d/" + serviceName
}

// needInstalled gives the hold of a service that is installed.
func (s *serviceOptions) needInstalled() (service.Service, *unit, error) {
	if err := s.needRights(); err != nil {
		return nil, nil, err
	}
	u, err := s.installedUnit()
	if err != nil {
		return nil, nil, err
	}
	svc, err := s.manage(u)
	return svc, u, err
}

// errNotInstalled tells what to do first.
var errNotInstalled = withExit(exitNotFound, errors.New("the service is not installed; shelfd service install does that"))
