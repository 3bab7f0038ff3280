package cmd

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// feedEvent is one server-sent event; Data is empty for one that only names a
// position.
type feedEvent struct{ ID, Data string }

// readEvents gives every event to show until the feed ends; that it ended is
// an error, too.
func readEvents(r io.Reader, show func(feedEvent) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	var e feedEvent
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if err := show(e); err != nil {
				return &outputError{err}
			}
			e = feedEvent{}
		case name == "id":
			e.ID = value
		case name == "data":
			e.Data += value
		}
	}
	return errors.Join(io.ErrUnexpectedEOF, lines.Err())
}

// show writes an event, and remembers where to go on.
func (t *tailOptions) show(e feedEvent) error {
	if e.Data != "" {
		if err := t.write(e); err != nil {
			return err
		}
	}
	if e.ID != "" {
		t.after = e.ID
	}
	return nil
}

func (t *tailOptions) write(e feedEvent) error {
	line := fmt.Sprintf(`{"id":%q,%s`, e.ID, strings.TrimPrefix(e.Data, "{"))
	if !t.asJSON() {
		var n feedNews
		if err := json.Unmarshal([]byte(e.Data), &n); err != nil {
			return err
		}
		line = n.line(t.colour)
	}
	_, err := fmt.Fprintln(t.stdout, line)
	return err
}

// feedNews is what a line is made of; each kind of event has some of it.
type feedNews struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Name        string      `json:"product_name"`
		Room        string      `json:"room_type"`
		Terminal    string      `json:"terminal"`
		Reason      string      `json:"reason_code"`
		Change      json.Number `json:"quantity_change"`
		Quantity    json.Number `json:"quantity"`
		Available   json.Number `json:"available_quantity"`
		Reserved    json.Number `json:"reserved_change"`
		Released    json.Number `json:"quantity_released"`
		Threshold   json.Number `json:"low_stock_threshold"`
		Why         string      `json:"why"`
		Reference   string      `json:"reference"`
		Destination string      `json:"destination"`
		SyncType    string      `json:"sync_type"`
		Status      string      `json:"status"`
		Number      string      `json:"number"`
		Direction   string      `json:"direction"`
		Class       string      `json:"class"`
		Expires     string      `json:"expires_at"`
	} `json:"data"`
}

// line is an event in one line: when, what, the change, what is left, where,
// why and who.
func (n *feedNews) line(colour bool) string {
	d := &n.Data
	what, change, left, why := d.Name, "", "", n.Type
	switch n.Type {
	case "inventory.updated":
		change, left, why = withSign(d.Change), "→ "+d.Quantity.String(), d.Reason
	case "inventory.availability_changed":
		change, left, why = "held "+withSign(d.Reserved), "→ "+d.Available.String(), "hold "+d.Why
	case "reservation.expired":
		change, why = "freed "+d.Released.String(), "expired "+d.Reference
	case "inventory.low_stock":
		left, why = "→ "+d.Available.String()+" ≤ "+d.Threshold.String(), "LOW STOCK"
	case "inventory.sync.completed":
		what, why = "sync "+d.Destination+" "+d.SyncType, d.Status
	case "transfer.completed":
		what, why = "transfer "+d.Number, d.Direction+" "+d.Status
	case "lot.expiring":
		left, why = "→ "+d.Quantity.String(), "expires "+d.Expires
	case "discrepancy.opened":
		why = "discrepancy " + d.Class
	}
	text := fmt.Sprintf("%s  %-32s %10s %-12s %-12s ", n.Timestamp.Local().Format(time.TimeOnly), tableVisible(what), change, left, d.Room)
	reason := fmt.Sprintf("%-12s", tableVisible(strings.TrimSpace(why)))
	if code := colours[strings.TrimSpace(why)]; colour && code != "" {
		reason = "\x1b[" + code + "m" + reason + "\x1b[0m"
	}
	return strings.TrimRight(text+reason+"  "+tableVisible(d.Terminal), " ")
}

func withSign(n json.Number) string {
	if strings.HasPrefix(n.String(), "-") {
		return n.String()
	}
	return "+" + n.String()
}

// colours are ANSI codes by reason.
var colours = map[string]string{
	"SALE": "32", "RETURN": "36", "ADJUSTMENT": "33", "DAMAGE": "35", "THEFT": "31", "TRANSFER": "34", "AUDIT": "37",
	"LOW STOCK": "1;33",
}
