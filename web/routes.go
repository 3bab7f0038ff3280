package web

import (
	"net/http"
	"slices"
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

const (
	basePath                 = "/api/v1"
	post, patch, put, remove = http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
)

// reads is a route that changes nothing.
func reads(path string, role store.Role, h handler) *route {
	return &route{method: http.MethodGet, path: basePath + path, role: role, handle: h}
}

// writes is a route that changes something.
func writes(method, path string, role store.Role, h handler) *route {
	return &route{method: method, path: basePath + path, role: role, handle: h, writes: true, keyed: true}
}

// syncToo lets tokens for syncing in as well.
func syncToo(r *route) *route {
	r.sync = true
	return r
}

// routes is the whole API on one page.
func (s *Server) routes() []*route {
	return slices.Concat(s.stockRoutes(), s.catalogueRoutes(), s.syncRoutes(), s.posRoutes(), s.webhookRoutes(), s.serviceRoutes())
}

// stockRoutes are about stock, and what changes it.
func (s *Server) stockRoutes() []*route {
	return []*route{
		reads("/inventory", store.RoleViewer, s.listItems),
		writes(post, "/inventory", store.RoleManager, s.openItem),
		writes(post, "/inventory/bulk-update", store.RoleTerminal, s.bulkUpdate),
		syncToo(writes(post, "/inventory/sync", store.RoleManager, s.requestSync)),
		reads("/inventory/snapshot", store.RoleViewer, s.snapshot),
		reads("/inventory/:id", store.RoleViewer, s.getItem),
		writes(patch, "/inventory/:id", store.RoleTerminal, s.adjustItem),
		writes(put, "/inventory/:id/settings", store.RoleManager, s.putSettings),
		reads("/inventory/:id/movements", store.RoleViewer, s.listItemMovements),
		reads("/inventory/:id/explain", store.RoleViewer, s.explainItem),

		reads("/inventory/transfers", store.RoleViewer, s.listTransfers),
		writes(post, "/inventory/transfers", store.RoleManager, s.shipTransfer),
		writes(post, "/inventory/transfers/receive", store.RoleTerminal, s.receiveByNumber),
		reads("/inventory/transfers/:id", store.RoleViewer, s.getTransfer),
		writes(patch, "/inventory/transfers/:id", store.RoleManager, s.patchTransfer),
		reads("/inventory/transfers/:id/movements", store.RoleViewer, s.listTransferMovements),
		writes(post, "/inventory/transfers/:id/receive", store.RoleTerminal, s.receiveTransfer),
		writes(post, "/inventory/transfers/:id/cancel", store.RoleManager, s.cancelTransfer),
		writes(remove, "/inventory/transfers/:id/notes", store.RoleAdmin, s.eraseTransferNotes),

		reads("/movements", store.RoleViewer, s.listMovements),
		reads("/movements/:id", store.RoleViewer, s.getMovement),
		writes(post, "/movements/:id/reverse", store.RoleManager, s.reverseMovement),
		writes(remove, "/movements/:id/notes", store.RoleAdmin, s.eraseNotes),

		reads("/reservations", store.RoleViewer, s.listReservations),
		writes(post, "/reservations", store.RoleTerminal, s.createReservation),
		reads("/reservations/:id", store.RoleViewer, s.getReservation),
		writes(patch, "/reservations/:id", store.RoleTerminal, s.extendReservation),
		writes(post, "/reservations/:id/commit", store.RoleTerminal, s.commitReservation),
		writes(post, "/reservations/:id/release", store.RoleTerminal, s.releaseReservation),
	}
}

// catalogueRoutes are about what there is stock of.
func (s *Server) catalogueRoutes() []*route {
	return []*route{
		reads("/products", store.RoleViewer, s.listProducts),
		writes(post, "/products", store.RoleManager, s.createProduct),
		reads("/products/:id", store.RoleViewer, s.getProduct),
		writes(patch, "/products/:id", store.RoleManager, s.patchProduct),
		writes(post, "/products/:id/archive", store.RoleManager, s.archiveProduct),
		reads("/locations", store.RoleViewer, s.listLocations),
		writes(post, "/locations", store.RoleAdmin, s.createLocation),
		reads("/locations/:id", store.RoleViewer, s.getLocation),
		writes(patch, "/locations/:id", store.RoleAdmin, s.patchLocation),
		writes(post, "/locations/:id/archive", store.RoleAdmin, s.archiveLocation),
		reads("/lots", store.RoleViewer, s.listLots),
		writes(post, "/lots", store.RoleManager, s.createLot),
		reads("/lots/:id", store.RoleViewer, s.getLot),
		writes(patch, "/lots/:id", store.RoleManager, s.patchLot),
		writes(post, "/lots/:id/archive", store.RoleManager, s.archiveLot),
		reads("/reason-codes", store.RoleViewer, s.listReasons),
		reads("/categories", store.RoleViewer, s.listCategories),
		writes(post, "/import", store.RoleManager, s.importRows),
	}
}

// syncRoutes are about other places that have the same stock.
func (s *Server) syncRoutes() []*route {
	return []*route{
		syncToo(reads("/sync/status", store.RoleViewer, s.syncStatus)),
		syncToo(reads("/sync/runs", store.RoleViewer, s.listRuns)),
		syncToo(reads("/sync/runs/:id", store.RoleViewer, s.getRun)),
		syncToo(writes(post, "/sync/runs/:id/cancel", store.RoleManager, s.cancelRun)),
		syncToo(reads("/sync/work-items", store.RoleViewer, s.listWorkItems)),
		writes(post, "/sync/work-items/:id/done", store.RoleTerminal, s.finishWorkItem),
		syncToo(reads("/sync/quarantine", store.RoleViewer, s.listQuarantine)),
		syncToo(writes(post, "/sync/quarantine/:id/retry", store.RoleManager, s.retryQuarantined)),
		syncToo(writes(post, "/sync/destinations/:name/resume", store.RoleManager, s.resumeDestination)),
		writes(put, "/sync/central", store.RoleAdmin, s.enrolAtCentral),
		writes(remove, "/sync/central", store.RoleAdmin, s.forgetCentral),
		writes(post, "/sync/adopt", store.RoleAdmin, s.adopt),
		syncToo(reads("/ledger", store.RoleManager, s.readLedger)),
		syncToo(reads("/ledger/head", store.RoleManager, s.ledgerHead)),
		syncToo(reads("/ledger/checkpoints", store.RoleManager, s.listCheckpoints)),
	}
}

// posRoutes are about points of sale, and what differs there.
func (s *Server) posRoutes() []*route {
	return []*route{
		syncToo(reads("/pos", store.RoleViewer, s.listPOS)),
		syncToo(reads("/pos/:name", store.RoleViewer, s.getPOS)),
		writes(post, "/pos/:name/check", store.RoleManager, s.checkPOS),
		reads("/pos/:name/preview", store.RoleManager, s.previewPOS),
		writes(post, "/pos/:name/map", store.RoleManager, s.mapPOS),
		writes(post, "/pos/:name/compare", store.RoleManager, s.comparePOS),
		syncToo(reads("/pos/:name/links", store.RoleViewer, s.listLinks)),
		writes(put, "/pos/:name/links/:kind/:ours", store.RoleManager, s.putLink),
		writes(remove, "/pos/:name/links/:kind/:ours", store.RoleManager, s.deleteLink),
		syncToo(reads("/reconciliation", store.RoleViewer, s.reconcile)),
		syncToo(reads("/reconciliation/cases", store.RoleViewer, s.listCases)),
	}
}

// serviceRoutes are about who may call, and the service itself.
func (s *Server) serviceRoutes() []*route {
	return []*route{
		reads("/events", store.RoleViewer, s.streamEvents),
		reads("/tokens", store.RoleAdmin, s.listTokens),
		writes(post, "/tokens", store.RoleAdmin, s.createToken),
		writes(remove, "/tokens/:id", store.RoleAdmin, s.revokeToken),
		syncToo(reads("/me", store.RoleViewer, s.me)),
		writes(post, "/clock/confirm", store.RoleAdmin, s.confirmClock),

		{method: http.MethodGet, path: "/healthz", role: open, handle: s.healthz},
		{method: http.MethodGet, path: "/readyz", role: open, handle: s.readyz},
		{method: http.MethodGet, path: "/metrics", role: store.RoleViewer, sync: true, handle: s.serveMetrics},
		{method: http.MethodGet, path: "/openapi.yaml", role: open, handle: s.serveSpec},
		{method: http.MethodGet, path: "/docs", role: open, handle: s.serveDocs},
		{method: http.MethodGet, path: "/", role: open, handle: s.home},
	}
}
