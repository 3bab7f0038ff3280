package web

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestTheLedgerIsReadInChainedLines(t *testing.T) {
	a := openAPIServer(t)
	a.Stocked("ONE", 10)
	a.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "failed"}})
	a.fill(1200)
	head := a.get("manager", "/ledger/head").is(200)
	head.has("seq", fmt.Sprint(a.Head().Seq), "id", fmt.Sprintf("1-%d", a.Head().Seq))
	a.get("sync", "/ledger?limit=20").is(200)
	for _, limit := range []int{1, 499, 1000, 10_000} {
		var hash store.Hash
		for seq := int64(0); ; {
			r := a.send("sync", "GET", fmt.Sprintf("/api/v1/ledger?after=%d&limit=%d", seq, limit), "").is(200)
			if got := r.header.Get("Ledger-Previous-Hash"); got != hex.EncodeToString(hash[:]) {
				t.Fatalf("the hash before %d is %s", seq, got)
			}
			if got := r.header.Get("Ledger-Head"); got != head.text("id") {
				t.Fatalf("the head is %s", got)
			}
			lines := bytes.Split(r.body, []byte("\n"))
			lines = lines[:len(lines)-1]
			for _, line := range lines {
				hash = hash.Next(line)
			}
			if len(lines) > limit {
				t.Errorf("%d lines, asked for %d", len(lines), limit)
			}
			if seq += int64(len(lines)); len(lines) == 0 || limit == 1 && seq > 5 {
				break
			}
		}
		if limit > 1 {
			head.has("hash", hex.EncodeToString(hash[:]))
		}
	}
}

func TestTheLedgerIsReadFromAKnownPlaceOnly(t *testing.T) {
	a := openAPIServer(t)
	for _, query := range []string{"after=-1", "after=99", "after=x", "limit=0", "limit=10001", "cursor=s1"} {
		a.get("sync", "/ledger?"+query).is(400)
	}
	if r := a.get("sync", fmt.Sprintf("/ledger?after=%d", a.Head().Seq)).is(200); len(r.body) > 0 {
		t.Errorf("after the end there is %s", r.body)
	}
}

func TestCheckpointsAreListedNewestFirst(t *testing.T) {
	a := openAPIServer(t)
	var want string
	for range 3 {
		a.AddProduct(fmt.Sprint(a.Head().Seq))
		h, err := a.SaveHead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want = fmt.Sprintf("%d %s", h.Seq, want)
	}
	r := a.get("sync", "/ledger/checkpoints?limit=2").is(200)
	rest := a.get("sync", "/ledger/checkpoints?limit=2&cursor="+r.text("next_cursor")).is(200).has("next_cursor", "", "data.0.signature", "")
	if got := r.texts("data", "seq") + " " + rest.texts("data", "seq") + " "; got != want {
		t.Errorf("listed %s, want %s", got, want)
	}
	a.get("sync", "/ledger/checkpoints?page=1").refused(400, store.CodeUnknownParameter)
}
