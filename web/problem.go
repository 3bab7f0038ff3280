package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// problem is an error with a status of its own choice, and what it is about.
type problem struct {
	status int
	err    *store.Error
	// item is the row as it is now, where that helps.
	item *store.Item
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

// kind is what a code means over HTTP.
type kind struct {
	status int
	title  string
}

// kinds is the one place that maps codes to statuses.
var kinds = map[store.Code]kind{
	store.CodeInvalid:               {http.StatusUnprocessableEntity, "The request is not right."},
	store.CodeUnknownParameter:      {http.StatusBadRequest, "There is no such parameter."},
	store.CodeUnknownField:          {http.StatusBadRequest, "There is no such field."},
	store.CodeUnauthorized:          {http.StatusUnauthorized, "A token is needed."},
	store.CodeForbidden:             {http.StatusForbidden, "This token may not do that."},
	store.CodeNotFound:              {http.StatusNotFound, "Not found."},
	store.CodeInsufficientStock:     {http.StatusConflict, "There is not enough stock."},
	store.CodeRoomNotSellable:       {http.StatusConflict, "This stock may not be sold."},
	store.CodeReasonSign:            {http.StatusUnprocessableEntity, "The sign does not fit the reason."},
	store.CodeUnknownReason:         {http.StatusUnprocessableEntity, "There is no such reason."},
	store.CodePrecision:             {http.StatusUnprocessableEntity, "There are too many decimals."},
	store.CodeRange:                 {http.StatusUnprocessableEntity, "The amount is out of range."},
	store.CodeStaleVersion:          {http.StatusPreconditionFailed, "It has changed since."},
	store.CodeStaleQuantity:         {http.StatusConflict, "The quantity has changed since."},
	store.CodeIdempotencyMismatch:   {http.StatusUnprocessableEntity, "This key belongs to another request."},
	store.CodeIdempotencyInProgress: {http.StatusConflict, "The first request with this key is still running."},
	store.CodeBackdateLimit:         {http.StatusUnprocessableEntity, "That is too long ago."},
	store.CodeFutureTime:            {http.StatusUnprocessableEntity, "That is in the future."},
	store.CodeUnitMismatch:          {http.StatusUnprocessableEntity, "The units do not fit."},
	store.CodeSameItem:              {http.StatusUnprocessableEntity, "Both are the same."},
	store.CodeLotClosed:             {http.StatusConflict, "The lot is closed."},
	store.CodeReservationExpired:    {http.StatusConflict, "The reservation has expired."},
	store.CodeReservationClosed:     {http.StatusConflict, "The reservation is closed."},
	store.CodeCountClosed:           {http.StatusConflict, "The count is closed."},
	store.CodeAlreadyReversed:       {http.StatusConflict, "It has been reversed before."},
	store.CodeTransferUnbalanced:    {http.StatusUnprocessableEntity, "The transfer does not balance."},
	store.CodeApprovalRequired:      {http.StatusConflict, "Someone has to approve it."},
	store.CodePayloadTooLarge:       {http.StatusRequestEntityTooLarge, "The body is too large."},
	store.CodeRateLimited:           {http.StatusTooManyRequests, "Too many requests."},
	store.CodeOutcomeUnknown:        {http.StatusServiceUnavailable, "The outcome is not known yet."},
	store.CodeStorageFull:           {http.StatusInsufficientStorage, "The disk is full."},
	store.CodeReadOnly:              {http.StatusServiceUnavailable, "Nothing can be changed now."},
	store.CodeUnavailable:           {http.StatusServiceUnavailable, "It cannot be answered now."},
	store.CodeStarting:              {http.StatusServiceUnavailable, "It is starting."},
	store.CodeSaleSource:            {http.StatusConflict, "Sales are booked from the point of sale."},
}

// invalid refuses a request that cannot even be read: 400.
func invalid(text string, details ...store.Detail) error {
	return &problem{
		status: http.StatusBadRequest,
		err:    &store.Error{Code: store.CodeInvalid, Message: text, Details: details},
	}
}

// fail answers an error. One without a code is an internal fault: it is
// logged here, once, and its text is not sent.
func (x *exchange) fail(err error) {
	if x.Writer.Written() {
		x.s.log.Error("the answer broke off", "path", x.Request.URL.Path, "err", err, "request_id", x.id)
		return
	}
	var coded *store.Error
	if !errors.As(err, &coded) || coded.Code == "" {
		x.internal(err)
		return
	}
	k := kinds[coded.Code]
	var p *problem
	if errors.As(err, &p) && p.status != 0 {
		k.status = p.status
	}
	if k.status >= http.StatusInternalServerError && !x.s.closed {
		x.s.log.Error("request failed", "path", x.Request.URL.Path, "err", err, "request_id", x.id)
	}
	if k.status == http.StatusUnauthorized {
		x.Writer.Header().Set("WWW-Authenticate", `Bearer realm="shelfd"`)
	}
	w := newWriter()
	w.open().key("type").text("/docs#problem-" + string(coded.Code)).key("title").text(k.title)
	x.renderProblem(w, k.status, coded)
	if p != nil && p.item != nil {
		i := p.item
		w.key("current").open().key("inventory_id").id(i.ID).key("quantity").quantity(i.Quantity).
			key("reserved_quantity").quantity(i.Reserved).key("available_quantity").quantity(i.Available()).
			key("version").int(i.Version()).close()
	}
	x.sendProblem(k.status, w.close())
}

// renderProblem writes the members of RFC 9457 that every coded problem has.
func (x *exchange) renderProblem(w *writer, status int, coded *store.Error) {
	w.key("status").int(int64(status)).key("detail").text(coded.Message).key("instance").text(x.Request.URL.Path).
		key("code").text(string(coded.Code)).key("request_id").text(x.id)
	if len(coded.Details) == 0 {
		return
	}
	w.key("errors").list()
	for _, d := range coded.Details {
		w.open().key("pointer").text(d.Pointer).key("code").text(string(d.Code)).key("detail").text(d.Detail).close()
	}
	w.end()
}

// internal answers a fault of ours without its text.
func (x *exchange) internal(err error) {
	if errors.Is(err, context.Canceled) && x.Request.Context().Err() != nil {
		x.s.log.Debug("the client went away", "path", x.Request.URL.Path, "request_id", x.id)
	} else {
		x.s.log.Error("internal error", "path", x.Request.URL.Path, "err", err, "request_id", x.id)
	}
	w := newWriter()
	w.open().key("type").text("about:blank").key("title").text("Internal Server Error").
		key("status").int(http.StatusInternalServerError).
		key("detail").text("The log of this box says more, under the request id.").
		key("instance").text(x.Request.URL.Path).key("request_id").text(x.id)
	x.sendProblem(http.StatusInternalServerError, w.close())
}

func (x *exchange) sendProblem(status int, w *writer) {
	x.Writer.Header().Del("Etag")
	x.write(status, "application/problem+json", w)
}
