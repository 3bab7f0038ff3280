package web

import (
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// routes is head office's whole API on one page.
func (s *FleetServer) routes() []*route {
	return []*route{
		reads("/inventory", store.RoleViewer, s.listItems),
		reads("/inventory/snapshot", store.RoleViewer, s.snapshot),
		reads("/inventory/:id", store.RoleViewer, s.getItem),
		reads("/inventory/:id/movements", store.RoleViewer, s.listItemMovements),
		reads("/movements", store.RoleViewer, s.listMovements),

		reads("/stores", store.RoleViewer, s.listStores),
		writes(post, "/stores", store.RoleAdmin, s.inviteStore),
		reads("/stores/:id", store.RoleViewer, s.getStore),
		writes(post, "/stores/:id/revoke", store.RoleAdmin, s.revokeStore),
		reads("/products/:sku/stores", store.RoleViewer, s.getProductEverywhere),
		writes(post, "/commands", store.RoleAdmin, s.sendCommand),

		reads("/tokens", store.RoleAdmin, s.listTokens),
		writes(post, "/tokens", store.RoleAdmin, s.createToken),
		writes(remove, "/tokens/:id", store.RoleAdmin, s.revokeToken),
		syncToo(reads("/me", store.RoleViewer, s.me)),

		{method: http.MethodGet, path: "/healthz", role: open, handle: s.healthz},
		{method: http.MethodGet, path: "/readyz", role: open, handle: s.readyz},
		{method: http.MethodGet, path: "/metrics", role: store.RoleViewer, sync: true, handle: s.serveMetrics},
		{method: http.MethodGet, path: "/openapi.yaml", role: open, handle: s.serveSpec},
		{method: http.MethodGet, path: "/docs", role: open, handle: s.serveDocs},
		{method: http.MethodGet, path: "/", role: open, handle: s.home},
	}
}

// readsOnly refuses what is not in head office's table of routes. A client that
// would change stock is told where to do it.
func readsOnly(known bool) handler {
	return func(x *exchange) error {
		method, stock := x.Request.Method, strings.HasPrefix(x.Request.URL.Path, basePath+"/")
		if !stock || method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
			return nowhere(known)(x)
		}
		if x.Writer.Header().Get("Allow") == "" {
			x.Writer.Header().Set("Allow", http.MethodGet)
		}
		return &problem{status: http.StatusMethodNotAllowed, err: &store.Error{
			Code:    store.CodeReadOnly,
			Message: "This is head office, which only reads stock: change it at its store, which sends here what it did.",
		}}
	}
}
