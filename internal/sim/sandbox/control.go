package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// control serves the control address:
//
//	GET    /sandbox                what `accolade sandbox -o json` printed
//	GET    /images/cloud/…         a cloud image and its SHA512SUMS
//	       /time…                  see simtime.World.Handler
//	GET    /faults                 the rules in force
//	POST   /faults                 a fault.Rule; answers it with its id
//	DELETE /faults, /faults/{id}   takes all, or one, out of force
//	GET    /mails                  what the relay has taken
//	CONNECT DOMAIN:443             the YunoHost that serves the domain; see proxy
func (s *Sandbox) control() http.Handler {
	mux := http.NewServeMux()
	serveImages(mux)
	mux.Handle("/time", s.world.Handler())
	mux.Handle("/time/", s.world.Handler())
	mux.HandleFunc("GET /sandbox", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.info) })
	mux.HandleFunc("GET /mails", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.relay.Mails()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.faults.Rules()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var rule fault.Rule
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
		d.DisallowUnknownFields()
		if err := d.Decode(&rule); err != nil {
			http.Error(w, "fault: "+err.Error(), http.StatusBadRequest)
			return
		}
		added, err := s.faults.Add(rule)
		if err != nil {
			http.Error(w, "fault: "+err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(w, added)
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.Clear()
		writeJSON(w, s.faults.Rules())
	})
	mux.HandleFunc("DELETE /faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		if err != nil || !s.faults.Remove(id) {
			http.Error(w, fmt.Sprintf("no fault %q is in force", r.PathValue("id")), http.StatusNotFound)
			return
		}
		writeJSON(w, s.faults.Rules())
	})
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client is gone
	}
}
