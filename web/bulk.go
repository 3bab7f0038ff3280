package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// bulkUpdate books many adjustments in one step.
func (s *Server) bulkUpdate(x *exchange) error {
	cmd, names, err := x.decodeBulk()
	if err != nil {
		return err
	}
	if err := x.query.done(); err != nil {
		return err
	}
	for _, line := range cmd.Lines {
		if err := x.mayAdjust(line); err != nil {
			return err
		}
	}
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	return x.sendBulk(cmd, names, receipt)
}

// decodeBulk reads the lines, and the ids as they were written, and checks what
// only the whole request shows.
func (x *exchange) decodeBulk() (cmd *store.BulkAdjust, names []string, err error) {
	mode := ""
	cmd = &store.BulkAdjust{}
	var faults []store.Detail
	err = x.decode(func(b *body, name string) bool {
		switch name {
		case "mode":
			b.text(&mode)
		case "updates":
			b.list(store.MaxBulkLines, func(i int) {
				line, name, problem := b.line(i)
				cmd.Lines, names = append(cmd.Lines, line), append(names, name)
				faults = append(faults, problem...)
				if line.Offline && (x.key == "" || line.OccurredAt == 0) {
					faults = append(faults, store.Detail{
						Pointer: fmt.Sprintf("/updates/%d/offline", i), Code: store.CodeInvalid,
						Detail: "offline needs occurred_at and an Idempotency-Key.",
					})
				}
			})
		default:
			return false
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	if len(cmd.Lines) == 0 {
		faults = append(faults, store.Detail{Pointer: "/updates", Code: store.CodeInvalid, Detail: "updates has at least one line."})
	}
	if mode != "" && mode != "atomic" && mode != "partial" {
		faults = append(faults, store.Detail{Pointer: "/mode", Code: store.CodeInvalid, Detail: "mode is atomic or partial."})
	}
	if len(faults) > 0 {
		return nil, nil, &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
	}
	cmd.Partial = mode == "partial"
	return cmd, names, nil
}

// line reads one line of a bulk.
func (b *body) line(i int) (line *store.Adjust, name string, faults []store.Detail) {
	line = &store.Adjust{}
	missing := required{"id", "quantity_change", "reason_code"}
	b.object(func(member string) bool {
		missing.seen(member)
		if member != "id" {
			return b.adjustment(line, member)
		}
		b.text(&name)
		line.Item = idOf(name)
		return true
	})
	if err, ok := errors.AsType[*store.Error](missing.err(fmt.Sprintf("/updates/%d", i))); ok && b.broken == nil {
		faults = err.Details
	}
	return line, name, faults
}

// sendBulk answers line by line.
func (x *exchange) sendBulk(cmd *store.BulkAdjust, names []string, receipt store.Receipt) error {
	mode, failed := "atomic", 0
	if cmd.Partial {
		mode = "partial"
	}
	w := newWriter().open().key("mode").text(mode).key("results").list()
	for i, line := range receipt.Lines {
		w.open().key("index").int(int64(i)).key("id").text(names[i])
		if line.Err != nil {
			failed++
			w.failedLine(line)
		} else {
			w.appliedLine(ownFact(receipt, line.Fact, cmd.Lines[i].Item))
		}
		w.close()
	}
	w.end().key("summary").open().key("applied").int(int64(len(receipt.Lines) - failed)).key("failed").int(int64(failed)).close()
	status := http.StatusOK
	if failed > 0 {
		status = http.StatusMultiStatus
	}
	return x.send(status, w.close())
}

// ownFact is the movement of the line's own row: the first of the line, or
// the second when a transfer took from the other row first.
func ownFact(receipt store.Receipt, first int, item store.ID) store.Fact {
	for i := first; i < len(receipt.Facts); i++ {
		if m := receipt.Facts[i].Entry.Movement; m != nil && m.Item == item {
			return receipt.Facts[i]
		}
	}
	return receipt.Facts[first]
}

func (w *writer) appliedLine(f store.Fact) {
	w.key("status").text("applied").key("movement_id").position(f.Entry.Position).
		key("quantity").quantity(f.After.Quantity).key("available_quantity").quantity(f.After.Available()).
		key("version").int(f.After.Version()).key("error").null()
}

func (w *writer) failedLine(line store.Line) {
	w.key("status").text("failed").key("movement_id").null()
	if i := line.Item; i != nil {
		w.key("quantity").quantity(i.Quantity).key("available_quantity").quantity(i.Available()).key("version").int(i.Version())
	} else {
		w.key("quantity").null().key("available_quantity").null().key("version").null()
	}
	d := line.Err.Details[0]
	w.key("error").open().key("pointer").text(d.Pointer).key("code").text(string(line.Err.Code)).key("detail").text(d.Detail).close()
}
