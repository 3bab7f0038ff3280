package square

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// doings are the ways to ask Square for something.
var doings = map[string]func(context.Context, *Connector) error{
	"check": func(ctx context.Context, c *Connector) error { _, err := c.Check(ctx); return err },
	"stock": func(ctx context.Context, c *Connector) error {
		return c.ReadStock(ctx, nil, func([]pos.Stock) error { return nil })
	},
	"sales": func(ctx context.Context, c *Connector) error {
		return c.ReadSales(ctx, began-1000, began, func([]pos.Sale) error { return nil })
	},
	"write": func(ctx context.Context, c *Connector) error {
		outcomes, err := c.Write(ctx, pos.Batch{Key: "k", Changes: []pos.Change{delta(store.Sale, units(-1))}})
		if err != nil && outcomes != nil {
			return fmt.Errorf("there are outcomes beside %w", err)
		}
		return err
	},
}

func oops(category, code string) string {
	return `{"errors":[{"category":"` + category + `","code":"` + code + `","detail":"That went wrong.","field":"changes[0]"}]}`
}

func TestAnswersThatAreNone(t *testing.T) {
	const (
		notPOS, refused, server, limited, key = pos.CodeNotPOS, pos.CodeRefused, pos.CodeServer, pos.CodeRateLimited, pos.CodeUnauthorized

		yes, no = true, false
	)
	retry, alarm, pause := syncer.Retry, syncer.Alarm, syncer.Pause
	cases := map[string]struct {
		status     int
		kind, body string
		class      syncer.Class
		code       string
		// unknown is whether a write may have been done.
		unknown bool
	}{
		"a page":                      {200, "text/html", "<html>Sign in</html>", retry, notPOS, yes},
		"a page as JSON":              {200, "application/json", "<html>Sign in</html>", retry, notPOS, yes},
		"a page with 404":             {404, "text/html", "<html>No</html>", retry, notPOS, yes},
		"a page with 502":             {502, "text/html", "<html>No</html>", retry, server, yes},
		"nothing":                     {200, "application/json", "", retry, notPOS, yes},
		"nothing with 204":            {204, "", "", retry, notPOS, yes},
		"nothing with 400":            {400, "", "", retry, notPOS, yes},
		"half of it":                  {200, "application/json", `{"counts":[{"catalog_obj`, retry, notPOS, yes},
		"more than it":                {200, "application/json", `{} {}`, retry, notPOS, yes},
		"null":                        {200, "application/json", ` null`, retry, notPOS, yes},
		"a list":                      {200, "application/json", `[]`, retry, notPOS, yes},
		"a text":                      {200, "application/json", `"ok"`, retry, notPOS, yes},
		"far too much":                {200, "application/json", strings.Repeat(" ", pos.MaxAnswer+1), retry, notPOS, yes},
		"errors as a text":            {200, "application/json", `{"errors":"no"}`, retry, notPOS, yes},
		"an error as a text":          {200, "application/json", `{"errors":["no"]}`, retry, notPOS, yes},
		"an error code as a number":   {400, "application/json", `{"errors":[{"code":7}]}`, retry, notPOS, yes},
		"a refusal without a reason":  {400, "application/json", `{"message":"blocked"}`, retry, notPOS, yes},
		"a refusal with no reasons":   {422, "application/json", `{"errors":[]}`, retry, notPOS, yes},
		"somewhere else":              {302, "text/html", "", retry, notPOS, no},
		"200 with an error":           {200, "application/json", oops("INVALID_REQUEST_ERROR", "INVALID_VALUE"), alarm, refused, no},
		"400 with an error":           {400, "application/json", oops("INVALID_REQUEST_ERROR", "INVALID_VALUE"), alarm, refused, no},
		"404 with an error":           {404, "application/json", oops("INVALID_REQUEST_ERROR", "NOT_FOUND"), alarm, refused, no},
		"an error of no category":     {400, "application/json", `{"errors":[{}]}`, alarm, refused, no},
		"a plan that is missing":      {400, "application/json", oops("MERCHANT_SUBSCRIPTION_ERROR", "MERCHANT_SUBSCRIPTION_NOT_FOUND"), alarm, refused, no},
		"a fault of Square's":         {500, "application/json", oops("API_ERROR", "INTERNAL_SERVER_ERROR"), retry, server, yes},
		"a fault of Square's as 200":  {200, "application/json", oops("API_ERROR", "INTERNAL_SERVER_ERROR"), retry, server, yes},
		"a conflict":                  {409, "application/json", oops("INVALID_REQUEST_ERROR", "CONFLICT"), retry, server, yes},
		"unauthorized":                {401, "application/json", oops("AUTHENTICATION_ERROR", "UNAUTHORIZED"), pause, key, no},
		"unauthorized as 200":         {200, "application/json", oops("AUTHENTICATION_ERROR", "ACCESS_TOKEN_EXPIRED"), pause, key, no},
		"forbidden":                   {403, "application/json", oops("AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES"), pause, key, no},
		"too often":                   {429, "application/json", oops("RATE_LIMIT_ERROR", "RATE_LIMITED"), retry, limited, no},
		"too often as 200":            {200, "application/json", oops("RATE_LIMIT_ERROR", "RATE_LIMITED"), retry, limited, no},
		"too often, by code alone":    {400, "application/json", oops("INVALID_REQUEST_ERROR", "RATE_LIMITED"), retry, limited, no},
		"the key before the request":  {400, "application/json", strings.Replace(oops("INVALID_REQUEST_ERROR", "BAD_REQUEST"), "[", `[{"category":"AUTHENTICATION_ERROR"},`, 1), pause, key, no},
		"Square before the request":   {400, "application/json", strings.Replace(oops("INVALID_REQUEST_ERROR", "BAD_REQUEST"), "[", `[{"category":"API_ERROR"},`, 1), retry, server, yes},
		"what is written on the door": {418, "application/json", oops("INVALID_REQUEST_ERROR", "GONE"), alarm, refused, no},
	}
	for name, k := range cases {
		for doing, do := range doings {
			t.Run(name+"/"+doing, func(t *testing.T) {
				s, c, _ := setUp(t)
				s.Answer(k.status, k.kind, k.body)
				f := failure(t, do(t.Context(), c))
				if f.Class != k.class || f.Code != k.code || f.Unknown != (k.unknown && doing == "write") {
					t.Errorf("is %s %s, unknown %v: %s", f.Class, f.Code, f.Unknown, f.Detail)
				}
				if !strings.HasSuffix(f.Detail, ".") || strings.Contains(f.Detail, "<") {
					t.Errorf("no sentence: %s", f.Detail)
				}
				if err := do(t.Context(), c); err != nil {
					t.Errorf("the next time: %v", err)
				}
			})
		}
	}
}

