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

	RequireIdempotencyKey bool `yaml:"require_idempotency_key"`
	HideCostFromTerminals bool `yaml:"hide_cost_from_terminals"`

	TLS         TLSConfig        `yaml:"tls"`
	Log         LogConfig        `yaml:"log"`
	Limits      LimitsConfig     `yaml:"limits"`
	Rules       RulesConfig      `yaml:"rules"`
	Checkpoints CheckpointConfig `yaml:"checkpoints"`
}

// TLSConfig names a certificate chain and its key, both PEM files; both empty
// means plain HTTP.
type TLSConfig struct {
	Cert Path `yaml:"cert"`
	Key  Path `yaml:"key"`
}

// LogConfig says what is written to standard error.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is text or json.
	Format string `yaml:"format"`
	// Requests logs every request, not only those that failed.
	Requests bool `yaml:"requests"`
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
