package metrc

import (
	"context"
	"strings"

	"github.com/shelfd/shelfd/syncer/pos"
)

const pathReasons = "/packages/v2/adjust/reasons"

// adjustReason is a reason that the state takes. Each state has its own.
type adjustReason struct {
	Name         string
	RequiresNote bool
	// An adjustment has no field for the weight that these ask for.
	RequiresWasteWeight, RequiresImmatureWasteWeight, RequiresMatureWasteWeight bool
}

func (r *adjustReason) weighed() bool {
	return r.RequiresWasteWeight || r.RequiresImmatureWasteWeight || r.RequiresMatureWasteWeight
}

// ReadReasons gives the reasons that the state takes. What is sent is the
// name.
func (c *connector) ReadReasons(ctx context.Context) ([]pos.Reason, error) {
	reasons, err := c.reasons(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]pos.Reason, len(reasons))
	for i, r := range reasons {
		list[i] = pos.Reason{ID: r.Name, Name: r.Name, NeedsNote: r.RequiresNote}
	}
	return list, nil
}

func (c *connector) reasons(ctx context.Context) (list []adjustReason, err error) {
	seen := make(map[string]bool)
	err = c.pages(ctx, pathReasons, nil, func(rows []object) error {
		for _, raw := range rows {
			var r adjustReason
			if problem := decodeRow(raw, &r); problem != "" || r.Name == "" || seen[r.Name] {
				continue
			}
			seen[r.Name] = true
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// reasonCalled finds a reason by its name, as METRC does: in any case.
func reasonCalled(list []adjustReason, name string) (*adjustReason, bool) {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return &list[i], true
		}
	}
	return nil, false
}
