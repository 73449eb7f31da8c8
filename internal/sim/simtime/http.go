package simtime

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Handler serves the world's time under /time:
//
//	GET    /time                            the Moment, and the participants
//	PUT    /time/participants/{name}        {"hold":bool}: join; answers the Moment
//	DELETE /time/participants/{name}        leave, or take off one that died
//	POST   /time/participants/{name}/busy   a Report; answers the Moment
//	POST   /time/participants/{name}/wait   a Report; answers the Moment when the
//	                                        wait is over
//
// A participant waits only while its wait request is open: one that dies closes it
// and so counts as busy, and time stands still.
func (w *World) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /time", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, struct {
			Moment
			Participants []Participant `json:"participants"`
		}{w.Moment(), w.Participants()}, nil)
	})
	mux.HandleFunc("PUT /time/participants/{name}", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Hold bool }
		if !read(rw, r, &in) {
			return
		}
		answer(rw, w.Join(r.PathValue("name"), in.Hold), nil)
	})
	mux.HandleFunc("DELETE /time/participants/{name}", func(rw http.ResponseWriter, r *http.Request) {
		err := w.Leave(r.PathValue("name"))
		answer(rw, w.Moment(), err)
	})
	mux.HandleFunc("POST /time/participants/{name}/busy", func(rw http.ResponseWriter, r *http.Request) {
		var in Report
		if !read(rw, r, &in) {
			return
		}
		m, err := w.Busy(r.PathValue("name"), in)
		answer(rw, m, err)
	})
	mux.HandleFunc("POST /time/participants/{name}/wait", func(rw http.ResponseWriter, r *http.Request) {
		var in Report
		if !read(rw, r, &in) {
			return
		}
		m, err := w.Wait(r.Context(), r.PathValue("name"), in)
		answer(rw, m, err)
	})
	return mux
}

func read(rw http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 4096))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(rw, "body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func answer(rw http.ResponseWriter, v any, err error) {
	switch {
	case errors.Is(err, errNoParticipant):
		http.Error(rw, err.Error(), http.StatusNotFound)
	case err != nil: // the participant is gone; nobody reads this
		rw.WriteHeader(http.StatusServiceUnavailable)
	default:
		rw.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(rw).Encode(v); err != nil {
			return // the participant is gone: it counts as busy
		}
	}
}
