package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// serverHealth is what a server says about itself at /healthz.
type serverHealth struct {
	Status   string `json:"status"`
	Version  string `json:"version"`
	Problems []struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Action string `json:"action"`
	} `json:"problems"`
}

// maxHealth is more than a server has to say, in bytes.
const maxHealth = 1 << 20

// readHealth asks a server how it is.
func readHealth(ctx context.Context, c *http.Client, url string) (*serverHealth, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	h := new(serverHealth)
	err = json.NewDecoder(io.LimitReader(answer.Body, maxHealth)).Decode(h)
	if err != nil || h.Status == "" || h.Version == "" {
		return nil, errors.Join(err, errors.New("another program answers"))
	}
	return h, nil
}
