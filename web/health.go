package web

import (
	"net/http"
)

// lowDisk is how little free space beside the ledger is a problem, in bytes.
const lowDisk = 256 << 20

// healthz answers whether the process is well.
func (s *Server) healthz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	status, word := http.StatusOK, "ok"
	w := newWriter().open().key("version").text(s.cfg.Version).key("problems").list()
	problem := func(code, detail, action string) {
		if word == "ok" {
			word = "degraded"
		}
		w.open().key("code").text(code).key("detail").text(detail).key("since").null().key("action").text(action).close()
	}
	if s.ledger.Err() != nil {
		status, word = http.StatusServiceUnavailable, "failing"
		problem("storage_failed", "Storage failed; it is not known whether the last changes were saved.", "The process ends by itself; start it again if nothing else does.")
	}
	if _, trusted := s.ledger.Now(); !trusted {
		problem("clock_unconfirmed", "The machine's clock is behind what the ledger has recorded.", "Set the clock, then confirm it.")
	}
	if size, err := s.ledger.Journal().Size(x.Request.Context()); err == nil && size.Free < lowDisk {
		problem("disk_low", "The disk that holds the ledger is nearly full.", "Free some space.")
	}
	backup := s.backups.LastBackup()
	if backup.Failed {
		problem("backup_failed", "The newest backup failed.", "See the log; run shelfd backup to learn why.")
	}
	return x.send(status, backup.write(w.end().key("status").text(word)).close())
}

// readyz answers whether requests are taken now.
func (s *Server) readyz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	select {
	case <-s.ledger.Failed():
		return x.send(http.StatusServiceUnavailable, newWriter().open().key("ready").bool(false).close())
	default:
		return x.send(http.StatusOK, newWriter().open().key("ready").bool(true).close())
	}
}

// serveSpec answers the contract itself.
func (s *front) serveSpec(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	s.describe.ServeHTTP(x.Writer, x.Request)
	return nil
}

// ownDocs answers the contract of a store's own API as a page.
var ownDocs = docsHandler(func() []byte { return openAPI })

// serveDocs answers the contract as a page.
func (s *front) serveDocs(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	s.docs.ServeHTTP(x.Writer, x.Request)
	return nil
}

// home sends a browser to the documentation.
func (s *front) home(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	x.Redirect(http.StatusFound, "/docs")
	return nil
}
