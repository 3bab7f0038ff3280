package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// listReasons answers the seven reason codes and what is configured below
// each.
func (s *Server) listReasons(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	rules := s.ledger.Rules()
	w := newWriter().open().key("data").list()
	for _, r := range store.Reasons {
		w.reason(r, rules)
	}
	return x.send(http.StatusOK, w.end().close())
}

func (w *writer) reason(r store.Reason, rules *store.Rules) {
	sign := [3]string{"negative", "either", "positive"}[r.Sign()+1]
	w.open().key("code").text(r.String()).key("description").text(r.Text()).key("sign").text(sign)
	w.key("notes_required_above")
	if above, ok := rules.NotesAbove[r]; ok {
		w.quantity(above)
	} else {
		w.null()
	}
	w.key("sub_reasons").list()
	for _, sub := range rules.AllSubReasons() {
		if len(sub.Reasons) == 0 || slices.Contains(sub.Reasons, r) {
			w.open().key("code").text(sub.Code).key("description").text(sub.Description).close()
		}
	}
	w.end().close()
}

// category is one category of the catalogue.
type category struct {
	name          string
	products      int64
	subcategories []string
}

// listCategories answers the categories of the products that are not
// archived.
func (s *Server) listCategories(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for _, c := range categoriesOf(s.ledger.Products()) {
		w.open().key("name").text(c.name).key("products").int(c.products).key("subcategories").list()
		for _, sub := range c.subcategories {
			w.text(sub)
		}
		w.end().close()
	}
	return x.send(http.StatusOK, w.end().close())
}

// categoriesOf gathers categories by name, without regard to letter case.
func categoriesOf(products []*store.Product) []*category {
	byKey := map[string]*category{}
	var list []*category
	for _, p := range products {
		if p.Category == "" || p.ArchivedAt != 0 {
			continue
		}
		c := byKey[strings.ToLower(p.Category)]
		if c == nil {
			c = &category{name: p.Category}
			byKey[strings.ToLower(p.Category)] = c
			list = append(list, c)
		}
		c.products++
		same := func(sub string) bool { return strings.EqualFold(sub, p.Subcategory) }
		if p.Subcategory != "" && !slices.ContainsFunc(c.subcategories, same) {
			c.subcategories = append(c.subcategories, p.Subcategory)
		}
	}
	for _, c := range list {
		slices.SortFunc(c.subcategories, compareFold)
	}
	slices.SortFunc(list, func(a, b *category) int { return compareFold(a.name, b.name) })
	return list
}

// compareFold orders texts without regard to letter case; then with it.
func compareFold(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}
