package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/shelfd/shelfd/store"
)

// readBody reads the whole body within the route's limit.
func (x *exchange) readBody() ([]byte, error) {
	limit := x.s.cfg.BodyLimit
	if x.route.path == "/api/v1/import" {
		limit = x.s.cfg.ImportBodyLimit
	}
	if x.Request.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var b bytes.Buffer
	if n := x.Request.ContentLength; n > 0 {
		b.Grow(int(n) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(http.MaxBytesReader(x.Writer, x.Request.Body, limit)); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge(limit)
		}
		return nil, invalid("The body broke off.")
	}
	return b.Bytes(), nil
}

func tooLarge(limit int64) error {
	return &store.Error{Code: store.CodePayloadTooLarge, Message: fmt.Sprintf("The body is larger than %d bytes.", limit)}
}

// body decodes one JSON object strictly and gathers every problem: unknown
// fields, wrong types, amounts that are not exact. Broken JSON, invalid UTF-8
// and names given twice end it at once.
type body struct {
	d        *jsontext.Decoder
	problems []store.Detail
	broken   error
	// unread is set when a problem means that the request cannot be read.
	unread bool
}

var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// decode reads the body of a request; field is called for each member of the
// object and answers whether there is such a field. An empty body is an
// object without members.
func (x *exchange) decode(field func(b *body, name string) bool) error {
	b := body{d: decoders.Get().(*jsontext.Decoder)}
	defer decoders.Put(b.d)
	if len(bytes.TrimSpace(x.body)) == 0 {
		return nil
	}
	b.d.Reset(bytes.NewBuffer(x.body))
	b.object(func(name string) bool { return field(&b, name) })
	if b.broken == nil {
		if _, err := b.d.ReadToken(); !errors.Is(err, io.EOF) {
			return invalid("The body has something after its JSON object.")
		}
	}
	return b.err()
}

// complete ends the reading of a request whose body has been decoded: nothing
// that is required may be missing, and no parameter unknown.
func (x *exchange) complete(err error, missing required) error {
	if err == nil {
		err = missing.err("")
	}
	if err == nil {
		err = x.query.done()
	}
	return err
}

// object walks the members of an object.
func (b *body) object(field func(name string) bool) {
	if b.d.PeekKind() != '{' {
		b.wrong("a JSON object")
		return
	}
	b.token()
	for b.broken == nil && b.d.PeekKind() != '}' {
		name := b.token().String()
		if b.broken != nil {
			return
		}
		if !field(name) {
			b.add(store.CodeUnknownField, fmt.Sprintf("There is no field %.60q here.", name))
			b.skip()
		}
	}
	b.token()
}

// list walks the elements of a list of at most so many.
func (b *body) list(most int, element func(i int)) {
	if b.d.PeekKind() != '[' {
		b.wrong("a list")
		return
	}
	b.token()
	i := 0
	for ; b.broken == nil && b.d.PeekKind() != ']'; i++ {
		if i < most {
			element(i)
		} else {
			b.skip()
		}
	}
	pointer := string(b.d.StackPointer())
	b.token()
	if i > most {
		b.problems = append(b.problems, store.Detail{
			Pointer: parent(pointer), Code: store.CodePayloadTooLarge,
			Detail: fmt.Sprintf("%d are too many at once; at most %d are allowed.", i, most),
		})
	}
}

// parent is the pointer of what a pointer's value is in.
func parent(pointer string) string {
	for i := len(pointer) - 1; i >= 0; i-- {
		if pointer[i] == '/' {
			return pointer[:i]
		}
	}
	return ""
}

func (b *body) token() jsontext.Token {
	t, err := b.d.ReadToken()
	if err != nil && b.broken == nil {
		b.broken = err
	}
	return t
}

func (b *body) skip() {
	if err := b.d.SkipValue(); err != nil && b.broken == nil {
		b.broken = err
	}
}

// add records a problem at the value just named or read.
func (b *body) add(code store.Code, text string) {
	b.problems = append(b.problems, store.Detail{Pointer: string(b.d.StackPointer()), Code: code, Detail: text})
}

// wrong records a value of the wrong type, and steps over it.
func (b *body) wrong(want string) {
	b.unread = true
	b.skip()
	if b.broken == nil {
		b.add(store.CodeInvalid, "This is "+want+".")
	}
}

