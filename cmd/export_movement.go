package cmd

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// history reads movements, the newest first, call by call.
func history(ctx context.Context, c *client, query url.Values, row rowFunc) error {
	q := url.Values{"limit": {"200"}}
	for name, values := range query {
		q[name] = values
	}
	for {
		var answer struct {
			Data       numbered
			NextCursor string `json:"next_cursor"`
		}
		if err := c.get(ctx, "/api/v1/movements", q, &answer); err != nil {
			return err
		}
		for _, r := range answer.Data {
			if err := row(r); err != nil {
				return err
			}
		}
		if answer.NextCursor == "" {
			return nil
		}
		q.Set("cursor", answer.NextCursor)
	}
}

// readMovements reads movements with the names of what they moved.
func (e *exportOptions) readMovements(ctx context.Context, c *client, row rowFunc) error {
	ids, err := e.places(ctx, c)
	if err != nil {
		return err
	}
	query, err := e.movementQuery(ctx, c, ids)
	if err != nil {
		return err
	}
	names, err := readNames(ctx, c)
	if err != nil {
		return err
	}
	return history(ctx, c, query, func(r apiRow) error {
		if len(ids) > 0 && !slices.Contains(ids, r.text("location_id")) {
			return nil
		}
		names.add(r)
		if !e.keeps(r.text("room_type"), r.text("category")) {
			return nil
		}
		return row(r)
	})
}

// catalogueNames are what movements tell by id.
type catalogueNames struct {
	products  map[string]productNames
	locations map[string]string
}

type productNames struct{ name, sku, category, unit string }

// readNames reads the names of all products and locations, archived or not.
func readNames(ctx context.Context, c *client) (*catalogueNames, error) {
	n := &catalogueNames{products: map[string]productNames{}, locations: map[string]string{}}
	for _, archived := range []string{"false", "true"} {
		query := url.Values{"archived": {archived}}
		err := pages(ctx, c, "/api/v1/products", query, func(r apiRow) error {
			n.products[r.text("id")] = productNames{r.text("name"), r.text("sku"), r.text("category"), r.text("unit")}
			return nil
		})
		if err != nil {
			return nil, err
		}
		err = pages(ctx, c, locationsPath, query, func(r apiRow) error {
			n.locations[r.text("id")] = r.text("name")
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return n, nil
}

// add gives a movement its names.
func (n *catalogueNames) add(r apiRow) {
	p := n.products[r.text("product_id")]
	r["product_name"], r["sku"], r["category"], r["unit"] = p.name, p.sku, p.category, p.unit
	r["location_name"] = n.locations[r.text("location_id")]
}

// movementQuery makes the query of the flags. A day is one in the time zone of
// the locations asked for.
func (e *exportOptions) movementQuery(ctx context.Context, c *client, ids []string) (url.Values, error) {
	q := url.Values{}
	if len(ids) == 1 {
		q.Set("location_id", ids[0])
	}
	if len(e.reasons) > 0 {
		q.Set("reason_code", strings.ToUpper(strings.Join(e.reasons, ",")))
	}
	for _, bound := range []struct {
		name, text string
		days       int
	}{{"from", e.from, 0}, {"to", e.to, 1}} {
		if bound.text == "" {
			continue
		}
		at := bound.text
		if _, err := time.Parse(time.DateOnly, at); err == nil {
			zone, err := zoneOf(ctx, c, ids)
			if err != nil {
				return nil, withExit(exitUsage, fmt.Errorf("--%s %s: %w", bound.name, at, err))
			}
			at = startOfDay(at, zone, bound.days)
		} else if _, err := time.Parse(time.RFC3339, at); err != nil {
			return nil, withExit(exitUsage, fmt.Errorf("--%s %s: must be a day such as 2026-01-27 or a moment such as 2026-01-27T18:30:00Z", bound.name, at))
		}
		q.Set(bound.name, at)
	}
	return q, nil
}

// startOfDay is when the day begins that comes some days after one.
func startOfDay(text string, zone *time.Location, later int) string {
	day, _ := time.ParseInLocation(time.DateOnly, text, zone)
	return day.AddDate(0, 0, later).UTC().Format(time.RFC3339)
}

// zoneOf is the time zone of some locations, or of all.
func zoneOf(ctx context.Context, c *client, ids []string) (*time.Location, error) {
	var zones []string
	err := pages(ctx, c, locationsPath, nil, func(r apiRow) error {
		if len(ids) == 0 || slices.Contains(ids, r.text("id")) {
			zones = append(zones, r.text("timezone"))
		}
		return nil
	})
	slices.Sort(zones)
	switch zones = slices.Compact(zones); {
	case err != nil:
		return nil, err
	case len(zones) == 0:
		return time.UTC, nil
	case len(zones) > 1:
		return nil, fmt.Errorf("the locations are in %s, whose days differ; choose one with --location, or give a moment such as 2026-01-27T18:30:00Z", strings.Join(zones, " and "))
	}
	return time.LoadLocation(zones[0])
}
