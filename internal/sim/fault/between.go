package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// What a client sees of a broken connection, in the words of its system.
var (
	errRefused = errors.New("dial: connection refused")
	errReset   = errors.New("read: connection reset by peer")
)

// Between puts the rules between a client and its network, where a test has no
// server to wrap or wants time to be its own. To the client it is the same as Wrap;
// Refused strikes request by request, as long as its rule counts.
type Between struct {
	Set     *Set
	Next    http.RoundTripper
	Target  func(*http.Request) string                 // whom a request goes to
	Pause   func(context.Context, time.Duration) error // lets the time of Slow pass
	Machine Machine                                    // nil: there is none
}

// RoundTrip implements http.RoundTripper.
func (b *Between) RoundTrip(req *http.Request) (*http.Response, error) {
	after := false
	for _, r := range b.Set.struck(b.Target(req), req) {
		switch r.Kind {
		case Refused:
			return nil, b.drop(req, errRefused)
		case ResetBefore:
			return nil, b.drop(req, errReset)
		case ResetMiddle:
			body := halved(req)
			req = req.Clone(req.Context())
			req.Body, req.GetBody = body, nil
			after = true
		case ResetAfter:
			after = true
		case Slow:
			if err := b.Pause(req.Context(), r.Delay); err != nil {
				return nil, b.drop(req, err)
			}
		case Error:
			return answer(req, r), b.drop(req, nil)
		default:
			if b.Machine == nil {
				return nil, b.drop(req, fmt.Errorf("fault %d: %s has no faults of kind %s", r.ID, r.Target, r.Kind))
			}
			if err := b.Machine(r); err != nil {
				return nil, b.drop(req, fmt.Errorf("fault %d: %w", r.ID, err))
			}
		}
	}
	res, err := b.Next.RoundTrip(req)
	if _, cut := req.Body.(broken); cut && err != nil {
		return nil, errReset
	}
	if err == nil && after {
		_, _ = io.Copy(io.Discard, res.Body) // the counterpart has done its part
		res.Body.Close()
		return nil, errReset
	}
	return res, err
}

// drop closes the body of a request that is not sent, as a transport must.
func (b *Between) drop(req *http.Request, err error) error {
	if req.Body != nil {
		req.Body.Close()
	}
	return err
}

// answer is what fail writes.
func answer(req *http.Request, r Rule) *http.Response {
	status, reason := r.said()
	body := []byte(failBody)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, reason), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json;charset=UTF-8"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: req,
	}
}
