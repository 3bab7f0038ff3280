package central

import (
	"container/list"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// replicas keeps the replicas of the stores that pushed last. One is taken out
// while it is used, so that a transaction that fails leaves nothing behind.
type replicas struct {
	mu    sync.Mutex
	most  int
	items int
	byID  map[store.ID]*list.Element
	// order is by last use, newest first.
	order *list.List
}

// replica is one store's, and of which folding it continues.
type replica struct {
	*store.Replica
	id    store.ID
	folds int64
	// size is how many items it had when it was kept.
	size int
}

func newReplicas(most int) *replicas {
	return &replicas{most: most, byID: map[store.ID]*list.Element{}, order: list.New()}
}

// take gives the store's replica if it stands where the store's row does, and
// a new one otherwise.
func (r *replicas) take(at *standing) *replica {
	if kept := r.remove(at.id); kept != nil && kept.folds == at.folds && kept.Head().Seq == at.folded &&
		kept.Head().Hash == at.acked.Hash {
		return kept
	}
	head := store.Head{Epoch: at.epoch, Seq: at.folded, Hash: at.acked.Hash, RecordedAt: at.recordedAt}
	return &replica{Replica: store.NewReplica(head, at.items, 0), id: at.id, folds: at.folds}
}

func (r *replicas) remove(id store.ID) *replica {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byID[id]
	if e == nil {
		return nil
	}
	return r.unlink(e)
}

func (r *replicas) unlink(e *list.Element) *replica {
	kept := r.order.Remove(e).(*replica)
	delete(r.byID, kept.id)
	r.items -= kept.size
	return kept
}

// keep puts a replica back after its transaction was committed.
func (r *replicas) keep(kept *replica) {
	kept.size = kept.Loaded() + 1
	if kept.size > r.most/4 {
		kept.Reset()
		kept.size = 1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byID[kept.id]; e != nil {
		r.unlink(e)
	}
	r.byID[kept.id] = r.order.PushFront(kept)
	r.items += kept.size
	for r.items > r.most {
		r.unlink(r.order.Back())
	}
}
