package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// sheetUse says which columns make a field.
type sheetUse struct {
	Field   string   `json:"field"`
	Columns []string `json:"columns"`
	// Guessed says that the header's words led to it and nobody asked for it;
	// the cells of such a column may be empty where a row needs a value that
	// can be made.
	Guessed bool `json:"guessed"`
	index   []int
	spec    *sheetField
}

// String is "name ← Product + Option" or "quantity ← Qty (guessed)".
func (u sheetUse) String() string {
	s := u.Field + " ← " + strings.Join(u.Columns, " + ")
	if u.Guessed {
		s += " (guessed)"
	}
	return s
}

// sheetMapError is all that is wrong with a mapping.
type sheetMapError struct {
	Problems []string
	Columns  []string // that the file has
	Line     int      // of the header
}

// Error is one problem a line, and below them the columns that exist.
func (e *sheetMapError) Error() string {
	return strings.Join(e.Problems, "\n") +
		fmt.Sprintf("\nThe columns, from line %d: %s.", e.Line, strings.Join(e.Columns, ", "))
}

// sheetMapper collects a mapping and all that is wrong with it.
type sheetMapper struct {
	columns  []string
	uses     map[string]sheetUse
	left     map[string]bool // fields to leave out, by an empty mapping
	problems []string
}

// mapSheet maps columns to fields: as asked for, then by what headers are
// usually called. unused are the columns that no field takes.
func mapSheet(columns, asked []string, line int) (uses []sheetUse, unused []string, err error) {
	m := &sheetMapper{columns: columns, uses: map[string]sheetUse{}, left: map[string]bool{}}
	for _, a := range asked {
		m.ask(a)
	}
	m.single()
	m.guess()
	m.complete()
	if len(m.problems) > 0 {
		return nil, nil, &sheetMapError{Problems: m.problems, Columns: m.listed(), Line: line}
	}
	taken := make([]bool, len(columns))
	for i := range sheetFields {
		if u, ok := m.uses[sheetFields[i].name]; ok {
			uses = append(uses, u)
			for _, c := range u.index {
				taken[c] = true
			}
		}
	}
	for i, c := range columns {
		if !taken[i] && c != "" {
			unused = append(unused, c)
		}
	}
	return uses, unused, nil
}

func (m *sheetMapper) fail(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// ask takes one value of --map.
func (m *sheetMapper) ask(asked string) {
	field, columns, ok := strings.Cut(asked, "=")
	field = strings.ToLower(strings.TrimSpace(field))
	if !ok {
		m.fail("%q is no mapping: write field=Column.", asked)
		return
	}
	spec := sheetFieldNamed(field)
	if spec == nil {
		m.fail("%q is no field; the fields are %s.", field, sheetFieldNames())
		return
	}
	if _, twice := m.uses[field]; twice || m.left[field] {
		m.fail("%s is mapped twice.", field)
		return
	}
	if strings.TrimSpace(columns) == "" {
		m.left[field] = true
		return
	}
	use := sheetUse{Field: field, spec: spec}
	for _, name := range m.split(columns) {
		m.add(&use, name)
	}
	if len(use.index) > 1 && !spec.joins() {
		m.fail("%s is made of one column; only texts can be joined.", field)
	}
	m.uses[field] = use
}

// split takes Brand+Product apart, unless a column is called just so.
func (m *sheetMapper) split(columns string) []string {
	if len(m.find(columns)) > 0 {
		return []string{columns}
	}
	return strings.Split(columns, "+")
}

func (m *sheetMapper) add(use *sheetUse, name string) {
	name = strings.TrimSpace(name)
	found := m.find(name)
	switch {
	case len(found) == 0:
		m.fail("%s: there is no column %q.", use.Field, name)
	case len(found) > 1:
		m.fail("%s: there are %d columns %q; say which: %s.", use.Field, len(found), name, sheetNumbers(found))
	case slices.Contains(use.index, found[0]):
		m.fail("%s: column %q is named twice.", use.Field, name)
	default:
		use.index = append(use.index, found[0])
		use.Columns = append(use.Columns, m.title(found[0]))
	}
}

// find gives the columns of a name: those written exactly so, else those that
// differ in case, spaces and signs, else the one of a number such as #4.
func (m *sheetMapper) find(name string) []int {
	name = sheetCollapse(name)
	if name == "" {
		return nil
	}
	if exact := m.where(func(c string) bool { return c == name }); len(exact) > 0 {
		return exact
	}
	if key := sheetKey(name); key != "" && !strings.HasPrefix(name, "#") {
		return m.where(func(c string) bool { return sheetKey(c) == key })
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, "#"))
	if !strings.HasPrefix(name, "#") || err != nil || n < 1 || n > len(m.columns) {
		return nil
	}
	return []int{n - 1}
}

