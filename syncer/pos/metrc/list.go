package metrc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

const (
	// pageSize is the most that METRC gives in one page.
	pageSize = 20
	// maxPages bounds a list, against an answer that never ends.
	maxPages = 20_000
	// passes is how often a list is begun that shrinks while it is read.
	passes = 3
)

// object is a JSON object whose fields are not read yet, so that one bad row
// does not take the others with it.
type object = json.RawMessage

// list is one page of a list. The pages count from 1. Lists that are never
// long come bare, as an array.
type list struct {
	Data                     []object
	TotalRecords, TotalPages int64
	CurrentPage              int64
}

// UnmarshalJSON reads either form.
func (l *list) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		return json.Unmarshal(b, &l.Data)
	}
	type page list
	return json.Unmarshal(b, (*page)(l))
}

// readList reads a page. Without its rows it is none.
func readList(a *pos.Answer) (l list, err error) {
	if err := a.Decode(&l); err != nil {
		return l, err
	}
	if l.Data == nil {
		return l, notMETRC("It holds no list.")
	}
	return l, nil
}

// readObject reads an answer that is about one thing.
func readObject(a *pos.Answer) (raw object, err error) {
	if err := a.Decode(&raw); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil, notMETRC("It is about nothing.")
	}
	return raw, nil
}

// decodeRow reads a row; problem is a sentence when it cannot be used. What
// could be read of it is.
func decodeRow(raw object, into any) (problem string) {
	err := json.Unmarshal(raw, into)
	kind, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case err == nil && !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		return "It is empty."
	case err == nil:
		return ""
	case ok && kind.Field != "":
		return fmt.Sprintf("Its %.60s is of another type than it should be.", kind.Field)
	}
	return "It cannot be read."
}

func notMETRC(why string) error {
	return &syncer.Failure{Class: syncer.Retry, Code: pos.CodeNotPOS, Detail: "The answer cannot be one of METRC. " + why}
}

func (c *connector) list(ctx context.Context, call pos.Call) (list, error) {
	a, err := c.do(ctx, pos.Request{Call: call})
	if err != nil {
		return list{}, err
	}
	return readList(a)
}

// pages reads a list. A list that shrinks while it is read has moved rows to
// pages that were read before, so it is begun again, and rows come twice.
func (c *connector) pages(ctx context.Context, path string, q url.Values, page func([]object) error) error {
	for range passes {
		whole, err := c.pass(ctx, path, q, page)
		if whole || err != nil {
			return err
		}
	}
	return &syncer.Failure{Class: syncer.Retry, Code: CodeMoving, Detail: "METRC's list changed each time it was read."}
}

// pass reads a list once; whole is false when it shrank meanwhile.
func (c *connector) pass(ctx context.Context, path string, q url.Values, page func([]object) error) (whole bool, err error) {
	var total int64
	for n := int64(1); ; n++ {
		l, err := c.page(ctx, path, q, n)
		if err != nil {
			return false, err
		}
		if l.TotalRecords < total {
			return false, nil
		}
		total = l.TotalRecords
		if err := page(l.Data); err != nil {
			return false, err
		}
		if n >= l.TotalPages {
			return true, nil
		}
	}
}

// page reads one page, and refuses one that cannot be the page asked for.
func (c *connector) page(ctx context.Context, path string, q url.Values, n int64) (list, error) {
	asked := url.Values{"pageNumber": {strconv.FormatInt(n, 10)}, "pageSize": {strconv.Itoa(pageSize)}}
	for name, values := range q {
		asked[name] = values
	}
	l, err := c.list(ctx, pos.Call{Method: http.MethodGet, Path: path, Query: c.query(asked)})
	switch {
	case err != nil:
		return l, err
	case l.CurrentPage != 0 && l.CurrentPage != n:
		return l, notMETRC(fmt.Sprintf("It is page %d, and page %d was asked for.", l.CurrentPage, n))
	case len(l.Data) == 0 && n < l.TotalPages:
		return l, notMETRC(fmt.Sprintf("Page %d of %d is empty.", n, l.TotalPages))
	case n > maxPages:
		return l, notMETRC("Its list does not end.")
	}
	return l, nil
}
