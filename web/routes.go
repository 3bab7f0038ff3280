package web

import (
	"net/http"
	"time"

	"github.com/shelfd/shelfd/store"
)

// open marks a route that needs no token.
const open store.Role = "open"

// route is one line of the table that decides everything: what is served, to
// whom, and whether it writes.
type route struct {
	method, path string
	// role is the least role; sync lets tokens for syncing in as well.
	role   store.Role
	sync   bool
	handle handler
	// writes: it takes a body, dry_run and an Idempotency-Key; keyed: the key
	// may be made mandatory.
	writes, keyed bool

	observe func(status int, took time.Duration)
}

// routes is the whole API on one page.
func (s *Server) routes() []*route {
	const api = "/api/v1"
	read := func(path string, role store.Role, h handler) *route {
		return &route{method: http.MethodGet, path: api + path, role: role, handle: h}
	}
	write := func(method, path string, role store.Role, h handler) *route {
		return &route{method: method, path: api + path, role: role, handle: h, writes: true, keyed: true}
	}
	syncToo := func(r *route) *route { r.sync = true; return r }
	const post, patch, put, remove = http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
	return []*route{
		read("/inventory", store.RoleViewer, s.listItems),
		write(post, "/inventory", store.RoleManager, s.openItem),
		write(post, "/inventory/bulk-update", store.RoleTerminal, s.bulkUpdate),
		syncToo(write(post, "/inventory/sync", store.RoleManager, s.requestSync)),
		read("/inventory/snapshot", store.RoleViewer, s.snapshot),
		read("/inventory/:id", store.RoleViewer, s.getItem),
		write(patch, "/inventory/:id", store.RoleTerminal, s.adjustItem),
		write(put, "/inventory/:id/settings", store.RoleManager, s.putSettings),
		read("/inventory/:id/movements", store.RoleViewer, s.listItemMovements),
		read("/inventory/:id/explain", store.RoleViewer, s.explainItem),

		read("/movements", store.RoleViewer, s.listMovements),
		read("/movements/:id", store.RoleViewer, s.getMovement),
		write(post, "/movements/:id/reverse", store.RoleManager, s.reverseMovement),
		write(remove, "/movements/:id/notes", store.RoleAdmin, s.eraseNotes),

		read("/reservations", store.RoleViewer, s.listReservations),
		write(post, "/reservations", store.RoleTerminal, s.createReservation),
		read("/reservations/:id", store.RoleViewer, s.getReservation),
		write(patch, "/reservations/:id", store.RoleTerminal, s.extendReservation),
		write(post, "/reservations/:id/commit", store.RoleTerminal, s.commitReservation),
		write(post, "/reservations/:id/release", store.RoleTerminal, s.releaseReservation),

		read("/products", store.RoleViewer, s.listProducts),
		write(post, "/products", store.RoleManager, s.createProduct),
		read("/products/:id", store.RoleViewer, s.getProduct),
		write(patch, "/products/:id", store.RoleManager, s.patchProduct),
		write(post, "/products/:id/archive", store.RoleManager, s.archiveProduct),
		read("/locations", store.RoleViewer, s.listLocations),
		write(post, "/locations", store.RoleAdmin, s.createLocation),
		read("/locations/:id", store.RoleViewer, s.getLocation),
		write(patch, "/locations/:id", store.RoleAdmin, s.patchLocation),
		write(post, "/locations/:id/archive", store.RoleAdmin, s.archiveLocation),
		read("/lots", store.RoleViewer, s.listLots),
		write(post, "/lots", store.RoleManager, s.createLot),
		read("/lots/:id", store.RoleViewer, s.getLot),
		write(patch, "/lots/:id", store.RoleManager, s.patchLot),
		write(post, "/lots/:id/archive", store.RoleManager, s.archiveLot),
		read("/reason-codes", store.RoleViewer, s.listReasons),
		read("/categories", store.RoleViewer, s.listCategories),
		write(post, "/import", store.RoleManager, s.importRows),

		syncToo(read("/sync/status", store.RoleViewer, s.syncStatus)),
		syncToo(read("/sync/runs", store.RoleViewer, s.listRuns)),
		syncToo(read("/sync/runs/:id", store.RoleViewer, s.getRun)),
		syncToo(read("/ledger", store.RoleManager, s.readLedger)),
		syncToo(read("/ledger/head", store.RoleManager, s.ledgerHead)),
		syncToo(read("/ledger/checkpoints", store.RoleManager, s.listCheckpoints)),

		read("/tokens", store.RoleAdmin, s.listTokens),
		write(post, "/tokens", store.RoleAdmin, s.createToken),
		write(remove, "/tokens/:id", store.RoleAdmin, s.revokeToken),
		syncToo(read("/me", store.RoleViewer, s.me)),
		write(post, "/clock/confirm", store.RoleAdmin, s.confirmClock),

		{method: http.MethodGet, path: "/healthz", role: open, handle: s.healthz},
		{method: http.MethodGet, path: "/readyz", role: open, handle: s.readyz},
		{method: http.MethodGet, path: "/metrics", role: store.RoleViewer, sync: true, handle: s.serveMetrics},
		{method: http.MethodGet, path: "/openapi.yaml", role: open, handle: s.serveSpec},
		{method: http.MethodGet, path: "/docs", role: open, handle: s.serveDocs},
		{method: http.MethodGet, path: "/", role: open, handle: s.home},
	}
}
