package web

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

var (
	codeMark = regexp.MustCompile("`([^`]+)`")
	boldMark = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	softMark = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
)

// inline turns the marks that the contract's texts use (`code`, **bold**,
// *soft*) into HTML; all else is escaped.
func inline(text string) template.HTML {
	s := html.EscapeString(strings.TrimSpace(text))
	var b strings.Builder
	last := 0
	for _, m := range codeMark.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(emphasis(s[last:m[0]]) + "<code>" + s[m[2]:m[3]] + "</code>")
		last = m[1]
	}
	b.WriteString(emphasis(s[last:]))
	return template.HTML(b.String())
}

func emphasis(s string) string {
	s = boldMark.ReplaceAllString(s, "<strong>$1</strong>")
	return softMark.ReplaceAllString(s, "<em>$1</em>")
}

// paragraphs splits a text at its blank lines.
func paragraphs(text string) []template.HTML {
	var list []template.HTML
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p != "" {
			list = append(list, inline(strings.ReplaceAll(p, "\n", " ")))
		}
	}
	return list
}
