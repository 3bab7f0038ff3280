package web

import (
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// mount registers every route, and unmatched for everything else: the answer
// where no path fits, and that where only the method does not.
func (s *front) mount(routes []*route, unmatched func(known bool) handler) error {
	for _, r := range routes {
		if r.role == "" || r.handle == nil {
			return fmt.Errorf("route %s %s has no role or no handler", r.method, r.path)
		}
		r.observe = s.metrics.route(r.method, r.path)
		s.engine.Handle(r.method, r.path, s.adapt(r))
	}
	observe := s.metrics.route("any", "unmatched")
	s.engine.NoRoute(s.adapt(&route{role: open, observe: observe, handle: unmatched(false)}))
	s.engine.NoMethod(s.adapt(&route{role: open, observe: observe, handle: unmatched(true)}))
	return s.engine.SetTrustedProxies(nil)
}

// nowhere refuses what is not in the table of routes.
func nowhere(known bool) handler {
	p := &problem{status: http.StatusNotFound, err: &store.Error{
		Code: store.CodeNotFound, Message: "There is nothing at this path; /docs lists what there is.",
	}}
	if known {
		p = &problem{status: http.StatusMethodNotAllowed, err: &store.Error{
			Code: store.CodeInvalid, Message: "This path does not take that method; the Allow header lists those it takes.",
		}}
	}
	return func(*exchange) error { return p }
}
