// Package web is the REST API: routes, authentication, strict decoding of
// requests, and answers as openapi.yaml promises them. It decides nothing
// about stock; it turns requests into commands of package store and receipts
// into JSON. It refuses to know SQL, and nothing else uses gin.
package web
