package pos

import (
	"strings"

	"github.com/shelfd/shelfd/store"
)

// matcher finds what of ours something of theirs is: by our product's external
// id, then by SKU, then by barcode, and packages by their tag. What two have on
// either side is nobody's.
type matcher struct {
	external, skus, barcodes, tags map[string]string
}

// ambiguous stands for what two products have.
const ambiguous = "?"

func newMatcher(l Ledger) *matcher {
	m := &matcher{external: map[string]string{}, skus: map[string]string{}, barcodes: map[string]string{}, tags: map[string]string{}}
	for _, p := range l.Products() {
		if p.ArchivedAt != 0 {
			continue
		}
		note(m.external, p.ExternalID, p.ID.String())
		note(m.skus, p.SKU, p.ID.String())
		for _, b := range p.Barcodes {
			note(m.barcodes, b, p.ID.String())
		}
	}
	for _, lot := range l.Lots() {
		if lot.ArchivedAt == 0 {
			note(m.tags, lot.PackageTag, lot.ID.String())
		}
	}
	return m
}

// key is how texts are compared.
func key(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func note(in map[string]string, text, id string) {
	k := key(text)
	if k == "" {
		return
	}
	if other, taken := in[k]; taken && other != id {
		id = ambiguous
	}
	in[k] = id
}

// look gives what a text leads to, empty for nothing or for two.
func look(in map[string]string, text string) string {
	if id := in[key(text)]; id != ambiguous {
		return id
	}
	return ""
}

// matched is what of theirs was found to be something of ours.
type matched struct{ ours, theirs, name, how string }

// matches gathers what matches, and leaves out what two of theirs claim.
type matches struct {
	kind store.LinkKind
	byID map[string]matched // by ours
}

func newMatches(kind store.LinkKind) *matches {
	return &matches{kind: kind, byID: map[string]matched{}}
}

func (m *matches) add(found matched) {
	old, claimed := m.byID[found.ours]
	if claimed && old.theirs != found.theirs {
		found.theirs = ambiguous
	}
	m.byID[found.ours] = found
}

// links gives what is not linked yet and claimed once.
func (m *matches) links(known *links) (list []store.Link) {
	for _, found := range m.byID {
		if found.theirs == ambiguous {
			continue
		}
		if _, linked := known.find(m.kind, found.ours); linked {
			continue
		}
		if _, taken := known.of(m.kind, found.theirs); taken {
			continue
		}
		list = append(list, store.Link{Kind: m.kind, Ours: found.ours, Theirs: found.theirs, Name: found.name, How: found.how})
	}
	return list
}

// product finds ours of a product of theirs.
func (m *matcher) product(id, sku, name string, barcodes []string) (matched, bool) {
	if ours := look(m.external, id); ours != "" {
		return matched{ours, id, name, howExternal}, true
	}
	if ours := look(m.skus, sku); ours != "" {
		return matched{ours, id, name, howSKU}, true
	}
	for _, b := range barcodes {
		if ours := look(m.barcodes, b); ours != "" {
			return matched{ours, id, name, howBarcode}, true
		}
	}
	return matched{}, false
}

// lot finds ours of a package of theirs.
func (m *matcher) lot(id, tag, name string) (matched, bool) {
	if ours := look(m.tags, tag); ours != "" {
		return matched{ours, id, name, howTag}, true
	}
	return matched{}, false
}
