package wire

import "github.com/shelfd/shelfd/store"

// Enrolment is how a store presents itself with a code that head office made.
// It needs no key.
type Enrolment struct {
	Code  string   `json:"code"`
	Store store.ID `json:"store"`
	// Name is what people call the store; empty for the name that came with
	// the code.
	Name string `json:"name,omitempty"`
	// Version is the store's program.
	Version string `json:"version,omitempty"`
}

// Enrolled is the answer: the key for every further request. Central keeps
// only its hash.
type Enrolled struct {
	Key        string `json:"key"`
	Name       string `json:"name"`
	ServerTime Time   `json:"server_time"`
}
