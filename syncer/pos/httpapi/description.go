package httpapi

import "time"

// description is a file as it is written. A source is jq or another text that
// is compiled later, so that all faults are found together.
type description struct {
	Name    string                `yaml:"name,required"`
	Title   string                `yaml:"title"`
	URL     string                `yaml:"url"`
	Rate    rateText              `yaml:"rate"`
	Burst   int                   `yaml:"burst"`
	Timeout time.Duration         `yaml:"timeout"`
	Lots    bool                  `yaml:"lots"`
	Options map[string]optionText `yaml:"options"`
	Auth    *authText             `yaml:"auth"`
	Error   *source               `yaml:"error"`

	Check     *checkText `yaml:"check,required"`
	Rooms     *readText  `yaml:"rooms"`
	Reasons   *readText  `yaml:"reasons"`
	Catalogue *readText  `yaml:"catalogue"`
	Stock     *stockText `yaml:"stock"`
	Sales     *salesText `yaml:"sales"`
	Write     *writeText `yaml:"write"`
}

// optionText is a setting that the file adds to those of every point of sale.
type optionText struct {
	Help     string  `yaml:"help,required"`
	Default  *source `yaml:"default"`
	Required bool    `yaml:"required"`
}

// authText says how the point of sale knows us.
type authText struct {
	Headers map[string]source `yaml:"headers"`
	Query   map[string]source `yaml:"query"`
	Basic   *basicText        `yaml:"basic"`
	Login   *loginText        `yaml:"login"`
}

// basicText is HTTP Basic, of the configured user and key where left out.
type basicText struct {
	User     *source `yaml:"user"`
	Password *source `yaml:"password"`
}

// loginText is a request whose answer yields a token.
type loginText struct {
	Request *requestText `yaml:"request,required"`
	Error   *source      `yaml:"error"`
	Token   *source      `yaml:"token,required"`
}

// requestText is one request. At most one of Body, Form and GraphQL.
type requestText struct {
	Method    *source `yaml:"method"`
	Path      *source `yaml:"path,required"`
	Query     *source `yaml:"query"`
	Headers   *source `yaml:"headers"`
	Body      *source `yaml:"body"`
	Form      *source `yaml:"form"`
	GraphQL   *source `yaml:"graphql"`
	Variables *source `yaml:"variables"`
	// Empty: an answer without a body is good.
	Empty bool `yaml:"empty"`
}

type checkText struct {
	Request *requestText `yaml:"request,required"`
	Error   *source      `yaml:"error"`
	Name    *source      `yaml:"name"`
	Time    *source      `yaml:"time"`
}

// readText is a list that is read in pages.
type readText struct {
	List    *listText    `yaml:"list"`
	Request *requestText `yaml:"request,required"`
	Next    *source      `yaml:"next"`
	Error   *source      `yaml:"error"`
	Rows    *source      `yaml:"rows,required"`
}

// listText is read first, where rows need a request for each of its items.
type listText struct {
	Request *requestText `yaml:"request,required"`
	Next    *source      `yaml:"next"`
	Error   *source      `yaml:"error"`
	Items   *source      `yaml:"items,required"`
	Most    int          `yaml:"most"`
}

type stockText struct {
	readText
	Only *onlyText `yaml:"only"`
}

// onlyText reads the stock of some places; what it leaves out is as for all.
type onlyText struct {
	Most    int          `yaml:"most"`
	Request *requestText `yaml:"request,required"`
	Next    *source      `yaml:"next"`
	Error   *source      `yaml:"error"`
	Rows    *source      `yaml:"rows"`
}

type salesText struct {
	readText
	Window time.Duration `yaml:"window"`
}

type writeText struct {
	Mode        *source       `yaml:"mode,required"`
	Most        int           `yaml:"most"`
	Each        bool          `yaml:"each"`
	Oldest      time.Duration `yaml:"oldest"`
	Idempotency *source       `yaml:"idempotency"`
	Cannot      *source       `yaml:"cannot"`
	Request     *requestText  `yaml:"request,required"`
	Error       *source       `yaml:"error"`
	Reread      *rereadText   `yaml:"reread"`
	Outcome     *source       `yaml:"outcome"`
}

// rereadText asks after a write what is there now; Outcome then is of its
// answer.
type rereadText struct {
	Request *requestText `yaml:"request,required"`
	Error   *source      `yaml:"error"`
}
