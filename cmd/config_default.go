package cmd

import (
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const day = 24 * time.Hour

// defaultConfig gives the value of every key that nobody set. DataDir is empty
// when this account has no home.
func defaultConfig() Config {
	return Config{
		DataDir: Path(defaultDataDir()),
		Listen:  "127.0.0.1:8321",
		Log:     LogConfig{Level: "info", Format: "text", MaxSize: 10 << 20, Keep: 5},
		Limits: LimitsConfig{
			Body:              4 << 20,
			ImportBody:        8 << 20,
			RequestsPerSecond: 1000,
			Burst:             2000,
			ReadTimeout:       Duration(30 * time.Second),
			WriteTimeout:      Duration(time.Minute),
			IdleTimeout:       Duration(2 * time.Minute),
		},
		Rules: RulesConfig{
			BackdateLimit:      Duration(45 * day),
			NotesRequiredAbove: NotesConfig{Theft: "5", Adjustment: "50"},
			LowStockHysteresis: 10,
			CatalogueOwner:     "central",
			ThresholdOwner:     "central",
			SubReasons:         defaultSubReasons(),
		},
		Checkpoints: CheckpointConfig{HeadInterval: Duration(time.Hour)},
		Sync: SyncConfig{
			Incremental: "*/15 * * * *", Full: "30 2 * * *", FirstContact: Duration(time.Minute), LongPoll: true,
			POS: []POSConfig{},
		},
		Central: CentralConfig{Listen: "127.0.0.1:8322", MaxConnections: 16, InFlight: 256},
	}
}

func defaultSubReasons() []SubReasonConfig {
	return []SubReasonConfig{
		{"received", []string{"TRANSFER"}, "Received from a supplier or another licence"},
		{"shipped", []string{"TRANSFER"}, "Sent to another licence"},
		{"restock", []string{"TRANSFER", "RETURN"}, "Put back on the shelf"},
		{"cycle_count", []string{"AUDIT"}, "Found in a scheduled count"},
		{"recount", []string{"AUDIT"}, "Found when counting again"},
		{"data_entry", []string{"ADJUSTMENT", "AUDIT"}, "A typing mistake put right"},
		{"sample", []string{"ADJUSTMENT"}, "Given or taken as a sample"},
		{"display", []string{"ADJUSTMENT"}, "Opened for display"},
		{"waste", []string{"ADJUSTMENT", "DAMAGE"}, "Destroyed under waste rules"},
		{"expired", []string{"DAMAGE", "ADJUSTMENT"}, "Past its expiry"},
		{"broken", []string{"DAMAGE"}, "Broken or spilled"},
		{"defective", []string{"DAMAGE", "RETURN"}, "Faulty as made"},
		{"shoplifting", []string{"THEFT"}, "Taken by a visitor"},
		{"internal", []string{"THEFT"}, "Taken by staff"},
		{"unwanted", []string{"RETURN"}, "Returned unopened"},
		{"recall", []string{"RETURN", "TRANSFER", "ADJUSTMENT"}, "Called back by the maker or the state"},
	}
}

// defaultDataDir is where a service keeps its data on this system, or below
// the account's own configuration when it is not root.
func defaultDataDir() string {
	if isRoot() {
		return systemDir()
	}
	return ownDir("")
}

// defaultConfigPath is the file that is read when none is named.
func defaultConfigPath() string {
	if isRoot() {
		return systemConfigPath()
	}
	return ownDir("config.yaml")
}

// isRoot tells whether this process may do everything on a Unix system.
func isRoot() bool { return os.Geteuid() == 0 }

// systemDir is where the service of this machine keeps its data.
func systemDir() string {
	switch runtime.GOOS {
	case "windows":
		return ownDir("")
	case "darwin":
		return "/Library/Application Support/shelfd"
	}
	return "/var/lib/shelfd"
}

// systemConfigPath is the configuration of the service of this machine.
func systemConfigPath() string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return filepath.Join(systemDir(), "config.yaml")
	}
	return "/etc/shelfd/config.yaml"
}

// ownDir gives name in the directory that is shelfd's own; "" when this
// account has no home.
func ownDir(name string) string {
	base, err := os.UserConfigDir()
	if runtime.GOOS == "windows" && os.Getenv("ProgramData") != "" {
		base, err = os.Getenv("ProgramData"), nil
	}
	if err != nil {
		return ""
	}
	return filepath.Join(base, "shelfd", name)
}