func TestRowsOfOtherTypesAreNoAnswer(t *testing.T) {
	cases := map[string][]string{
		"stock": {
			`{"counts":{}}`, `{"counts":[7]}`, `{"counts":[{"catalog_object_id":7}]}`, `{"counts":[],"cursor":7}`, `{"counts":[{"state":["IN_STOCK"]}]}`,
		},
		"sales": {
			`{"changes":{}}`, `{"changes":["sale"]}`, `{"changes":[{"type":7}]}`, `{"changes":[{"adjustment":[]}]}`, `{"changes":[{"adjustment":{"id":7}}]}`,
		},
		"check": {`{"locations":{}}`, `{"locations":[{"id":7}]}`, `{"locations":[{"name":{}}]}`},
		"write": {
			`{"counts":{}}`, `{"counts":[{"catalog_object_id":7}]}`, `{"changes":"made"}`,
			// These are of the right types and say nothing of what was sent.
			`{}`, `{"counts":[]}`, `{"status":"ok"}`, `{"counts":[{"catalog_object_id":"VARIATION0002","location_id":"L8GYN5ZGWHXDX"}]}`,
			`{"counts":[{"catalog_object_id":"VARIATION0001","location_id":"LOTHER"}]}`, `{"changes":[{"type":"ADJUSTMENT"},{}]}`,
		},
	}
	for doing, bodies := range cases {
		for _, body := range bodies {
			t.Run(doing+body, func(t *testing.T) {
				s, c, _ := setUp(t)
				s.Answer(200, "application/json", body)
				f := failure(t, doings[doing](t.Context(), c))
				if f.Code != pos.CodeNotPOS || f.Class != syncer.Retry || f.Unknown != (doing == "write") {
					t.Error(f)
				}
			})
		}
	}
}

