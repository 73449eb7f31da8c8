package pbs

import (
	"maps"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/calendar"
)

// jobs are what the server does by itself, by their IDs, and its limits on traffic.
type jobs struct {
	Prune   map[string]*job              `json:"prune"`
	Verify  map[string]*job              `json:"verify"`
	Traffic map[string]map[string]string `json:"traffic"`
}

func newJobs() jobs {
	return jobs{Prune: map[string]*job{}, Verify: map[string]*job{}, Traffic: map[string]map[string]string{}}
}

// job is work that starts by itself. Options are the entry's keys as texts.
type job struct {
	Options map[string]string `json:"options"`
	Last    time.Time         `json:"last"` // when it last ran, was made or was changed
	UPID    string            `json:"upid,omitempty"`
}

// next is when the job is due; zero for never.
func (j *job) next(zone *time.Location) time.Time {
	if j.Options["schedule"] == "" || j.Options["disable"] == "1" {
		return time.Time{}
	}
	event, err := calendar.Parse(j.Options["schedule"])
	if err != nil {
		return time.Time{}
	}
	return event.Next(j.Last, zone)
}

// eachJob gives all jobs in a fixed order, with what starts each.
func (s *Server) eachJob(f func(j *job, run func(now time.Time))) {
	for _, id := range slices.Sorted(maps.Keys(s.state.Jobs.Prune)) {
		j := s.state.Jobs.Prune[id]
		f(j, func(now time.Time) { s.runPrune(id, j, root, now) })
	}
	for _, id := range slices.Sorted(maps.Keys(s.state.Jobs.Verify)) {
		j := s.state.Jobs.Verify[id]
		f(j, func(now time.Time) { s.runVerify(id, j, root, now) })
	}
}

// nextJob is the earliest run of any job.
func (s *Server) nextJob() (next time.Time) {
	s.eachJob(func(j *job, _ func(time.Time)) {
		if at := j.next(s.zone()); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	})
	return next
}

// startJobs starts the jobs that are due.
func (s *Server) startJobs(now time.Time) {
	s.eachJob(func(j *job, run func(time.Time)) {
		if at := j.next(s.zone()); !at.IsZero() && !at.After(now) {
			j.Last = now
			run(now)
		}
	})
}

func (j *job) number(name string, absent int) int {
	n, err := atoi(j.Options[name])
	if err != nil {
		return absent
	}
	return n
}

func (s *Server) runPrune(id string, j *job, who authID, now time.Time) string {
	w := &pruneWork{Store: j.Options["store"], Space: j.Options["ns"], Depth: j.number("max-depth", maxDepth), Keep: keeps{
		Last: j.number("keep-last", 0), Hourly: j.number("keep-hourly", 0), Daily: j.number("keep-daily", 0),
		Weekly: j.number("keep-weekly", 0), Monthly: j.number("keep-monthly", 0), Yearly: j.number("keep-yearly", 0),
	}}
	j.UPID = s.start("prunejob", w.Store+":"+id, who, now, 2*time.Second, work{Prune: w})
	return j.UPID
}

func (s *Server) runVerify(id string, j *job, who authID, now time.Time) string {
	w := &verifyWork{Store: j.Options["store"], Space: j.Options["ns"], Depth: j.number("max-depth", maxDepth), SkipKnown: j.Options["ignore-verified"] != "0"}
	if days := j.number("outdated-after", 0); days > 0 {
		w.OlderThan = now.AddDate(0, 0, -days).Unix()
	}
	j.UPID = s.start("verificationjob", w.Store+":"+id, who, now, taskSpeed(w.bytes(s), verifySpeed), work{Verify: w})
	return j.UPID
}
