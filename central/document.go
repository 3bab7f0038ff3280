package central

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// keys are the texts by which stock is sorted and found, lower case.
type keys struct{ name, category, sku, search string }

// maxKey bounds the texts that indices have, in bytes; the rules of a store
// allow 300 characters.
const maxKey = 1200

// keysOf reads the texts of a product or lot; none of a document that cannot
// be read, which the fold refuses.
func keysOf(d store.DocumentRecord) (k keys) {
	switch d.Type {
	case store.DocProduct:
		p, _ := store.ParseProduct(d)
		k.name, k.category, k.sku, k.search = key(p.Name), key(p.Category), key(p.SKU), clean(p.Search)
	case store.DocLot:
		var l store.Lot
		_ = json.Unmarshal(d.Body, &l)
		k.search = clean(strings.ToLower("\n" + l.PackageTag + "\n" + l.BatchNumber))
	}
	return k
}

func key(s string) string {
	s = clean(strings.ToLower(s))
	return strings.ToValidUTF8(s[:min(len(s), maxKey)], "")
}

// clean makes a text one that PostgreSQL accepts.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// shownProducts lists the products whose rows of stock show a text that
// changed: their own or that of a lot.
func (f *folding) shownProducts() []store.ID {
	var ids []store.ID
	for _, d := range f.docs {
		id := d.ID
		switch d.Type {
		case store.DocLot:
			var l store.Lot
			_ = json.Unmarshal(d.Body, &l) // the fold has read it
			id = l.ProductID
		case store.DocProduct:
		default:
			continue
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
