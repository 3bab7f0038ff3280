package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// machineMark is what the ledger keeps of the machine it is on: a backup need
// not tell the id itself. With the store's name in it, two ledgers of one
// machine do not have the same mark.
func machineMark(storeName, machine string) string {
	if machine == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("shelfd machine\n" + storeName + "\n" + machine))
	return hex.EncodeToString(sum[:])
}

// isElsewhere tells whether a ledger is bound to another machine. Where either
// is not known, there is nothing to compare.
func isElsewhere(meta map[string]string, machine string) bool {
	mark := machineMark(meta["store"], machine)
	return mark != "" && meta["machine"] != "" && meta["machine"] != mark
}

// bindFirst binds a ledger that is bound to no machine yet.
func bindFirst(c *conn, machine string) error {
	m, err := readMeta(c)
	if err != nil || machine == "" || m["machine"] != "" {
		return err
	}
	return putMeta(c, "machine", machineMark(m["store"], machine))
}

// Bind makes this machine the one that goes on with the ledger, which is Moved
// no more. With the empty id it is bound to none: the next opening that names
// a machine binds it to that. Codes as for Append.
func (d *DB) Bind(ctx context.Context, machine string) error {
	err := d.write(ctx, "bind", func(c *conn) error {
		m, err := readMeta(c)
		if err != nil {
			return err
		}
		return putMeta(c, "machine", machineMark(m["store"], machine))
	})
	if err == nil {
		d.moved.Store(false)
	}
	return err
}
