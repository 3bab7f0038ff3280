package wire

import "encoding/json"

// Command is something that head office wants done in a store. N counts from 1
// without gaps for each store.
type Command struct {
	N         int64           `json:"n"`
	Kind      string          `json:"kind"`
	Body      json.RawMessage `json:"body"`
	CreatedAt Time            `json:"created_at"`
}

// Commands answers PathCommands: the commands after a number, in order, and
// the number of the newest there is.
type Commands struct {
	Commands []Command `json:"commands"`
	Newest   int64     `json:"newest"`
}
