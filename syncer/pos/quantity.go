package pos

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// Number is a quantity or an amount of money in another's JSON: a number, or a
// text that is one, exactly as written. Reading never fails by itself, so that
// one bad row does not take the others with it; ask Quantity or Money.
type Number struct{ text string }

// UnmarshalJSON keeps the text.
func (n *Number) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &n.text)
	}
	n.text = string(b)
	if n.text == "null" {
		n.text = ""
	}
	return nil
}

// Given tells whether there is anything.
func (n Number) Given() bool { return n.text != "" }

// Quantity reads it exactly. problem is a sentence when it is no number, too
// large, or has more than four decimals that are not zero.
func (n Number) Quantity() (q store.Quantity, problem string) {
	q, err := store.ParseQuantity(n.text)
	if err != nil {
		return 0, fmt.Sprintf("Its quantity %.40q is not a number that fits.", n.text)
	}
	return q, ""
}

// Money reads it exactly, as Quantity does.
func (n Number) Money() (m store.Money, problem string) {
	m, err := store.ParseMoney(n.text)
	if err != nil {
		return 0, fmt.Sprintf("Its amount %.40q is not a number that fits.", n.text)
	}
	return m, ""
}
