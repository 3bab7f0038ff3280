package web

import (
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// mount registers every route, and problems for everything else.
func (s *Server) mount() error {
	for _, r := range s.routes() {
		if r.role == "" || r.handle == nil {
			return fmt.Errorf("route %s %s has no role or no handler", r.method, r.path)
		}
		r.observe = s.metrics.route(r.method, r.path)
		s.engine.Handle(r.method, r.path, s.adapt(r))
	}
	nowhere := func(code store.Code, status int, text string) *route {
		return &route{role: open, observe: s.metrics.route("any", "unmatched"), handle: func(*exchange) error {
			return &problem{status: status, err: &store.Error{Code: code, Message: text}}
		}}
	}
	s.engine.NoRoute(s.adapt(nowhere(store.CodeNotFound, http.StatusNotFound, "There is nothing at this path; /docs lists what there is.")))
	s.engine.NoMethod(s.adapt(nowhere(store.CodeInvalid, http.StatusMethodNotAllowed, "This path does not take that method; the Allow header lists those it takes.")))
	return nil
}
