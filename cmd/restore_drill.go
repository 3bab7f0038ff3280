package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
)

// What a drill finds in the data directory.
const (
	livePrefix = "prefix"
	liveNone   = "no_ledger"
	liveOther  = "other_store"
)

// runDrill restores a backup to a temporary directory, and tells whether it is
// where the ledger in use comes from.
func (r *restoreOptions) runDrill(ctx context.Context, path string) (err error) {
	s, err := r.open(path)
	if err != nil {
		return err
	}
	defer s.file.close()
	scratch, err := os.MkdirTemp("", "shelfd-drill-*")
	if err != nil {
		return fileError(os.TempDir(), err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	old, err := lookAtLive(ctx, s.dir, r.version)
	if err != nil {
		return err
	}
	defer old.close()
	if err := s.stage(ctx, filepath.Join(scratch, "data"), old); err != nil {
		return err
	}
	if err := s.compare(ctx, old); err != nil {
		return err
	}
	return r.showDrill(s)
}

// compare holds the backup to the ledger in use.
func (s *restoring) compare(ctx context.Context, old *live) error {
	m := &s.file.manifest
	switch {
	case !old.exists:
		s.report.Live = liveNone
		return nil
	case old.db == nil:
		return withExit(exitDamaged, fmt.Errorf("the backup is good, and the ledger in %s cannot be read, so the two were not compared", old.path()))
	case !old.isOf(m.Store):
		s.report.Live = liveOther
		return nil
	case m.Seq > 0 && old.meta.Head.Seq < m.Seq:
		return withExit(exitDamaged, fmt.Errorf("the backup is good and goes up to entry %s, but the ledger in %s ends at %d-%d: entries are missing there, or it is an older copy",
			m.position(), s.dir, old.meta.Head.Epoch, old.meta.Head.Seq))
	case m.Seq > 0 && !old.has(ctx, store.Head{Seq: m.Seq, Hash: m.Hash}):
		return withExit(exitDamaged, fmt.Errorf("the backup is good, but entry %s in %s is another one: the two are different histories", m.position(), s.dir))
	}
	s.report.Live = livePrefix
	s.report.Beyond = old.meta.Head.Seq - m.Seq
	return nil
}

func (r *restoreOptions) showDrill(s *restoring) error {
	if r.asJSON() {
		return r.json(s.report)
	}
	v := s.report
	compared := map[string]string{
		livePrefix: fmt.Sprintf("the ledger in use begins with it, and has %s entries more", thousands(v.Beyond)),
		liveNone:   "there is no ledger in " + s.dir + " to compare it with",
		liveOther:  "the ledger in " + s.dir + " is that of another store, so the two were not compared",
	}[v.Live]
	_, err := fmt.Fprintf(r.stdout, "The backup is good: restored and verified up to entry %d-%d, made at %s. Nothing was changed.\n  key %s, %s\n  %s\n",
		v.Epoch, v.Seq, v.MadeAt, v.Key, s.keyText(), compared)
	return err
}
