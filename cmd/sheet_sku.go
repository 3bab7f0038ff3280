package cmd

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"hash/fnv"
	"strings"
)

// sheetFirst is the first row of a SKU: its line and a digest of each field
// that must be the same on all rows of the product.
type sheetFirst struct {
	line   int
	fields [len(sheetShared)]uint32
}

// sheetShared names the fields that a product has once, however many lots.
var sheetShared = [...]string{"name", "brand", "category", "subcategory", "strain", "unit", "size", "unit_price", "unit_cost", "low_stock_threshold"}

// madeSKU is X- and the external id or, without one, N- and 50 bits of a
// digest of what tells the product from others, in base32. The same row gives
// the same SKU for ever.
func (r *sheetRow) madeSKU() string {
	if r.ExternalID == "" {
		return "N-" + sheetDigest(10, r.Name, r.Brand, r.Category, r.Subcategory, r.Strain, r.Size, r.Unit)
	}
	plain := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '.' {
			return c
		}
		return '-'
	}, r.ExternalID)
	if plain == r.ExternalID && len(plain) <= 80 {
		return "X-" + plain
	}
	return "X-" + plain[:min(len(plain), 80)] + "-" + sheetDigest(10, r.ExternalID)
}

// sheetDigest is the first n characters of the base32 of SHA-256 of the
// texts, lower-cased, each ended by a NUL.
func sheetDigest(n int, texts ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(texts, "\x00")) + "\x00"))
	return base32.StdEncoding.EncodeToString(sum[:])[:n]
}

// unique refuses a second row of the same SKU and lot, and a row that says
// otherwise of its product than the first. SKUs differ by more than case.
func (b *sheetBuilder) unique() {
	r := &b.out
	sku := strings.ToLower(r.SKU)
	key := sku + "\x00" + r.Lot
	if line, twice := b.lines[key]; twice {
		b.add("sku", r.SKU, "%s", r.twice(line))
		return
	}
	b.lines[key] = r.Line
	this := sheetFirst{line: r.Line}
	for i, field := range sheetShared {
		h := fnv.New32a()
		_, _ = h.Write([]byte(*sheetFieldNamed(field).of(r)))
		this.fields[i] = h.Sum32()
	}
	before, known := b.first[sku]
	if !known {
		b.first[sku] = this
		return
	}
	for i, field := range sheetShared {
		if before.fields[i] != this.fields[i] {
			b.add(field, *sheetFieldNamed(field).of(r), "differs from line %d, which has the same SKU %s.", before.line, r.SKU)
		}
	}
}

func (r *sheetRow) twice(line int) string {
	switch {
	case !r.SKUMade && r.Lot == "":
		return fmt.Sprintf("is the SKU of line %d too.", line)
	case !r.SKUMade:
		return fmt.Sprintf("is on line %d too, with the same lot %s.", line, r.Lot)
	case r.ExternalID != "":
		return fmt.Sprintf("is made of external_id %s, which line %d has too; map another column to external_id or sku.", r.ExternalID, line)
	}
	return fmt.Sprintf("is made of name, brand, category, subcategory, strain, size and unit, which are all those of line %d; map more columns, or one to sku or external_id.", line)
}
