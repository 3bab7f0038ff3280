package cmd

// Config is everything an operator can set. Keys, defaults and units are in
// config.example.yaml. A value comes from a flag, else from an environment
// variable, else from the file, else it is the default.
type Config struct {
	DataDir Path   `yaml:"data_dir"`
	Listen  string `yaml:"listen"`
	// AllowedHosts are values of the Host header that are served besides
	// loopback names and the address listened on.
	AllowedHosts []string `yaml:"allowed_hosts"`
	// InsecureLAN allows a non-loopback Listen without TLS.
	InsecureLAN bool `yaml:"insecure_lan"`
	// AdminToken becomes the admin token of a new data directory; when empty
	// one is made and printed.
	AdminToken Secret `yaml:"admin_token"`
	// MachineID stands for the id of a machine that has none, such as a
	// container.
	MachineID string `yaml:"machine_id"`

	RequireIdempotencyKey bool `yaml:"require_idempotency_key"`
	HideCostFromTerminals bool `yaml:"hide_cost_from_terminals"`

	TLS         TLSConfig        `yaml:"tls"`
	Log         LogConfig        `yaml:"log"`
	Limits      LimitsConfig     `yaml:"limits"`
	Rules       RulesConfig      `yaml:"rules"`
	Checkpoints CheckpointConfig `yaml:"checkpoints"`
	Sync        SyncConfig       `yaml:"sync"`
	Central     CentralConfig    `yaml:"central"`
}

// TLSConfig names a certificate chain and its key, both PEM files; both empty
// means plain HTTP.
type TLSConfig struct {
	Cert Path `yaml:"cert"`
	Key  Path `yaml:"key"`
}

// LogConfig says what a server writes about itself, and where.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is text or json.
	Format string `yaml:"format"`
	// Requests logs every request, not only those that failed.
	Requests bool `yaml:"requests"`
	// File is written instead of standard error; empty for standard error, or
	// what suits the service manager.
	File Path `yaml:"file"`
	// MaxSize is the size at which the file is put aside; Keep is how many of
	// those stay.
	MaxSize Size `yaml:"max_size"`
	Keep    int  `yaml:"keep"`
}

// LimitsConfig bounds what one client may cost.
type LimitsConfig struct {
	Body       Size `yaml:"body"`
	ImportBody Size `yaml:"import_body"`
	// RequestsPerSecond and Burst hold for each token.
	RequestsPerSecond int      `yaml:"requests_per_second"`
	Burst             int      `yaml:"burst"`
	ReadTimeout       Duration `yaml:"read_timeout"`
	WriteTimeout      Duration `yaml:"write_timeout"`
	IdleTimeout       Duration `yaml:"idle_timeout"`
}

// RulesConfig is what the ledger accepts.
type RulesConfig struct {
	// BackdateLimit is how old occurred_at may be without a manager.
	BackdateLimit      Duration    `yaml:"backdate_limit"`
	NotesRequiredAbove NotesConfig `yaml:"notes_required_above"`
	// LowStockHysteresis is how far above its threshold stock must rise before
	// low stock fires again.
	LowStockHysteresis Percent `yaml:"low_stock_hysteresis"`
	// CatalogueOwner and ThresholdOwner tell whose word counts for products
	// and prices, and for low-stock thresholds: central's or the store's.
	CatalogueOwner string `yaml:"catalogue_owner"`
	ThresholdOwner string `yaml:"threshold_owner"`
	// SubReasons is the whole table; the ledger knows its own besides.
	SubReasons []SubReasonConfig `yaml:"sub_reasons"`
}

// NotesConfig is the quantity, by reason code, above which a movement needs
// notes.
type NotesConfig struct {
	Theft      Decimal `yaml:"THEFT"`
	Adjustment Decimal `yaml:"ADJUSTMENT"`
}

// SubReasonConfig is one row of the table of sub-reasons.
type SubReasonConfig struct {
	Code string `yaml:"code"`
	// Reasons are the reason codes it may stand below.
	Reasons     []string `yaml:"reasons"`
	Description string   `yaml:"description"`
}

// CheckpointConfig says how often the state of the ledger is put on record.
type CheckpointConfig struct {
	// HeadInterval is the time between saved heads.
	HeadInterval Duration `yaml:"head_interval"`
}

// SyncConfig is what a store sends where, and when.
type SyncConfig struct {
	Central SyncCentralConfig `yaml:"central"`
	// Incremental and Full are cron expressions in the time zone of the
	// location; empty for never.
	Incremental Schedule `yaml:"incremental"`
	Full        Schedule `yaml:"full"`
	// FirstContact is the longest random delay of the first contact after a
	// start.
	FirstContact Duration `yaml:"first_contact"`
	// LongPoll keeps a request open at central, so that commands come at once.
	LongPoll bool `yaml:"long_poll"`
	// POS are the points of sale, and the states' registers.
	POS []POSConfig `yaml:"pos"`
}

// SyncCentralConfig says where central is for a store that is enrolled by its
// configuration; shelfd sync enroll writes both into the data directory
// instead.
type SyncCentralConfig struct {
	URL string `yaml:"url"`
	// CA is a PEM file of the authorities to trust instead of the system's.
	CA Path `yaml:"ca"`
	// KeyFile holds the key that enrolling gave.
	KeyFile Path `yaml:"key_file"`
}

// CentralConfig is for the head office's server.
type CentralConfig struct {
	Listen string `yaml:"listen"`
	// Database is a PostgreSQL connection URL or keyword string.
	Database Secret `yaml:"database"`
	// MaxConnections bounds the connections to it of this process.
	MaxConnections int `yaml:"max_connections"`
	// InFlight bounds the requests that stores have under way.
	InFlight int `yaml:"in_flight"`
}
