package pos

import (
	"log/slog"
	"time"

	"github.com/shelfd/shelfd/store"
)

// Kind is one kind of point of sale that there is a connector for.
type Kind struct {
	// Name is what the configuration calls it, Title what people do.
	Name, Title string
	// Capabilities are what every one of the kind can do. They are zero for a
	// kind whose connectors differ by their settings.
	Capabilities Capabilities
	// Options are the settings that the kind has besides the common ones.
	Options []Option
	// New makes a connector. The error is a sentence about the settings; it
	// reaches nothing.
	New func(Settings, Deps) (Connector, error)
}

// Option is a setting of a kind of point of sale.
type Option struct {
	Name     string
	Required bool
	// Help is a sentence.
	Help string
}

// Settings are what the configuration says of one point of sale.
type Settings struct {
	// Name is the destination's.
	Name string
	// URL is its address; empty for the kind's own.
	URL string
	// User and Key are how it knows us.
	User, Key string
	// CAFile is a PEM file of authorities to trust instead of the system's.
	CAFile string
	// Description is the text that describes the point of sale, for the kind
	// http, and File where it was read, for messages.
	Description []byte
	File        string
	// Options are those of the kind, by name.
	Options map[string]string
	// Timeout bounds a request, PerSecond how often it is asked; 0 for the
	// kind's own.
	Timeout   time.Duration
	PerSecond float64
}

// Deps are what a connector works with.
type Deps struct {
	Clock store.Clock
	Log   *slog.Logger
	// Version is the program's, for the User-Agent.
	Version string
}
