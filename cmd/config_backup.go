package cmd

import "path/filepath"

// BackupConfig says when the server makes backups, where, and how many stay.
type BackupConfig struct {
	// Schedule is a cron expression in the time zone of the machine; empty for
	// never.
	Schedule Schedule `yaml:"schedule"`
	// Keep is how many stay.
	Keep int `yaml:"keep"`
	// Dir holds them; empty for backups in the data directory.
	Dir Path `yaml:"dir"`
}

func (b BackupConfig) check(errs *keyErrors) {
	checkRange(errs, "backup.keep", plainInt(b.Keep), 1, 1000)
}

// dirIn gives where the backups of a data directory go.
func (b BackupConfig) dirIn(data string) string {
	if b.Dir != "" {
		return string(b.Dir)
	}
	return filepath.Join(data, "backups")
}
