package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// obey does a command from central and gives the outcome that is in the
// ledger, nil for none.
func obey(t testing.TB, s *storetest.Shop, n int64, kind, body string) *store.CommandDone {
	t.Helper()
	r := s.Must(&store.Obey{N: n, Kind: kind, Body: json.RawMessage(body)})
	var done *store.CommandDone
	for _, f := range r.Facts {
		if e := f.Entry; e.Actor != "central" || e.Source != "central" || e.Terminal != "" {
			t.Fatalf("entry %s is of %q at %q from %q", e.Position, e.Actor, e.Terminal, e.Source)
		}
		if e := f.Entry.Event; e != nil && e.Type == store.EventCommand {
			done = new(store.CommandDone)
			if err := json.Unmarshal(e.Body, done); err != nil {
				t.Fatal(err)
			}
		}
	}
	return done
}

// applied does a command that has to be applied.
func applied(t testing.TB, s *storetest.Shop, kind, body string) {
	t.Helper()
	n := s.Command() + 1
	if done := obey(t, s, n, kind, body); done == nil || *done != (store.CommandDone{N: n, Kind: kind, Status: store.CommandApplied}) || s.Command() != n {
		t.Fatalf("%s %s: %+v, newest command %d", kind, body, done, s.Command())
	}
}

func TestObey_makes_and_changes_products(t *testing.T) {
	s := storetest.Open(t)
	applied(t, s, "product", `{"sku":"A-1","name":"Apple","category":"Edibles","unit_price":12.5,"unit_cost":3,"barcodes":["1","2"],
		"low_stock_threshold":5,"location_thresholds":[{"location_id":"`+s.Location.String()+`","low_stock_threshold":2.5}],"external_id":"x"}`)
	p, _ := s.ProductBySKU("a-1")
	if p.Name != "Apple" || p.Category != "Edibles" || p.UnitPrice != 12_5000 || p.UnitCost != 3_0000 || len(p.Barcodes) != 2 || p.Unit != "each" ||
		*p.Threshold != units(5) || p.Thresholds[0].Threshold != 2_5000 || p.ExternalID != "x" {
		t.Fatalf("%+v", p)
	}
	first := *p
	applied(t, s, "product", `{"sku":"A-1","unit_price":13,"category":null,"low_stock_threshold":null,"barcodes":["3"]}`)
	p, _ = s.ProductBySKU("A-1")
	if p.ID != first.ID || p.Name != "Apple" || p.Category != "" || p.UnitPrice != 13_0000 || p.Threshold != nil || len(p.Barcodes) != 1 || len(p.Thresholds) != 1 {
		t.Fatalf("%+v", p)
	}
	if *first.Threshold != units(5) || first.Barcodes[0] != "1" {
		t.Fatalf("the version before was changed too: %+v", first)
	}
	before := s.Head().Seq
	applied(t, s, "product", `{"sku":"A-1","unit_price":13}`)
	if s.Head().Seq != before+1 {
		t.Fatal("a command that changes nothing leaves its outcome and no more")
	}
	whole(t, s)
}

func TestObey_sets_thresholds_and_fires_what_they_cross(t *testing.T) {
	s := storetest.Open(t)
	s.Stocked("A", 4)
	at := func() *store.Quantity {
		p, _ := s.ProductBySKU("A")
		return p.ThresholdAt(s.Location)
	}
	applied(t, s, "threshold", `{"sku":"a","threshold":3}`)
	if *at() != units(3) {
		t.Fatal(at())
	}
	applied(t, s, "threshold", fmt.Sprintf(`{"sku":"A","location_id":%q,"threshold":6}`, s.Location.String()))
	if n, _ := events(t, s, store.EventLowStock); *at() != units(6) || n != 1 {
		t.Fatalf("%v, %d crossings", at(), n)
	}
	applied(t, s, "threshold", fmt.Sprintf(`{"sku":"A","location_id":%q,"threshold":7}`, s.Location.String()))
	if p, _ := s.ProductBySKU("A"); len(p.Thresholds) != 1 || *at() != units(7) {
		t.Fatalf("%+v", p)
	}
	applied(t, s, "threshold", fmt.Sprintf(`{"sku":"A","location_id":%q,"threshold":null}`, s.Location.String()))
	if *at() != units(3) {
		t.Fatal(at())
	}
	applied(t, s, "threshold", `{"sku":"A","threshold":null}`)
	if at() != nil {
		t.Fatal(at())
	}
}

func TestObey_archives_what_has_no_stock(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 1)
	if done := obey(t, s, 1, "archive_product", `{"sku":"A"}`); done.Status != store.CommandRefused {
		t.Fatalf("with stock: %+v", done)
	}
	s.Adjust(item, -1, store.Sale)
	applied(t, s, "archive_product", `{"sku":"A"}`)
	if p, _ := s.ProductBySKU("A"); p.ArchivedAt == 0 {
		t.Fatal("it is not archived")
	}
	before := s.Head().Seq
	applied(t, s, "archive_product", `{"sku":"A"}`)
	if s.Head().Seq != before+1 {
		t.Fatal("it was archived twice")
	}
}

