package httpapi

import (
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// jq calculates with binary floating point, in which 0.1 + 0.2 is not 0.3. A
// quantity must not change on its way, so + - * / and add are exact here:
// each operator becomes a function of the prelude, which calculates numbers
// with fractions of integers and leaves all else to jq.

// prelude defines the functions. The right side is worked out first, as by
// jq's own operators.
const prelude = `
def _plus($r; $l): _exact_plus($l; $r) // ($l + $r | _bounded);
def _minus($r; $l): _exact_minus($l; $r) // ($l - $r);
def _times($r; $l): _exact_times($l; $r) // (if [$l, $r | type] == ["object", "object"] then $l * $r | _bounded else error("* is for numbers and objects") end);
def _over($r; $l): _exact_over($l; $r) // ($l / $r);
def add(f): reduce f as $x (null; _plus($x; .));
def add: add(.[]);
.`

// exactFunctions gives the functions of the prelude. Each tree has its own:
// compiling may change them.
func exactFunctions() []*gojq.FuncDef {
	query, err := gojq.Parse(prelude)
	if err != nil {
		panic(err) // The text is a constant.
	}
	return query.FuncDefs
}

// operators are those that become functions.
var operators = map[gojq.Operator]string{
	gojq.OpAdd: "_plus", gojq.OpSub: "_minus", gojq.OpMul: "_times", gojq.OpDiv: "_over",
}

// updates are operators that would calculate as jq does.
var updates = map[gojq.Operator]string{
	gojq.OpUpdateAdd: "+", gojq.OpUpdateSub: "-", gojq.OpUpdateMul: "*", gojq.OpUpdateDiv: "/", gojq.OpUpdateMod: "%",
}

// exactly makes a call of an operator.
func exactly(q *gojq.Query) {
	if name, ok := operators[q.Op]; ok {
		q.Term = &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: []*gojq.Query{q.Right, q.Left}}}
		q.Op, q.Left, q.Right = 0, nil, nil
	}
}

// functions are what the prelude is made of. The exact ones give null for what
// are not two numbers.
var functions = []gojq.CompilerOption{
	gojq.WithFunction("_exact_plus", 2, 2, exact((*big.Rat).Add)),
	gojq.WithFunction("_exact_minus", 2, 2, exact((*big.Rat).Sub)),
	gojq.WithFunction("_exact_times", 2, 2, exact((*big.Rat).Mul)),
	gojq.WithFunction("_exact_over", 2, 2, exact(quotient)),
	gojq.WithFunction("_bounded", 0, 0, bounded),
}

func exact(op func(z, x, y *big.Rat) *big.Rat) func(any, []any) any {
	return func(_ any, args []any) any {
		l, okL := rational(args[0])
		r, okR := rational(args[1])
		if !okL || !okR {
			return nil
		}
		if z := op(new(big.Rat), l, r); z != nil {
			return number(z)
		}
		return nil
	}
}

// quotient is nil for a division by zero, which jq refuses.
func quotient(z, x, y *big.Rat) *big.Rat {
	if y.Sign() == 0 {
		return nil
	}
	return z.Quo(x, y)
}

// maxNumber bounds the length of a number that is calculated with.
const maxNumber = 64

// rational reads a number exactly as it is written. ok is false for anything
// else, and for numbers that no quantity or amount can be.
func rational(v any) (r *big.Rat, ok bool) {
	switch v := v.(type) {
	case int:
		return new(big.Rat).SetInt64(int64(v)), true
	case float64, *big.Int, json.Number:
		text := numberText(v)
		if len(text) > maxNumber || strings.ContainsAny(text, "eE") && !smallExponent(text) {
			return nil, false
		}
		return new(big.Rat).SetString(text)
	}
	return nil, false
}

// numberText is a number of jq's in the shortest form that is it.
func numberText(v any) string {
	if n, ok := v.(json.Number); ok {
		return string(n)
	}
	text, err := gojq.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func smallExponent(text string) bool {
	at := strings.IndexAny(text, "eE")
	n, err := strconv.Atoi(text[at+1:])
	return err == nil && -maxNumber <= n && n <= maxNumber
}

// endless is where a quotient without an end is cut off. It is far more than
// any quantity may have, so such a one is refused and not rounded.
const endless = 100

// number gives a number as jq has it.
func number(r *big.Rat) any {
	if !r.IsInt() {
		decimals, ends := r.FloatPrec()
		if !ends {
			decimals = endless
		}
		return json.Number(r.FloatString(decimals))
	}
	n := new(big.Int).Set(r.Num())
	if small := int(n.Int64()); n.IsInt64() && int64(small) == n.Int64() {
		return small
	}
	return n
}

// maxGrown bounds what + and * may make of texts and lists.
const maxGrown = 16 << 20

// bounded ends what would double until the memory is full.
func bounded(v any, _ []any) any {
	size := 0
	switch v := v.(type) {
	case string:
		size = len(v)
	case []any:
		size = len(v) * 16
	case map[string]any:
		size = len(v) * 16
	}
	if size > maxGrown {
		return errors.New("a text or list grows too large")
	}
	return v
}
