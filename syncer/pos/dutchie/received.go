package dutchie

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// received is goods that Dutchie got, or a draft of them.
type received struct {
	ID             int64  `json:"receiveInventoryHistoryId"`
	Title          string `json:"title"`
	Status         string `json:"status"`
	FailureMessage string `json:"failureMessage"`
}

// margin is how far around delivery and now a draft is looked for. Which of
// its dates Dutchie goes by is not said.
const margin = 24 * time.Hour

// findReceived looks for a draft, nil when it is not listed.
func (c *Connector) findReceived(ctx context.Context, d *Draft) (*received, error) {
	now := store.InstantOf(c.clock.Wall())
	a, err := c.get(ctx, "/inventory/receivedinventory", url.Values{
		"startDate": {date(min(d.DeliveredAt, now).Add(-margin))},
		"endDate":   {date(max(d.DeliveredAt, now).Add(margin))},
	})
	if err != nil {
		return nil, err
	}
	return readReceived(a, d.mark())
}

// readReceived gives the one whose title ends with a mark.
func readReceived(a *pos.Answer, mark string) (*received, error) {
	rows, err := readList(a)
	if err != nil {
		return nil, err
	}
	for _, raw := range rows {
		r := &received{}
		// A row with a problem may be the one all the same.
		_ = readRow(raw, r)
		if r.ID > 0 && strings.HasSuffix(r.Title, mark) {
			return r, nil
		}
	}
	return nil, nil
}

// outcome is what became of a draft that is there.
func (r *received) outcome() (string, error) {
	if strings.EqualFold(r.Status, "failed") {
		return "", &syncer.Failure{
			Class: syncer.Alarm, Code: pos.CodeRefused,
			Detail: "Dutchie took the draft and failed at it" + quoted(r.FailureMessage) + ".",
		}
	}
	return id(r.ID), nil
}

// readRefusal says why Dutchie will not have a draft. It writes a text, or an
// object with a message and what is wrong with each field.
func readRefusal(a *pos.Answer) *syncer.Failure {
	f := &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused, Detail: "Dutchie refuses the draft"}
	var text string
	var object struct {
		Message        string `json:"message"`
		PropertyErrors []struct {
			PropertyName  string `json:"propertyName"`
			PropertyError string `json:"propertyError"`
		} `json:"propertyErrors"`
	}
	if json.Unmarshal(a.Body, &text) != nil && json.Unmarshal(a.Body, &object) != nil {
		// It goes without JSON too.
		text = string(a.Body)
	}
	f.Detail += quoted(cmp.Or(text, object.Message))
	for _, p := range object.PropertyErrors {
		f.Detail += fmt.Sprintf("; %.40s%s", p.PropertyName, quoted(p.PropertyError))
	}
	f.Detail += "."
	return f
}

// quoted is the beginning of another's text, behind a colon; empty for none,
// and for a page of HTML.
func quoted(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "?"))
	if text == "" || strings.HasPrefix(text, "<") {
		return ""
	}
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	return ": " + strings.TrimSuffix(fmt.Sprintf("%.200s", text), ".")
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
