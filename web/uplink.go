package web

import (
	"context"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// enrolAtCentral lets the store send its ledger to a central.
func (s *Server) enrolAtCentral(x *exchange) error {
	var url, code, name string
	err := x.decode(func(b *body, field string) bool {
		switch field {
		case "url":
			b.text(&url)
		case "code":
			b.text(&code)
		case "name":
			b.text(&name)
		default:
			return false
		}
		return true
	})
	if err = x.forAll(x.complete(err, nil)); err == nil {
		err = checkEnrolment(url, code, name)
	}
	if err != nil {
		return err
	}
	e := Enrolment{URL: url, Name: name}
	if !x.dryRun {
		if e, err = s.sync.Enrol(x.Request.Context(), url, code, name); err != nil {
			return err
		}
	}
	return x.send(http.StatusOK, newWriter().open().key("url").text(e.URL).key("name").orNull(e.Name).close())
}

// checkEnrolment names every fault of an enrolment.
func checkEnrolment(url, code, name string) error {
	var faults []store.Detail
	for _, f := range []struct {
		pointer, value string
		least, most    int
		text           string
	}{
		{"/url", url, 1, 2000, "url is where central is, such as https://central.example.com."},
		{"/code", code, 1, 200, "code is the one that head office gave out for this store."},
		{"/name", name, 0, 200, "name has at most 200 characters."},
	} {
		if n := len(f.value); n < f.least || n > f.most {
			faults = append(faults, store.Detail{Pointer: f.pointer, Code: store.CodeInvalid, Detail: f.text})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
}

// forgetCentral ends sending to central.
func (s *Server) forgetCentral(x *exchange) error { return x.uplink(s.sync.Forget) }

// adopt says that this copy of the data goes on.
func (s *Server) adopt(x *exchange) error { return x.uplink(s.sync.Adopt) }

// uplink does one thing to the tie to central. It concerns every location.
func (x *exchange) uplink(do func(context.Context) error) error {
	err := x.forAll(x.noBody())
	if err == nil && !x.dryRun {
		err = do(x.Request.Context())
	}
	if err == nil {
		x.Writer.WriteHeader(http.StatusNoContent)
	}
	return err
}