// null steps over a null; it counts as absent unless a handler says that
// null clears.
func (b *body) null() bool {
	if b.d.PeekKind() != 'n' {
		return false
	}
	b.token()
	return true
}

func (b *body) text(to *string) {
	if b.null() {
		return
	}
	if b.d.PeekKind() != '"' {
		b.wrong("a text")
		return
	}
	*to = b.token().String()
}

func (b *body) bool(to *bool) {
	if b.null() {
		return
	}
	if k := b.d.PeekKind(); k != 't' && k != 'f' {
		b.wrong("true or false")
		return
	}
	if t := b.token(); b.broken == nil {
		*to = t.Bool()
	}
}

// number gives the text of a number.
func (b *body) number() (string, bool) {
	if b.null() {
		return "", false
	}
	if b.d.PeekKind() != '0' {
		b.wrong("a number")
		return "", false
	}
	return b.token().String(), b.broken == nil
}

// refused records an error of parsing a value.
func (b *body) refused(err error) {
	var e *store.Error
	if errors.As(err, &e) {
		b.add(e.Code, e.Message)
	}
}

func (b *body) quantity(to *store.Quantity) {
	if text, ok := b.number(); ok {
		q, err := store.ParseQuantity(text)
		b.refused(err)
		*to = q
	}
}

func (b *body) optionalQuantity(to **store.Quantity) {
	if text, ok := b.number(); ok {
		q, err := store.ParseQuantity(text)
		b.refused(err)
		*to = &q
	}
}

func (b *body) money(to *store.Money) {
	if text, ok := b.number(); ok {
		m, err := store.ParseMoney(text)
		b.refused(err)
		*to = m
	}
}

// int reads a whole number of at most nine digits.
func (b *body) int(to *int64) {
	text, ok := b.number()
	if !ok {
		return
	}
	q, err := store.ParseQuantity(text)
	if err != nil || q%10_000 != 0 {
		b.add(store.CodeInvalid, "This is a whole number of at most nine digits.")
		return
	}
	*to = int64(q / 10_000)
}

// id reads an id. One that cannot be ours is kept as one that nothing has, so
// that the answer is not_found.
func (b *body) id(to *store.ID) {
	var text string
	if b.text(&text); text == "" {
		return
	}
	*to = idOf(text)
}

// idOf reads an id; one that cannot be ours is one that nothing has.
func idOf(text string) store.ID {
	id, ok := store.ParseID(text)
	if !ok {
		return store.ID{0xff}
	}
	return id
}

func (b *body) time(to *store.Instant) {
	var text string
	if b.text(&text); text == "" {
		return
	}
	at, problem := parseTime(text)
	if problem != "" {
		b.add(store.CodeInvalid, "This "+problem+".")
	}
	*to = at
}

func (b *body) room(to *store.Room) {
	var text string
	if b.text(&text); text == "" {
		return
	}
	b.refused(to.UnmarshalText([]byte(text)))
}

func (b *body) reason(to *store.Reason) {
	var text string
	if b.text(&text); text == "" {
		return
	}
	b.refused(to.UnmarshalText([]byte(text)))
}

// err gives one error for everything found.
func (b *body) err() error {
	if b.broken != nil {
		var syntax *jsontext.SyntacticError
		text := "The body is not JSON."
		if errors.As(b.broken, &syntax) {
			text = fmt.Sprintf("The body is not JSON: byte %d, at %.200q, is wrong: %v.", syntax.ByteOffset, string(syntax.JSONPointer), syntax.Err)
		}
		return invalid(text)
	}
	if len(b.problems) == 0 {
		return nil
	}
	e := &store.Error{Code: b.problems[0].Code, Message: b.problems[0].Detail, Details: b.problems}
	status := kinds[e.Code].status
	for _, d := range b.problems[1:] {
		if d.Code != e.Code {
			e.Code = store.CodeInvalid
		}
		if kinds[d.Code].status != status {
			status = http.StatusUnprocessableEntity
		}
	}
	for _, d := range b.problems {
		if b.unread || d.Code == store.CodeUnknownField {
			status = http.StatusBadRequest
		}
	}
	if n := len(b.problems); n > 1 {
		e.Message = fmt.Sprintf("The request has %d problems.", n)
	}
	return &problem{status: status, err: e}
}
