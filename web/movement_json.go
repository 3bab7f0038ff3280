package web

import (
	"github.com/shelfd/shelfd/store"
)

// movement writes one movement. A fact that was read from history has its
// item in After, as it was then.
func (w *writer) movement(f store.Fact, hideCost bool) *writer {
	e, m, item := f.Entry, f.Entry.Movement, f.After
	w.open().key("id").position(e.Position).key("seq").int(e.Seq).key("inventory_id").id(m.Item).
		key("product_id").id(item.Product.ID).key("location_id").id(item.Location.ID).
		key("room_type").text(item.Room.String()).key("quantity_change").quantity(m.Change).
		key("quantity_after").quantity(m.After).key("reserved_after").quantity(m.ReservedAfter).
		key("reason_code").text(m.Reason.String()).key("sub_reason").orNull(m.SubReason).
		key("reference").orNull(m.Reference).key("notes")
	if e.Notes == nil {
		w.null()
	} else {
		w.text(e.Notes.Body)
	}
	w.key("transfer_id").id(m.Transfer).key("reverses").position(m.Reverses).key("reservation_id").id(m.Reservation)
	w.key("value_change")
	if hideCost {
		w.null()
	} else {
		w.money(m.ValueChange)
	}
	w.key("occurred_at").time(e.OccurredAt).key("recorded_at").time(e.RecordedAt).key("clock_ok").bool(e.ClockOK).
		key("late").bool(e.Lateness() > 0).key("actor").text(e.Actor).key("terminal").orNull(e.Terminal).
		key("source").text(e.Source).key("flags").list()
	for _, name := range m.Flags.Names() {
		w.text(name)
	}
	return w.end().key("external_id").orNull(e.ExternalID).close()
}
