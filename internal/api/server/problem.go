package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/provisioning"
)

// explain finds the sentence for an error by its type. The text of an error without
// a known type never leaves the controller: it may hold anything.
func explain(err error) *api.Error {
	if p, ok := errors.AsType[*api.Error](err); ok {
		return p
	}
	for _, known := range knownErrors {
		if p := known(err); p != nil {
			return p
		}
	}
	return &api.Error{Status: http.StatusInternalServerError, Code: api.CodeInternal, Detail: "something went wrong inside the controller"}
}

// knownErrors translate the typed errors of the rooms below, one each. A file of this
// package that serves a noun whose errors are not here adds its own.
var knownErrors = []func(error) *api.Error{operationError, storeError, quoteError, contractError, bankError, badRows, blueprintError, machineError, fleetError, keyError}

func operationError(err error) *api.Error {
	if e, ok := errors.AsType[*operation.Refused](err); ok {
		return &api.Error{Status: http.StatusConflict, Code: api.CodeRefused, Detail: e.Why, Fix: e.Fix}
	}
	return nil
}

// nounOf is the command line's noun for records that are called otherwise.
var nounOf = map[string]string{"entry": "hours", "movement": "statement", "plan": "hours plan", "extra": "contract charge", "comparison": "headcount"}

func storeError(err error) *api.Error {
	if e, ok := errors.AsType[*store.NotFoundError](err); ok {
		return &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound, Detail: e.Error(), Fix: "accolade " + cmp.Or(nounOf[e.Kind], e.Kind) + " list shows what there is"}
	}
	if e, ok := errors.AsType[*store.ExistsError](err); ok {
		return &api.Error{Status: http.StatusConflict, Code: api.CodeExists, Detail: e.Error(), Fix: "choose another name, or change what is there"}
	}
	return nil
}

// keyError is for secrets of another key, after a copy of the store was brought back
// without its own.
func keyError(err error) *api.Error {
	if _, ok := errors.AsType[*secret.OtherKeyError](err); !ok {
		return nil
	}
	return &api.Error{Status: http.StatusConflict, Code: api.CodeRefused, Detail: err.Error(),
		Fix: "stop accoladed, put that file in its place and start it; if it is lost for good, tell each vault's token again (accolade vault edit NAME --token-file FILE) and repair each box (accolade box enrol NAME --repair)"}
}

func contractError(err error) *api.Error {
	if e, ok := errors.AsType[*contract.Invalid](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Detail: e.Error()}
	}
	return nil
}

func blueprintError(err error) *api.Error {
	e, ok := errors.AsType[*provisioning.Problems](err)
	if !ok {
		return nil
	}
	return &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Detail: e.Error()}
}

// fleetError is what a box or a vault answered: in its own words, which hold no
// secret, and with what to do about it.
func fleetError(err error) *api.Error {
	if !errors.Is(err, fleet.ErrMachine) {
		return nil
	}
	return &api.Error{Status: http.StatusConflict, Code: api.CodeRefused, Detail: err.Error(), Fix: operation.Fix(err)}
}

// machineError is what may hit any call.
func machineError(err error) *api.Error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &api.Error{Status: http.StatusServiceUnavailable, Code: api.CodeUnavailable, Detail: "the controller was stopped or took too long before the call was done", Fix: "try again"}
	case errors.Is(err, store.ErrClosed):
		return &api.Error{Status: http.StatusServiceUnavailable, Code: api.CodeUnavailable, Detail: "the controller is stopping", Fix: "try again when it is back"}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.As(err, new(*store.FullError)):
		return &api.Error{Status: http.StatusServiceUnavailable, Code: api.CodeUnavailable, Detail: "the disk that holds the controller's state is full; nothing was changed",
			Fix: "make room on the file system of the state folder, then try again"}
	}
	return nil
}