func TestErrorsBesideResultsLeaveItOpen(t *testing.T) {
	s, c, _ := setUp(t)
	s.Answer(200, "application/json", strings.Replace(oops("INVALID_REQUEST_ERROR", "INVALID_VALUE"), "{", `{"counts":[{"catalog_object_id":"VARIATION0001"}],`, 1))
	if f := failure(t, doings["write"](t.Context(), c)); !f.Unknown || f.Class != syncer.Alarm {
		t.Errorf("%+v", f)
	}
}

func TestARefusalSaysWhyAndNoSecret(t *testing.T) {
	s, c, _ := setUp(t)
	s.Answer(400, "application/json", oops("INVALID_REQUEST_ERROR", "INVALID_VALUE"))
	const want = "Square refuses this: That went wrong (INVALID_VALUE in changes[0])."
	if f := failure(t, doings["write"](t.Context(), c)); f.Detail != want {
		t.Errorf("said %q", f.Detail)
	}
	noisy := `{"errors":[{"category":"INVALID_REQUEST_ERROR","code":"` + simKey + `","field":"` + simKey + `","detail":"a\nb\u0000` + simKey + strings.Repeat(" more", 100) + `"}]}`
	s.Answer(400, "application/json", noisy)
	f := failure(t, doings["write"](t.Context(), c))
	if strings.ContainsAny(f.Detail, "\n\x00") || len(f.Detail) > 600 {
		t.Errorf("said %q", f.Detail)
	}
}

func TestAPauseIsKept(t *testing.T) {
	s, c, _ := setUp(t)
	s.Limit(1)
	if f := failure(t, doings["write"](t.Context(), c)); f.RetryAfter.Seconds() != 2 || f.Unknown {
		t.Errorf("%+v", f)
	}
	s.Unauthorize()
	for doing, do := range doings {
		if f := failure(t, do(t.Context(), c)); f.Class != syncer.Pause {
			t.Errorf("%s: %+v", doing, f)
		}
	}
	s.Authorize()
	if err := doings["write"](t.Context(), c); err != nil || s.Stock(1) != units(49) {
		t.Error(err, s.Stock(1))
	}
}

func TestAnEndedContextEndsEverything(t *testing.T) {
	s, c, _ := setUp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for doing, do := range doings {
		if err := do(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if s.Requests() != 0 {
		t.Error("it was asked")
	}
}

func TestEveryRequestNamesKeyAndVersion(t *testing.T) {
	s, c, _ := setUp(t)
	for doing, do := range doings {
		if err := do(t.Context(), c); err != nil {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if len(s.versions) != 1 || !s.versions[defaultVersion] || len(s.authorizations) != 1 || !s.authorizations["Bearer "+simKey] {
		t.Error(s.versions, s.authorizations)
	}
	other := newConnector(t, pos.Settings{URL: s.server.URL, Options: map[string]string{"location_id": simLocation, "version": "2026-01-22"}}, c.clock)
	if _, err := other.Check(t.Context()); err != nil || !s.versions["2026-01-22"] {
		t.Error(err, s.versions)
	}
}
