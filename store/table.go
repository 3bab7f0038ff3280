package store

// table is one part of the state in three layers: what is published, what the
// batch under way has accepted, and what the command being decided would do.
// The zero V means absent, so deleting is putting the zero V.
type table[K, V comparable] struct {
	base, batch, draft map[K]V
}

func newTable[K, V comparable]() table[K, V] {
	return table[K, V]{base: map[K]V{}, batch: map[K]V{}, draft: map[K]V{}}
}

// get reads through the layers; the writer only.
func (t *table[K, V]) get(k K) (v V, ok bool) {
	if len(t.draft) > 0 {
		if v, ok = t.draft[k]; ok {
			return v, v != *new(V)
		}
	}
	if len(t.batch) > 0 {
		if v, ok = t.batch[k]; ok {
			return v, v != *new(V)
		}
	}
	v, ok = t.base[k]
	return v, ok
}

func (t *table[K, V]) put(k K, v V) { t.draft[k] = v }

// layer is what the writer does with every table alike.
type layer interface {
	accept()
	reject()
	publish()
	discard()
}

// accept moves the command's draft into the batch.
func (t *table[K, V]) accept() {
	if len(t.draft) == 0 {
		return
	}
	for k, v := range t.draft {
		t.batch[k] = v
	}
	clear(t.draft)
}

// reject forgets the command's draft.
func (t *table[K, V]) reject() { clear(t.draft) }

// publish makes the batch visible; under the state's write lock.
func (t *table[K, V]) publish() {
	for k, v := range t.batch {
		if v == *new(V) {
			delete(t.base, k)
		} else {
			t.base[k] = v
		}
	}
	clear(t.batch)
}

// discard forgets the batch, which did not become durable.
func (t *table[K, V]) discard() {
	clear(t.draft)
	clear(t.batch)
}