// problem is explain for the wire: with title, and for internal errors with a
// reference under which the log holds the text.
func (s *Server) problem(ctx context.Context, err error) *api.Error {
	p := *explain(err)
	p.Detail = brief(p.Detail, mostDetail)
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	if p.Code == api.CodeInternal && p.Reference == "" {
		p.Reference = rand.Text()[:10]
		p.Fix = "look up the reference in the log: journalctl -u accoladed | grep " + p.Reference
		s.log.ErrorContext(ctx, "internal error", "reference", p.Reference, "who", caller(ctx).Name, "error", err)
	}
	return &p
}

// writeProblem answers from outside huma's chain.
func writeProblem(w http.ResponseWriter, p *api.Error) {
	p.Detail = brief(p.Detail, mostDetail)
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may have gone: nobody is left to tell
}

// codes are the kinds of error that huma itself finds.
var codes = map[int]string{
	http.StatusBadRequest: api.CodeInvalid, http.StatusUnprocessableEntity: api.CodeInvalid, http.StatusUnsupportedMediaType: api.CodeInvalid,
	http.StatusNotFound: api.CodeNotFound, http.StatusMethodNotAllowed: api.CodeMethod, http.StatusRequestEntityTooLarge: api.CodeTooLarge,
	http.StatusConflict: api.CodeRefused, http.StatusNotAcceptable: api.CodeInvalid, http.StatusUnauthorized: api.CodeUnauthorised,
	http.StatusForbidden: api.CodeForbidden, http.StatusServiceUnavailable: api.CodeUnavailable, http.StatusRequestTimeout: api.CodeUnavailable,
}

// An answer names at most so many wrong fields, and quotes so much of what it was sent, in
// bytes: a caller reads it, and is not sent his own megabyte back.
const (
	mostErrors = 100
	mostDetail = 16 << 10
	mostQuoted = 500
)

// brief is s, or its beginning and how long it was.
func brief(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes in all)", strings.ToValidUTF8(s[:most], ""), len(s))
}

// Errors that huma finds (validation, body too large) get the same form, and say what is
// wanted as our own do.
func init() {
	validation.MsgExpectedOneOf = "want one of %s"
	validation.MsgExpectedMinLength = "want %d characters or more"
	validation.MsgExpectedMaxLength = "want at most %d characters"
	validation.MsgExpectedMinimumNumber = "want %v or more"
	validation.MsgExpectedMaximumNumber = "want at most %v"
	validation.MsgExpectedBePattern = "want %s"
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := &api.Error{Status: status, Title: http.StatusText(status), Code: codes[status], Detail: msg}
		if p.Code == "" {
			p.Code = api.CodeInternal
		}
		if _, most, ok := strings.Cut(msg, "request body is too large limit="); ok {
			p.Detail, p.Fix = "what was sent is larger than this call takes, "+most, "send it in smaller parts"
		}
		if status == http.StatusUnprocessableEntity || status == http.StatusBadRequest {
			p.Detail = api.NotUnderstood
		}
		for i, err := range errs {
			if i == mostErrors {
				p.Errors = append(p.Errors, api.FieldError{Message: fmt.Sprintf("and %d more", len(errs)-mostErrors)})
				break
			}
			if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
				p.Errors = append(p.Errors, api.FieldError{Field: brief(d.Location, mostQuoted), Message: brief(d.Message, mostQuoted), Value: secretless(d)})
			} else if err != nil {
				p.Errors = append(p.Errors, api.FieldError{Message: brief(err.Error(), mostQuoted)})
			}
		}
		return p
	}
}

// telling are the names of fields that hold a secret, or a file that may.
var telling = regexp.MustCompile(`(?i)credential|password|token|secret|key|users|text`)

// secretless is the refused value, unless its field may hold a secret, or it is a whole
// object: that may hold a password beside the field that was wrong.
func secretless(d *huma.ErrorDetail) any {
	if telling.MatchString(d.Location) {
		return nil
	}
	switch v := d.Value.(type) {
	case string:
		return brief(v, mostQuoted)
	case bool, float64, int, int64:
		return v
	}
	return nil
}
