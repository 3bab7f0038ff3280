package httpapi

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// auth is how requests are signed. Only it, and the request that logs in, ever
// see the user and the key.
type auth struct {
	headers, query []signed
	login          *login
	// needs are the settings that it is made of: user, key.
	needs []string
}

// signed is a header or query parameter made of secrets.
type signed struct {
	name string
	text template
	// basic: it is HTTP Basic of the two texts.
	basic    bool
	password template
}

// login is a request that yields a token.
type login struct {
	request     request
	fail, token *expr
}

// template is a text with ${user}, ${key}, ${token} and ${options.name}.
type template string

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// fill puts the secrets in.
func (t template) fill(secrets map[string]string) string {
	return placeholder.ReplaceAllStringFunc(string(t), func(s string) string { return secrets[s[2:len(s)-1]] })
}

// auth compiles the section.
func (c *compiler) auth() (a auth) {
	t := c.description.Auth
	if t == nil {
		return a
	}
	for name, s := range sorted(t.Headers) {
		a.headers = append(a.headers, signed{name: http.CanonicalHeaderKey(name), text: c.template(&s, t.Login != nil)})
	}
	for name, s := range sorted(t.Query) {
		a.query = append(a.query, signed{name: name, text: c.template(&s, t.Login != nil)})
	}
	if b := t.Basic; b != nil {
		user, password := source{text: "${user}"}, source{text: "${key}"}
		if b.User != nil {
			user = *b.User
		}
		if b.Password != nil {
			password = *b.Password
		}
		a.headers = append(a.headers, signed{
			name: "Authorization", basic: true, text: c.template(&user, t.Login != nil), password: c.template(&password, t.Login != nil),
		})
	}
	if l := t.Login; l != nil {
		if !c.used["${token}"] && l.Token != nil {
			c.add(l.Token.at, l.Token.key, "is used nowhere; put ${token} into auth.headers or auth.query")
		}
		a.login = &login{
			request: c.request(l.Request, "$user", "$key"),
			fail:    c.expr(l.Error, "$options", "$headers"), token: c.expr(l.Token, "$options", "$headers"),
		}
	}
	return a
}

// template checks what stands in ${ }.
func (c *compiler) template(s *source, login bool) template {
	for _, match := range placeholder.FindAllStringSubmatch(s.text, -1) {
		name, option := match[1], strings.TrimPrefix(match[1], "options.")
		_, known := c.description.Options[option]
		switch {
		case name == "user", name == "key":
			c.used["$"+name] = true
		case name == "token" && login:
			c.used["${token}"] = true
		case name != option && known:
		case name == "token":
			c.add(s.at, s.key, "has ${token}, and there is no auth.login that gives one")
		default:
			c.add(s.at, s.key, "has ${%s}; there are ${user}, ${key}, ${token} and ${options.name}", name)
		}
	}
	return template(s.text)
}

// needs lists the settings that are used anywhere.
func (c *compiler) needs() (list []string) {
	for _, name := range []string{"user", "key"} {
		if c.used["$"+name] {
			list = append(list, name)
		}
	}
	return list
}

// sorted goes through a mapping by the order of its keys.
func sorted[T any](m map[string]T) func(yield func(string, T) bool) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(yield func(string, T) bool) {
		for _, name := range names {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}

// sign gives the headers and query parameters that show who we are.
func (a *auth) sign(secrets map[string]string) (http.Header, url.Values) {
	header, query := http.Header{}, url.Values{}
	for _, s := range a.headers {
		value := s.text.fill(secrets)
		if s.basic {
			value = "Basic " + s.credentials(secrets)
		}
		header.Set(s.name, value)
	}
	for _, s := range a.query {
		query.Set(s.name, s.text.fill(secrets))
	}
	return header, query
}

// credentials are those of HTTP Basic.
func (s *signed) credentials(secrets map[string]string) string {
	return base64.StdEncoding.EncodeToString([]byte(s.text.fill(secrets) + ":" + s.password.fill(secrets)))
}
