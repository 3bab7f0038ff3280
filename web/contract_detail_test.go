package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkDetail holds a JSON body against what JSON Schema does not say: the
// schema itself, no undocumented field, exact decimals as promised, and times
// in UTC with Z.
func checkDetail(schema *openapi3.Schema, body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	if err := schema.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		return err
	}
	var faults []error
	walk(func(at, fault string) { faults = append(faults, fmt.Errorf("%s %s", at, fault)) }, "", []*openapi3.Schema{schema}, v)
	return errors.Join(faults...)
}

// walk visits a value with all schemas that apply to it.
func walk(report func(at, fault string), at string, schemas []*openapi3.Schema, v any) {
	schemas = applying(schemas, v)
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			of, known := fieldSchemas(schemas, name)
			if !known {
				report(at+"/"+name, "is not documented")
			}
			if known && len(of) == 0 { // anything goes below additionalProperties
				continue
			}
			walk(report, at+"/"+name, of, field)
		}
	case []any:
		var of []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				of = append(of, s.Items.Value)
			}
		}
		for i, e := range v {
			walk(report, fmt.Sprintf("%s/%d", at, i), of, e)
		}
	case json.Number:
		report = reportOnce(report)
		for _, s := range schemas {
			if bounds, ok := s.Extensions["x-decimals"].([]any); ok && !exact(v.String(), bounds) {
				report(at, fmt.Sprintf("is %s, not a number with %v decimals", v, bounds))
			}
		}
	case string:
		for _, s := range schemas {
			if !timeFits(s.Format, v) {
				report(at, fmt.Sprintf("is %q, not a %s", v, s.Format))
			}
		}
	}
}

func reportOnce(report func(at, fault string)) func(at, fault string) {
	done := false
	return func(at, fault string) {
		if !done {
			report(at, fault)
		}
		done = true
	}
}

// applying adds to schemas those they are made of, and of alternatives those
// that fit the value.
func applying(schemas []*openapi3.Schema, v any) []*openapi3.Schema {
	var all []*openapi3.Schema
	for _, s := range schemas {
		all = append(all, s)
		for _, part := range s.AllOf {
			all = append(all, applying([]*openapi3.Schema{part.Value}, v)...)
		}
		for _, choice := range slices.Concat(s.OneOf, s.AnyOf) {
			if choice.Value.VisitJSON(v, openapi3.EnableJSONSchema2020()) == nil {
				all = append(all, applying([]*openapi3.Schema{choice.Value}, v)...)
			}
		}
	}
	return all
}

// fieldSchemas gives the schemas of a field, and whether it may be there.
func fieldSchemas(schemas []*openapi3.Schema, name string) (of []*openapi3.Schema, known bool) {
	for _, s := range schemas {
		if p := s.Properties[name]; p != nil {
			of, known = append(of, p.Value), true
		}
		if open := s.AdditionalProperties.Has; open != nil && *open {
			known = true
		}
	}
	return of, known
}

// exact tells whether a number is written with the promised decimals and no
// zero too many.
func exact(text string, bounds []any) bool {
	least, most := int(bounds[0].(float64)), int(bounds[1].(float64))
	_, fraction, _ := strings.Cut(text, ".")
	n := len(fraction)
	if strings.ContainsAny(text, "eE") || n < least || n > most {
		return false
	}
	return n == least || fraction[n-1] != '0'
}

// timeFits tells whether a string is as a time format wants it.
func timeFits(format, text string) bool {
	var err error
	switch format {
	case "date-time":
		_, err = time.Parse("2006-01-02T15:04:05.999999999Z", text)
	case "date":
		_, err = time.Parse(time.DateOnly, text)
	}
	return err == nil
}
