package pos_test

import (
	"context"
	"errors"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// errKilled is what everything gives once the program was killed.
var errKilled = errors.New("killed")

// fragile are records that stop taking anything after some writes, as if the
// program was killed there. left below zero is for never.
type fragile struct {
	*sqlite.DB
	left int
	// after: the write at which it ends is done still.
	after bool
	// calls counts reads and writes by name.
	calls map[string]int
}

func (f *fragile) write(name string, do func() error) error {
	if f.calls != nil {
		f.calls[name]++
	}
	if f.left == 0 {
		return errKilled
	}
	f.left--
	if f.left == 0 && !f.after {
		return errKilled
	}
	err := do()
	if err == nil && f.left == 0 {
		return errKilled
	}
	return err
}

func (f *fragile) PutLevels(ctx context.Context, d string, l []store.Level) error {
	return f.write("PutLevels", func() error { return f.DB.PutLevels(ctx, d, l) })
}

func (f *fragile) SeeLevels(ctx context.Context, d string, l []store.Level) error {
	return f.write("SeeLevels", func() error { return f.DB.SeeLevels(ctx, d, l) })
}

func (f *fragile) Levels(ctx context.Context, d string, p []store.Place) (map[store.Place]store.Level, error) {
	if f.calls != nil {
		f.calls["Levels"]++
	}
	return f.DB.Levels(ctx, d, p)
}

func (f *fragile) PutMark(ctx context.Context, m store.Mark) error {
	return f.write("PutMark", func() error { return f.DB.PutMark(ctx, m) })
}

func (f *fragile) PutDestination(ctx context.Context, d store.Destination) error {
	return f.write("PutDestination", func() error { return f.DB.PutDestination(ctx, d) })
}

func (f *fragile) PutShadows(ctx context.Context, d string, s map[store.ID][32]byte) error {
	return f.write("PutShadows", func() error { return f.DB.PutShadows(ctx, d, s) })
}

func (f *fragile) PutQuarantined(ctx context.Context, q store.Quarantined) error {
	return f.write("PutQuarantined", func() error { return f.DB.PutQuarantined(ctx, q) })
}

func (f *fragile) PutWorkItems(ctx context.Context, list []store.WorkItem) error {
	return f.write("PutWorkItems", func() error { return f.DB.PutWorkItems(ctx, list) })
}

func (f *fragile) PutCases(ctx context.Context, list []store.Case) error {
	return f.write("PutCases", func() error { return f.DB.PutCases(ctx, list) })
}

func (f *fragile) PutPulledSales(ctx context.Context, list []store.PulledSale) error {
	return f.write("PutPulledSales", func() error { return f.DB.PutPulledSales(ctx, list) })
}

func (f *fragile) PutLinks(ctx context.Context, list []store.Link) error {
	return f.write("PutLinks", func() error { return f.DB.PutLinks(ctx, list) })
}
