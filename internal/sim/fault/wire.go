package fault

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"
)

// Machine acts on a rule whose kind is not one of the wire. It is called before the
// request is acted upon.
type Machine func(Rule) error

// Wrap puts the rules between a target's clients and its handler.
func (s *Set) Wrap(target string, next http.Handler, machine Machine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		after := false
		for _, r := range s.struck(target, req) {
			switch r.Kind {
			case Refused, ResetBefore:
				cut()
			case ResetMiddle:
				req.Body = halved(req)
				after = true
			case ResetAfter:
				after = true
			case Slow:
				if !pause(req, r.Delay) {
					cut()
				}
			case Error:
				fail(w, r)
				return
			default:
				if err := machine(r); err != nil {
					http.Error(w, fmt.Sprintf("fault %d: %v", r.ID, err), http.StatusInternalServerError)
					return
				}
			}
		}
		if after {
			next.ServeHTTP(httptest.NewRecorder(), req)
			cut()
		}
		next.ServeHTTP(w, req)
	})
}

// halved is the body of a request that breaks in its middle.
func halved(req *http.Request) io.ReadCloser {
	body := req.Body
	if body == nil {
		body = http.NoBody
	}
	return broken{io.LimitReader(body, req.ContentLength/2), body}
}

// broken is a body of which no more comes.
type broken struct {
	came io.Reader
	io.Closer
}

// Read implements io.Reader.
func (b broken) Read(p []byte) (int, error) {
	n, err := b.came.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// cut breaks the connection: net/http closes it without an answer.
func cut() { panic(http.ErrAbortHandler) }

func pause(req *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

// fail answers as Proxmox does, with the error as the reason phrase; net/http has no
// way to say one, so the answer is written on the bare connection, which it closes.
func fail(w http.ResponseWriter, r Rule) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		cut()
	}
	conn, buf, err := hijacker.Hijack()
	if err != nil {
		cut()
	}
	defer conn.Close()
	status, reason := r.said()
	fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, reason, len(failBody), failBody)
	if err := buf.Flush(); err != nil && err != io.EOF {
		return // the client is gone, as it may be after a fault
	}
}

const failBody = `{"data":null}`

// said is the status line of Error.
func (r Rule) said() (status int, reason string) {
	return cmp.Or(r.Status, http.StatusInternalServerError), cmp.Or(r.Reason, "fault")
}