func (m *sheetMapper) where(match func(string) bool) []int {
	var found []int
	for i, c := range m.columns {
		if match(c) {
			found = append(found, i)
		}
	}
	return found
}

// single refuses two fields that are each just the same column.
func (m *sheetMapper) single() {
	owner := map[int]string{}
	for i := range sheetFields {
		use := m.uses[sheetFields[i].name]
		if len(use.index) != 1 {
			continue
		}
		if first, taken := owner[use.index[0]]; taken {
			m.fail("column %q is mapped to both %s and %s.", use.Columns[0], first, use.Field)
			continue
		}
		owner[use.index[0]] = use.Field
	}
}

// guess maps the fields nobody asked for. A column that is a field of its own
// is not taken for another.
func (m *sheetMapper) guess() {
	taken := map[int]bool{}
	for _, use := range m.uses {
		if len(use.index) == 1 {
			taken[use.index[0]] = true
		}
	}
	for i := range sheetFields {
		spec := &sheetFields[i]
		if _, asked := m.uses[spec.name]; asked || m.left[spec.name] {
			continue
		}
		if column, ok := m.known(spec, taken); ok {
			taken[column] = true
			m.uses[spec.name] = m.guessed(spec, column)
		}
	}
	m.loneExpiry()
}

// known gives the column whose header is among the usual words of a field.
func (m *sheetMapper) known(spec *sheetField, taken map[int]bool) (column int, ok bool) {
	for _, word := range spec.words {
		found := m.where(func(c string) bool { return sheetKey(c) == word })
		found = slices.DeleteFunc(found, func(i int) bool { return taken[i] })
		if len(found) > 1 {
			m.fail("%s could be any of the columns %q; say which with --map %s=%s, or --map %s= for none.",
				spec.name, m.columns[found[0]], spec.name, sheetNumbers(found[:1]), spec.name)
			return 0, false
		}
		if len(found) == 1 {
			return found[0], true
		}
	}
	return 0, false
}

// guessed makes the use of a column; a size takes its unit from the column
// beside it.
func (m *sheetMapper) guessed(spec *sheetField, column int) sheetUse {
	use := sheetUse{Field: spec.name, spec: spec, Guessed: true, index: []int{column}, Columns: []string{m.title(column)}}
	if spec.name != "size" {
		return use
	}
	units := m.where(func(c string) bool {
		return slices.Contains([]string{"sizeunit", "sizeuom", "unitsizeuom", "weightunit"}, sheetKey(c))
	})
	if len(units) == 1 {
		use.index, use.Columns = append(use.index, units[0]), append(use.Columns, m.title(units[0]))
	}
	return use
}

// loneExpiry drops a guessed expiry in a file without lots: it would have
// nothing to belong to.
func (m *sheetMapper) loneExpiry() {
	_, lots := m.uses["lot"]
	expiry, ok := m.uses["expires_at"]
	if lots || !ok {
		return
	}
	if expiry.Guessed {
		delete(m.uses, "expires_at")
		return
	}
	m.fail("expires_at belongs to a lot: map a column to lot too.")
}

func (m *sheetMapper) complete() {
	if _, ok := m.uses["name"]; !ok {
		m.fail("no column is the product's name; say --map name=Column.")
	}
}

// title is how a column is called in messages.
func (m *sheetMapper) title(column int) string {
	if m.columns[column] == "" {
		return fmt.Sprintf("#%d", column+1)
	}
	return m.columns[column]
}

func (m *sheetMapper) listed() []string {
	var all []string
	for i, c := range m.columns {
		if c == "" {
			c = "(no name)"
		}
		all = append(all, fmt.Sprintf("%s (#%d)", c, i+1))
	}
	return all
}

func sheetNumbers(columns []int) string {
	var all []string
	for _, c := range columns {
		all = append(all, fmt.Sprintf("#%d", c+1))
	}
	return strings.Join(all, ", ")
}

// sheetKey is what counts of a header: its letters and digits, lower case.
func sheetKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, header)
}
