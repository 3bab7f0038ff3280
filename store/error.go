package store

import (
	"errors"
	"fmt"
)

// Code says in one stable word why something was refused or failed. The values
// are part of the REST contract.
type Code string

// The codes of the REST contract. Codes that only another layer can raise
// (authentication, rate limits) are here too, so that there is one list.
const (
	CodeInvalid               Code = "invalid_request"
	CodeUnknownParameter      Code = "unknown_parameter"
	CodeUnknownField          Code = "unknown_field"
	CodeUnauthorized          Code = "unauthorized"
	CodeForbidden             Code = "forbidden"
	CodeNotFound              Code = "not_found"
	CodeInsufficientStock     Code = "insufficient_stock"
	CodeRoomNotSellable       Code = "room_not_sellable"
	CodeReasonSign            Code = "reason_sign_mismatch"
	CodeUnknownReason         Code = "unknown_reason"
	CodePrecision             Code = "precision_exceeded"
	CodeRange                 Code = "quantity_out_of_range"
	CodeStaleVersion          Code = "stale_version"
	CodeStaleQuantity         Code = "stale_quantity"
	CodeIdempotencyMismatch   Code = "idempotency_mismatch"
	CodeIdempotencyInProgress Code = "idempotency_in_progress"
	CodeBackdateLimit         Code = "backdate_limit"
	CodeFutureTime            Code = "future_time"
	CodeUnitMismatch          Code = "unit_mismatch"
	CodeSameItem              Code = "same_item"
	CodeLotClosed             Code = "lot_closed"
	CodeReservationExpired    Code = "reservation_expired"
	CodeReservationClosed     Code = "reservation_closed"
	CodeCountClosed           Code = "count_closed"
	CodeAlreadyReversed       Code = "already_reversed"
	CodeTransferUnbalanced    Code = "transfer_unbalanced"
	CodeApprovalRequired      Code = "approval_required"
	CodePayloadTooLarge       Code = "payload_too_large"
	CodeRateLimited           Code = "rate_limited"
	CodeOutcomeUnknown        Code = "outcome_unknown"
	CodeStorageFull           Code = "storage_full"
	CodeReadOnly              Code = "read_only"
	CodeUnavailable           Code = "unavailable"
	CodeStarting              Code = "starting"
	CodeSaleSource            Code = "sale_source"
)

// Detail is one problem of a refused request: where it is (a JSON Pointer into
// the body, empty for the whole), its code and a sentence.
type Detail struct {
	Pointer string
	Code    Code
	Detail  string
}

// Error is the only error type that carries meaning across packages. Message
// is a sentence for the person who asked; Err is the private cause and is
// never shown to a client. An error without a code is an internal fault.
type Error struct {
	Code    Code
	Op      string
	Message string
	Details []Detail
	Err     error
}

// Error gives operation, message and cause, for logs.
func (e *Error) Error() string {
	s := e.Message
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the private cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of err, or "" when it carries none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// refuse makes a coded refusal with a sentence for the caller.
func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// at places a refusal at a field of the request.
func (e *Error) at(pointer string) *Error {
	if len(e.Details) == 0 {
		e.Details = []Detail{{Code: e.Code, Detail: e.Message}}
	}
	for i := range e.Details {
		e.Details[i].Pointer = pointer + e.Details[i].Pointer
	}
	return e
}

// problems gathers every fault of a request, so that one answer names all.
type problems struct{ list []Detail }

func (p *problems) add(err *Error) {
	if err == nil {
		return
	}
	if len(err.Details) == 0 {
		p.list = append(p.list, Detail{Code: err.Code, Detail: err.Message})
		return
	}
	p.list = append(p.list, err.Details...)
}

// addAt gathers a refusal of what is at a pointer; any other error is given
// back.
func (p *problems) addAt(pointer string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if err != nil && (!ok || e.Code == "") {
		return err
	}
	if err != nil {
		p.add(e.at(pointer))
	}
	return nil
}

// err gives one error for all that was gathered, nil for none.
func (p *problems) err() error {
	if e := p.refusal(); e != nil {
		return e
	}
	return nil
}

// refusal is err with its type. The code is the common one, or
// invalid_request when the faults differ.
func (p *problems) refusal() *Error {
	if len(p.list) == 0 {
		return nil
	}
	e := &Error{Code: p.list[0].Code, Message: p.list[0].Detail, Details: p.list}
	for _, d := range p.list[1:] {
		if d.Code != e.Code {
			e.Code = CodeInvalid
		}
	}
	if n := len(p.list); n > 1 {
		e.Message = fmt.Sprintf("The request has %d problems.", n)
	}
	return e
}
