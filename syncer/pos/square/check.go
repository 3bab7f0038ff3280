package square

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// locations is the answer of pathLocations.
type locations struct {
	envelope

	Locations []struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Status string `json:"status"`
	} `json:"locations"`
}

// Check proves that the key is Square's, that the location is one of it and
// open, and that its stock may be read. It writes nothing.
func (c *Connector) Check(ctx context.Context) (pos.Identity, error) {
	var list locations
	if err := c.ask(ctx, pos.Request{Call: pos.Call{Method: http.MethodGet, Path: pathLocations}}, &list); err != nil {
		return pos.Identity{}, err
	}
	name, err := c.find(&list)
	if err != nil {
		return pos.Identity{}, err
	}
	question := countsQuestion{Locations: []string{c.location}, States: inStock, Limit: 1}
	if err := c.query(ctx, pathCounts, question, &counts{}); err != nil {
		return pos.Identity{}, err
	}
	return pos.Identity{Name: name, Time: c.client.Time()}, nil
}

// find gives the name of our location.
func (c *Connector) find(list *locations) (string, error) {
	var others []string
	for _, l := range list.Locations {
		switch {
		case l.ID != c.location:
			others = append(others, fmt.Sprintf("%s is %s", c.clean(l.ID), c.clean(l.Name)))
		case l.Status != "" && l.Status != "ACTIVE":
			return "", unfit(fmt.Sprintf("Square's location %s, %s, is closed.", l.ID, c.clean(l.Name)))
		default:
			return c.clean(l.Name), nil
		}
	}
	if len(others) == 0 {
		return "", unfit("Square shows our key no location at all.")
	}
	known := strings.Join(others[:min(5, len(others))], ", ")
	return "", unfit(fmt.Sprintf("Square has no location %s. Of those it has, %s.", c.location, known))
}

// unfit is a location that is not to be had.
func unfit(why string) *syncer.Failure {
	return &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused, Detail: why}
}
