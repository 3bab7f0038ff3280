package square

import (
	"cmp"
	"strings"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// CodeKeyReused is the code of a failure of class Alarm: Square has used the
// key of a batch for something else.
const CodeKeyReused = "key_reused"

// fault is one of Square's errors.
type fault struct {
	Category string `json:"category"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	Field    string `json:"field"`
}

// refusal says what Square's errors mean. Of several, the one that is about
// more than this request counts.
func (c *Connector) refusal(list []fault, writes bool) *syncer.Failure {
	var worst *syncer.Failure
	for _, e := range list {
		f := c.failure(e, writes)
		if worst == nil || weight(f.Class) > weight(worst.Class) {
			worst = f
		}
	}
	return worst
}

func weight(c syncer.Class) int {
	return map[syncer.Class]int{syncer.Alarm: 1, syncer.Retry: 2, syncer.Pause: 3}[c]
}

// failure says what one error means.
func (c *Connector) failure(e fault, writes bool) *syncer.Failure {
	said := cmp.Or(c.clean(e.Code), "no code")
	switch {
	case e.Category == "AUTHENTICATION_ERROR":
		return &syncer.Failure{
			Class: syncer.Pause, Code: pos.CodeUnauthorized,
			Detail: "Square refuses our key (" + said + "). Enter a new one, or give it the permissions INVENTORY_READ, INVENTORY_WRITE and MERCHANT_PROFILE_READ.",
		}
	case e.Category == "RATE_LIMIT_ERROR" || e.Code == "RATE_LIMITED":
		return &syncer.Failure{Class: syncer.Retry, Code: pos.CodeRateLimited, Detail: "Square was asked too often and wants a pause."}
	case e.Category == "API_ERROR" || passing(e.Code):
		return &syncer.Failure{
			Class: syncer.Retry, Code: pos.CodeServer, Unknown: writes,
			Detail: "Square could not do it now (" + said + ").",
		}
	case e.Code == "IDEMPOTENCY_KEY_REUSED":
		return &syncer.Failure{
			Class: syncer.Alarm, Code: CodeKeyReused,
			Detail: "Square has seen the key of this batch with other changes, and does not have these. Somebody else uses our keys, such as a copy of this store.",
		}
	}
	return &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused, Detail: "Square refuses this: " + c.explain(e) + "."}
}

// passing tells codes of what goes away by itself. A conflict is one: it is
// how the same batch is answered while it is still being done.
func passing(code string) bool {
	switch code {
	case "CONFLICT", "REQUEST_TIMEOUT", "TEMPORARY_ERROR", "INTERNAL_SERVER_ERROR", "BAD_GATEWAY", "SERVICE_UNAVAILABLE", "GATEWAY_TIMEOUT":
		return true
	}
	return false
}

// explain says an error in Square's own words.
func (c *Connector) explain(e fault) string {
	code := e.Code
	if e.Field != "" {
		code += " in " + e.Field
	}
	if detail := c.clean(e.Detail); detail != "" {
		return strings.TrimRight(detail, ".!") + " (" + c.clean(code) + ")"
	}
	return cmp.Or(c.clean(code), "it does not say why")
}

// clean makes what Square wrote fit for a sentence: short, on one line, and
// without our key.
func (c *Connector) clean(text string) string {
	text = strings.ReplaceAll(text, c.key, "…")
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return text
}

// notSquare is an answer that cannot be Square's.
func notSquare(writes bool, why string) *syncer.Failure {
	return &syncer.Failure{
		Class: syncer.Retry, Code: pos.CodeNotPOS, Unknown: writes,
		Detail: "The answer cannot be one of Square. " + why,
	}
}
