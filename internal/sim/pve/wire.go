package pve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is an answer as it goes over the wire.
type reply struct {
	status int
	reason string // of the status line; empty for the usual one
	body   []byte // nil: none, and no Content-Length
	kind   string // Content-Type of the body
}

const jsonType = "application/json;charset=UTF-8"

// send writes the reply. Errors close the connection, as the real server does, and
// carry their text as the reason phrase, which net/http cannot say: they are written
// on the bare connection. Where there is none (a recorder in a test) the reason is
// lost and the rest stays.
func (r reply) send(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	date := time.Now().UTC().Format(http.TimeFormat)
	h.Set("Cache-Control", "max-age=0")
	h.Set("Date", date)
	h.Set("Expires", date)
	h.Set("Pragma", "no-cache")
	h.Set("Server", "pve-api-daemon/3.0")
	if r.body != nil {
		h.Set("Content-Type", r.kind)
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	if r.status >= 400 && r.sendRaw(w, req) {
		return
	}
	w.WriteHeader(r.status)
	if _, err := w.Write(r.body); err != nil {
		return // the client is gone
	}
}

func (r reply) sendRaw(w http.ResponseWriter, req *http.Request) bool {
	control := http.NewResponseController(w)
	if req.Body != nil && control.SetReadDeadline(time.Now().Add(lastWords)) == nil {
		// a connection that is closed on unread data is reset, and the answer lost
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			r.reason = r.phrase() // it goes on sending, or is gone: it is answered all the same
		}
	}
	return r.hijack(control, w, req)
}

// lastWords is how long a client that is refused may go on sending, in real time.
const lastWords = 5 * time.Second

func (r reply) hijack(control *http.ResponseController, w http.ResponseWriter, req *http.Request) bool {
	conn, buf, err := control.Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	h := w.Header()
	h.Set("Connection", "close")
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.%d %d %s\r\n", req.ProtoMinor, r.status, r.phrase())
	if err := h.Write(&out); err != nil {
		return true // a buffer takes everything
	}
	out.WriteString("\r\n")
	out.Write(r.body)
	if _, err := buf.Write(out.Bytes()); err == nil {
		_ = buf.Flush() // an error means that the client is gone
	}
	return true
}

// phrase is the reason phrase: the first line of the text.
func (r reply) phrase() string {
	line, _, _ := strings.Cut(strings.TrimLeft(r.reason, "\r\n"), "\n")
	line, _, _ = strings.Cut(line, "\r")
	if line == "" {
		return http.StatusText(r.status)
	}
	return line
}

// answer is a result with more than data: the number of all entries of which data
// is a part.
type answer struct {
	Data  any
	Total int
}

// envelope is the JSON around every answer.
type envelope struct {
	Data    any               `json:"data"`
	Total   int               `json:"total,omitempty"`
	Errors  map[string]string `json:"errors,omitempty"`
	Message string            `json:"message,omitempty"`
	Success *int              `json:"success,omitempty"` // extjs only
	Status  int               `json:"status,omitempty"`  // extjs only
}

// success is the reply of a call that was done.
func success(format string, data any) reply {
	e := envelope{Data: data}
	if a, ok := data.(answer); ok {
		e.Data, e.Total = a.Data, a.Total
	}
	if format == "extjs" {
		one := 1
		e.Success = &one
	}
	return e.reply(http.StatusOK, "")
}

// failed is the reply of a call that was refused or failed.
func failed(format string, f *failure) reply {
	e := envelope{Errors: f.Errors}
	if format == "extjs" {
		zero := 0
		e.Success, e.Status, e.Message = &zero, f.Status, f.Reason+"\n"
		return e.reply(http.StatusOK, "")
	}
	if f.Status == http.StatusBadRequest {
		e.Message = f.Reason + "\n"
	}
	return e.reply(f.Status, f.Reason)
}

func (e envelope) reply(status int, reason string) reply {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return reply{status: http.StatusInternalServerError, reason: "encode answer: " + err.Error(), body: []byte(`{"data":null}`), kind: jsonType}
	}
	return reply{status: status, reason: reason, body: bytes.TrimSuffix(body.Bytes(), []byte("\n")), kind: jsonType}
}

// plain is a refusal before a call was found: its text is body and reason.
func plain(status int, text string) reply {
	return reply{status: status, reason: text, body: []byte(text), kind: "text/plain"}
}
