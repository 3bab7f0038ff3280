package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// units is so many whole units.
func units(n int64) store.Quantity { return store.Quantity(n * 10_000) }

// try does a command as the shop's tester.
func try(s *storetest.Shop, cmd store.Command) (store.Receipt, error) {
	return s.Do(context.Background(), storetest.Request, cmd)
}

// asManager does a command as someone who may do more.
func asManager(s *storetest.Shop, cmd store.Command) (store.Receipt, error) {
	r := storetest.Request
	r.Manager = true
	return s.Do(context.Background(), r, cmd)
}

// moves lists a receipt's movements.
func moves(r store.Receipt) []store.Fact { return r.Movements() }

// difference gives the first line in which two dumps differ, "" for none.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for n := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if n < len(a) {
			x = a[n]
		}
		if n < len(b) {
			y = b[n]
		}
		if x != y {
			return fmt.Sprintf("line %d\n got %s\nwant %s", n+1, x, y)
		}
	}
	return ""
}

// codes lists the codes and places of an error's details.
func codes(err error) []string {
	var e *store.Error
	if !errors.As(err, &e) {
		return nil
	}
	var list []string
	for _, d := range e.Details {
		list = append(list, string(d.Code)+" "+d.Pointer)
	}
	return list
}
