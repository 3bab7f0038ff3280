package store

import (
	"crypto/sha256"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is erasable free text beside an entry. The entry's hashed bytes carry
// only the digest, so the text can go and the chain still verifies.
type Text struct {
	Salt [16]byte
	Body string
}

// Digest is SHA-256(salt ‖ body).
func (t *Text) Digest() [sha256.Size]byte {
	return sha256.Sum256(append(t.Salt[:], t.Body...))
}

// text trims *s and checks its length in characters.
func (p *problems) text(pointer string, s *string, min, max int) {
	*s = strings.TrimSpace(*s)
	n := utf8.RuneCountInString(*s)
	name := pointer[strings.LastIndexByte(pointer, '/')+1:]
	switch {
	case n < min:
		p.add(refuse(CodeInvalid, "%s is required.", name).at(pointer))
	case n > max:
		p.add(refuse(CodeInvalid, "%s has %d characters; at most %d are allowed.", name, n, max).at(pointer))
	case !utf8.ValidString(*s) || strings.ContainsFunc(*s, unprintable):
		p.add(refuse(CodeInvalid, "%s holds a control character or is not UTF-8.", name).at(pointer))
	}
}

// unprintable tells control characters other than line breaks and tabs.
func unprintable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}
