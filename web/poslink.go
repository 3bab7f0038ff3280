package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shelfd/shelfd/store"
)

// linkKinds are the kinds of links, in the order in which they are listed.
var linkKinds = []store.LinkKind{store.LinkProduct, store.LinkLot, store.LinkRoom, store.LinkReason}

// listLinks answers a page of what is ours, and what it is linked to at a point
// of sale.
func (s *Server) listLinks(x *exchange) error {
	q := &x.query
	kinds, linked, p := q.linkKinds(), q.oneOf("linked", "true", "false"), q.page()
	of, err := s.pos(x, q.done())
	if err != nil {
		return err
	}
	rows, err := s.links(x.Request.Context(), of.Name, kinds)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r store.LinkRow) bool {
		return linked != "" && (r.Link != nil) != (linked == "true")
	})
	w := newWriter().open().key("data").list()
	page := cut(p, rows)
	for i := range page {
		w.linkRow(&page[i])
	}
	w.end()
	x.pagination(w, p, len(rows))
	return x.send(http.StatusOK, w.close())
}

// linkKinds reads which kind of links is asked for; absent is all of them.
func (q *query) linkKinds() []store.LinkKind {
	words := make([]string, len(linkKinds))
	for i, k := range linkKinds {
		words[i] = string(k)
	}
	if kind := q.oneOf("kind", words...); kind != "" {
		return []store.LinkKind{store.LinkKind(kind)}
	}
	return linkKinds
}

// links gives the rows of some kinds, one kind after the other.
func (s *Server) links(ctx context.Context, name string, kinds []store.LinkKind) (all []store.LinkRow, err error) {
	for _, kind := range kinds {
		rows, err := s.sync.Links(ctx, name, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// putLink ties something of ours to what it is at a point of sale.
func (s *Server) putLink(x *exchange) error {
	l, err := x.decodeLink()
	p, err := s.pos(x, err)
	if err == nil {
		l.Kind, err = x.linkKind()
	}
	if err != nil {
		return err
	}
	l.Destination, l.Ours = p.Name, x.Param("ours")
	row, err := s.sync.PutLink(x.Request.Context(), x.request(), l)
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, newWriter().linkRow(&row))
}

// decodeLink reads what something is linked to. An empty theirs means that it
// is left out there; it has to be said.
func (x *exchange) decodeLink() (l store.Link, err error) {
	missing := required{"theirs"}
	err = x.decode(func(b *body, name string) bool {
		switch name {
		case "theirs":
			if !b.null() {
				missing.seen(name)
				b.text(&l.Theirs)
			}
		case "name":
			b.text(&l.Name)
		default:
			return false
		}
		return true
	})
	if err = x.complete(err, missing); err == nil {
		err = checkLink(&l)
	}
	return l, err
}

// checkLink names every fault of a link's texts. Spaces around them are
// dropped, but spaces alone are no way to say that something is left out.
func checkLink(l *store.Link) error {
	var faults []store.Detail
	for _, f := range []struct {
		pointer string
		text    *string
		most    int
	}{{"/theirs", &l.Theirs, 200}, {"/name", &l.Name, 300}} {
		trimmed := strings.TrimSpace(*f.text)
		problem := ""
		switch {
		case utf8.RuneCountInString(trimmed) > f.most:
			problem = fmt.Sprintf("%s has at most %d characters.", f.pointer[1:], f.most)
		case strings.ContainsFunc(trimmed, unicode.IsControl):
			problem = f.pointer[1:] + " holds a control character."
		case trimmed == "" && *f.text != "":
			problem = f.pointer[1:] + " is only spaces."
		}
		if *f.text = trimmed; problem != "" {
			faults = append(faults, store.Detail{Pointer: f.pointer, Code: store.CodeInvalid, Detail: problem})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
}

// linkKind reads the kind in the path.
func (x *exchange) linkKind() (store.LinkKind, error) {
	kind := store.LinkKind(x.Param("kind"))
	if !slices.Contains(linkKinds, kind) {
		return "", noSuch("kind of link", fmt.Sprintf("%.100s", kind))
	}
	return kind, nil
}

// deleteLink takes a link away, so that it may be found by itself again.
func (s *Server) deleteLink(x *exchange) error {
	p, err := s.pos(x, x.noBody())
	if err != nil {
		return err
	}
	kind, err := x.linkKind()
	if err == nil {
		err = s.sync.DeleteLink(x.Request.Context(), x.request(), p.Name, kind, x.Param("ours"))
	}
	if err != nil {
		return err
	}
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// linkRow writes something of ours and what it is linked to.
func (w *writer) linkRow(r *store.LinkRow) *writer {
	w.open().key("kind").text(string(r.Kind)).key("ours").text(r.Ours).key("name").text(r.Name).
		key("sku").orNull(r.SKU).key("package_tag").orNull(r.Tag).key("link")
	if r.Link == nil {
		return w.null().close()
	}
	l := r.Link
	return w.open().key("theirs").orNull(l.Theirs).key("name").orNull(l.Name).key("how").text(l.How).
		key("linked_at").time(l.At).close().close()
}
