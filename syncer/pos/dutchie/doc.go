// Package dutchie speaks to Dutchie's point of sale: it reads rooms, catalogue,
// packages and what was sold, and announces goods that arrived as a draft that
// somebody there has to accept.
//
// It refuses to change stock: Dutchie's API has no request for that, so what
// differs becomes work for a person. Formats and rules are those of Dutchie's
// OpenAPI document, "Dutchie Point of Sale API" v1.0.0.
package dutchie