func TestObey_does_nothing_with_a_number_that_is_not_newer(t *testing.T) {
	s := storetest.Open(t)
	obey(t, s, 5, "product", `{"sku":"A","name":"Five"}`)
	head := s.Head()
	for _, n := range []int64{5, 4, 1, 0, -1} {
		if done := obey(t, s, n, "product", `{"sku":"A","name":"Other"}`); done != nil || s.Head() != head || s.Command() != 5 {
			t.Errorf("command %d after 5: %+v", n, done)
		}
	}
	whole(t, s)
	if s.Command() != 5 {
		t.Fatalf("after a restart the newest command is %d", s.Command())
	}
	if done := obey(t, s, 9, "product", `{"sku":"A","name":"Nine"}`); done.N != 9 || s.Command() != 9 {
		t.Fatalf("%+v", done)
	}
}

func TestObey_books_a_refusal_and_goes_on(t *testing.T) {
	s := storetest.Open(t, func(r *store.Rules) { r.ThresholdOwner = store.OwnerStore })
	s.Stocked("A", 3)
	long := strings.Repeat("é", 20_000)
	for name, c := range map[string]struct {
		kind, body string
		code       store.Code
	}{
		"a kind of later":       {"recall", `{}`, store.CodeUnknownCommand},
		"a long kind":           {long, `{}`, store.CodeUnknownCommand},
		"no kind":               {"", ``, store.CodeUnknownCommand},
		"no body":               {"product", ``, store.CodeInvalid},
		"no object":             {"product", `[1]`, store.CodeInvalid},
		"null":                  {"product", `null`, store.CodeInvalid},
		"a field of later":      {"product", `{"sku":"A","colour":"red"}`, store.CodeInvalid},
		"an id":                 {"product", `{"sku":"A","id":"019b2c00-0000-7000-8000-000000000001"}`, store.CodeInvalid},
		"a price as text":       {"product", `{"sku":"A","unit_price":"1"}`, store.CodeInvalid},
		"a price of null":       {"product", `{"sku":"A","unit_price":null}`, store.CodeInvalid},
		"a price below zero":    {"product", `{"sku":"A","unit_price":-1}`, store.CodeRange},
		"another unit":          {"product", `{"sku":"A","unit":"g"}`, store.CodeUnitMismatch},
		"a new one, unnamed":    {"product", `{"sku":"B"}`, store.CodeInvalid},
		"two faults":            {"product", `{"sku":"B","name":"","unit":"ell"}`, store.CodeInvalid},
		"too much":              {"product", `{"sku":"B","name":"B","barcodes":["` + strings.Repeat(`1","`, 30) + `2"]}`, store.CodeInvalid},
		"a threshold of ours":   {"threshold", `{"sku":"A","threshold":1}`, store.CodeNotOwner},
		"one beside a price":    {"product", `{"sku":"A","unit_price":1,"low_stock_threshold":1}`, store.CodeNotOwner},
		"nothing to archive":    {"archive_product", `{"sku":"Z"}`, store.CodeNotFound},
		"more than to archive":  {"archive_product", `{"sku":"A","why":"x"}`, store.CodeInvalid},
		"a name of 40,000 byte": {"product", `{"sku":"B","name":"` + long + `"}`, store.CodeInvalid},
	} {
		before, products := s.Head().Seq, len(s.Products())
		n := s.Command() + 1
		done := obey(t, s, n, c.kind, c.body)
		if done == nil || done.Status != store.CommandRefused || done.Code != c.code || done.Detail == "" || s.Command() != n {
			t.Errorf("%s: %+v", name, done)
		}
		if s.Head().Seq != before+1 || len(s.Products()) != products {
			t.Errorf("%s left more than its outcome", name)
		}
	}
	whole(t, s)
}

func TestObey_leaves_the_catalogue_to_the_store_that_owns_it(t *testing.T) {
	s := storetest.Open(t, func(r *store.Rules) { r.CatalogueOwner = store.OwnerStore })
	s.AddProduct("A")
	for _, kind := range []string{"product", "archive_product"} {
		if done := obey(t, s, s.Command()+1, kind, `{"sku":"A"}`); done.Code != store.CodeNotOwner {
			t.Errorf("%s: %+v", kind, done)
		}
	}
	applied(t, s, "threshold", `{"sku":"A","threshold":1}`)
}

func TestObey_forgets_what_was_written_before_a_refusal(t *testing.T) {
	store.TeachCommand(t, "half", func(do func(store.Command) error) error {
		if err := do(&store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = "HALF", "Half" }}); err != nil {
			return err
		}
		return &store.Error{Code: store.CodeInvalid, Message: "No more."}
	})
	s := storetest.Open(t)
	before := s.Head().Seq
	if done := obey(t, s, 1, "half", `{}`); done.Code != store.CodeInvalid || done.Detail != "No more." || s.Head().Seq != before+1 {
		t.Fatalf("%+v", done)
	}
	if _, ok := s.ProductBySKU("HALF"); ok {
		t.Fatal("half of it was done")
	}
	whole(t, s)
}
