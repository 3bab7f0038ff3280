package cmd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

func newVerifyCommand(o *rootOptions) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Prove that the ledger is what was written", Args: cobra.NoArgs,
		Long: `Folds the ledger from its first entry, apart from the server's own arithmetic, and
compares chain, balances, saved heads and their signatures. It only reads: a
server may run meanwhile, and one that was killed need not be started first.` + exitStatus(exitNotFound, exitDamaged, exitNewer),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.verify(cmd.Context()) },
	}
}

// verifyReport is what verify says with -o json.
type verifyReport struct {
	OK        bool   `json:"ok"`
	Store     string `json:"store"`
	Epoch     int64  `json:"epoch"`
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash,omitempty"`
	Entries   int64  `json:"entries"`
	Movements int64  `json:"movements"`
	Holds     int64  `json:"holds"`
	Documents int64  `json:"documents"`
	Events    int64  `json:"events"`
	Items     int64  `json:"items"`
	Balances  int64  `json:"saved_balances"`
	Heads     int64  `json:"saved_heads"`
	// Signed of the saved heads have a good signature; Foreign were signed
	// with a key that is not here.
	Signed  int64       `json:"signed_heads"`
	Foreign int64       `json:"heads_of_another_key"`
	Erased  int64       `json:"erased_notes"`
	Clean   bool        `json:"stopped_in_order"`
	Damage  *damageView `json:"damage,omitempty"`
}

// damageView is the first bad entry.
type damageView struct {
	Seq    int64  `json:"seq"`
	Reason string `json:"reason"`
}

func (o *rootOptions) verify(ctx context.Context) (err error) {
	if err := o.load(); err != nil {
		return err
	}
	if err := o.needLedger(); err != nil {
		return err
	}
	dir := string(o.config.DataDir)
	journal, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, ReadOnly: true, Version: o.version})
	if err != nil {
		return openingError(err)
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	meta, err := journal.Meta(ctx)
	if err != nil {
		return openingError(err)
	}
	heads, err := newHeadCheck(dir, meta.Store)
	if err != nil {
		return err
	}
	bar := o.progress(meta.Seq, "verify")
	found, fault := store.Verify(ctx, journal, bar.set, heads.check)
	bar.clear()
	report := reportOf(meta, found, heads)
	damage, damaged := errors.AsType[*store.DamageError](fault)
	if damaged {
		report.OK, report.Damage = false, &damageView{damage.Seq, damage.Reason}
	} else if fault != nil {
		return openingError(fault)
	} else if fault = journal.Lost(); fault != nil {
		// What is there is whole, and it is not all.
		report.OK, report.Damage = false, &damageView{meta.Seq + 1, sentencesOf(fault)[0]}
	}
	return errors.Join(o.showReport(report), openingError(fault))
}

// headCheck tests the signatures of saved heads.
type headCheck struct {
	key             *signer
	signed, foreign int64
}

// newHeadCheck reads the key; without one, no signature can be tested.
func newHeadCheck(dir string, id store.ID) (*headCheck, error) {
	key, err := readSigner(dir, id)
	if errors.Is(err, errNoKey) {
		return &headCheck{}, nil
	}
	return &headCheck{key: key}, err
}

func (h *headCheck) check(head store.Head) error {
	if h.key == nil {
		h.foreign++
		return nil
	}
	err := h.key.Verify(head)
	switch {
	case errors.Is(err, errForeignKey):
		h.foreign++
		return nil
	case err == nil:
		h.signed++
	}
	return err
}

func reportOf(m store.Meta, r store.Report, h *headCheck) verifyReport {
	v := verifyReport{
		OK: true, Store: m.Store.String(), Epoch: r.Head.Epoch, Seq: r.Head.Seq, Clean: m.Clean,
		Entries: r.Entries, Movements: r.Movements, Holds: r.Holds, Documents: r.Documents, Events: r.Events,
		Items: r.Items, Balances: r.Balances, Heads: r.Heads, Erased: r.Erased, Signed: h.signed, Foreign: h.foreign,
	}
	if r.Head.Seq > 0 {
		v.Hash = hex.EncodeToString(r.Head.Hash[:])
	}
	return v
}

func (o *rootOptions) showReport(r verifyReport) error {
	if o.asJSON() {
		return o.json(r)
	}
	if r.Damage != nil {
		// What is wrong is the error; what was counted up to there says little.
		return nil
	}
	_, err := fmt.Fprintf(o.stdout, `The ledger is whole: %d entries up to %d-%d.
  movements %d, holds %d, documents %d, events %d
  rows of stock %d, saved balances %d, notes erased %d
  saved heads %d, of which %d signed with this ledger's key
  head %s
`, r.Entries, r.Epoch, r.Seq, r.Movements, r.Holds, r.Documents, r.Events, r.Items, r.Balances, r.Erased, r.Heads, r.Signed, r.Hash)
	if err == nil && r.Foreign > 0 {
		_, err = fmt.Fprintf(o.stdout, "  %d saved heads were signed with a key that is not in %s; their signatures were not tested.\n", r.Foreign, keyFile)
	}
	return err
}
