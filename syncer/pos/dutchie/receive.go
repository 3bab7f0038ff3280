package dutchie

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// Draft is goods that arrived, for somebody at Dutchie to accept.
type Draft struct {
	// ExternalID names the draft for ever, such as the id of our transfer.
	// Dutchie takes each only once.
	ExternalID string
	// Title and Note are for people. ExternalID is put behind the title.
	Title, Note string
	// VendorLicense is the license of who sent the goods, empty for not said.
	VendorLicense string
	// DeliveredBy is who brought them, and DeliveredAt when.
	DeliveredBy string
	DeliveredAt store.Instant
	Items       []DraftItem
}

// DraftItem is one package, or some goods without.
type DraftItem struct {
	// Place is in Dutchie's ids; Room may be empty. Lot is the package id that
	// the goods shall have, empty for one that Dutchie makes up.
	store.Place
	// Tag is the state's for the package, Batch that of who made the goods.
	Tag, Batch string
	// Quantity is above zero, in Unit.
	Quantity store.Quantity
	Unit     store.Unit
	// Cost is of one unit, nil for not said.
	Cost *store.Money
	// ExpiresAt is 0 for never.
	ExpiresAt store.Instant
}

// The body of the request, as Dutchie's ReceiveInventorySave is.
type receive struct {
	DeliveredOn   string        `json:"deliveredOn"`
	DeliveredBy   string        `json:"deliveredBy,omitempty"`
	VendorLicense string        `json:"vendorLicense,omitempty"`
	OrderTitle    string        `json:"orderTitle"`
	ExternalID    string        `json:"externalId"`
	Note          string        `json:"note,omitempty"`
	Into          bool          `json:"receiveIntoInventory"`
	Items         []receiveItem `json:"items"`
}

type receiveItem struct {
	ProductID  int64          `json:"productId"`
	Quantity   store.Quantity `json:"quantity"`
	UnitType   string         `json:"unitType,omitempty"`
	RoomID     int64          `json:"roomId,omitempty"`
	PackageID  string         `json:"packageId,omitempty"`
	ExternalID string         `json:"externalPackageId,omitempty"`
	Lot        string         `json:"lot,omitempty"`
	Cost       *store.Money   `json:"cost,omitempty"`
	Expires    string         `json:"expirationDate,omitempty"`
}

// Receive announces goods and gives the id of the draft at Dutchie. Nothing is
// taken into stock. The same draft again gives the one that is there: Dutchie
// refuses its external id, and it is looked up. So a draft whose fate is
// Unknown may be sent again. Errors are *syncer.Failure, or that of ctx.
func (c *Connector) Receive(ctx context.Context, d Draft) (id string, err error) {
	body, err := d.body()
	if err != nil {
		return "", err
	}
	id, err = c.send(ctx, body)
	f, failed := errors.AsType[*syncer.Failure](err)
	if !failed || !f.Unknown && f.Code != pos.CodeRefused {
		return id, err
	}
	there, errFind := c.findReceived(ctx, &d)
	if there != nil {
		return there.outcome()
	}
	f.Unknown = f.Unknown || errFind != nil
	return "", f
}

// send puts a draft there.
func (c *Connector) send(ctx context.Context, body []byte) (string, error) {
	a, err := c.client.Do(ctx, pos.Request{
		Call:   pos.Call{Method: http.MethodPost, Path: "/inventory/receiveinventory", Body: body},
		Writes: true,
		Accept: func(status int) bool { return status == http.StatusBadRequest },
	})
	if err != nil {
		return "", err
	}
	if a.Status == http.StatusBadRequest {
		return "", readRefusal(a)
	}
	return readSaved(a)
}

// readSaved gives the id of the draft that was made.
func readSaved(a *pos.Answer) (string, error) {
	var saved struct {
		ID int64 `json:"receiveInventoryHistoryId"`
	}
	if err := a.Decode(&saved); err != nil {
		return "", err
	}
	if saved.ID < 1 {
		f := strange("It does not say which draft it made.")
		f.Unknown = true
		return "", f
	}
	return id(saved.ID), nil
}

// body makes up the request.
func (d *Draft) body() ([]byte, error) {
	if d.ExternalID == "" || d.DeliveredAt == 0 || len(d.Items) == 0 {
		return nil, impossible("A draft needs an external id, a date of delivery and goods.")
	}
	r := receive{
		DeliveredOn: date(d.DeliveredAt), DeliveredBy: d.DeliveredBy, VendorLicense: d.VendorLicense,
		OrderTitle: d.title(), ExternalID: d.ExternalID, Note: d.Note, Items: make([]receiveItem, len(d.Items)),
	}
	for i := range d.Items {
		if err := d.Items[i].fill(&r.Items[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(&r)
}

// mark is the end of the title, by which the draft is found again: what
// Dutchie lists of drafts has no external id.
func (d *Draft) mark() string { return "[" + d.ExternalID + "]" }

func (d *Draft) title() string {
	if d.Title == "" {
		return d.mark()
	}
	return d.Title + " " + d.mark()
}

func (i *DraftItem) fill(to *receiveItem) error {
	product, err := strconv.ParseInt(i.Product, 10, 32)
	if err != nil {
		return impossible(fmt.Sprintf("%.40q is no product of Dutchie.", i.Product))
	}
	var room int64
	if i.Room != "" {
		if room, err = strconv.ParseInt(i.Room, 10, 32); err != nil {
			return impossible(fmt.Sprintf("%.40q is no room of Dutchie.", i.Room))
		}
	}
	if i.Quantity <= 0 {
		return impossible("A draft takes quantities above zero.")
	}
	*to = receiveItem{
		ProductID: product, Quantity: i.Quantity, UnitType: unitType(i.Unit), RoomID: room,
		PackageID: i.Lot, ExternalID: i.Tag, Lot: i.Batch, Cost: i.Cost, Expires: optional(i.ExpiresAt),
	}
	return nil
}

// unitType is Dutchie's name of a unit when goods are received.
func unitType(u store.Unit) string {
	if u == "each" {
		return "qty"
	}
	return string(u)
}

// impossible is a draft that cannot be sent as it is.
func impossible(why string) *syncer.Failure {
	return &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused, Detail: why}
}

// optional is a date, empty for none.
func optional(i store.Instant) string {
	if i == 0 {
		return ""
	}
	return date(i)
}
