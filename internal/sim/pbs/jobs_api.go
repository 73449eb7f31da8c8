package pbs

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/calendar"
)

// jobKind is one kind of jobs and how it is told from the other.
type jobKind struct {
	name string // in paths and messages
	of   func(*Server) map[string]*job
	// need are the privileges on the datastore or namespace of which one lets make
	// and change such jobs, see those that let see them.
	need, see []string
	run       func(s *Server, id string, j *job, who authID, now time.Time) string
}

var jobKinds = []jobKind{
	{"prune", func(s *Server) map[string]*job { return s.state.Jobs.Prune }, []string{"Datastore.Modify"}, []string{"Datastore.Audit"}, (*Server).runPrune},
	{"verification", func(s *Server) map[string]*job { return s.state.Jobs.Verify }, []string{"Datastore.Verify"}, []string{"Datastore.Audit", "Datastore.Verify"}, (*Server).runVerify},
}

var _ = registerJobs()

func registerJobs() bool {
	for i, path := range []string{"prune", "verify"} {
		k := jobKinds[i]
		handle("GET /config/"+path, k.list)
		handle("POST /config/"+path, k.create)
		handle("GET /config/"+path+"/{id}", k.read)
		handle("PUT /config/"+path+"/{id}", k.update)
		handle("DELETE /config/"+path+"/{id}", k.remove)
		handle("GET /admin/"+path, k.status)
		handle("POST /admin/"+path+"/{id}/run", k.start)
	}
	handle("GET /config/traffic-control", listTraffic)
	handle("POST /config/traffic-control", createTraffic)
	handle("GET /config/traffic-control/{name}", readTraffic)
	handle("DELETE /config/traffic-control/{name}", deleteTraffic)
	return true
}

// optionsOf are the parameters of an entry as texts; arrays stay joined.
func optionsOf(p apispec.Params, leave ...string) map[string]string {
	out := p.All()
	maps.DeleteFunc(out, func(name, _ string) bool { return slices.Contains(leave, name) })
	return out
}

func (k jobKind) may(c *call, options map[string]string, privs []string) bool {
	return c.server.state.Access.holdsAny(c.auth, spacePath(options["store"], options["ns"]), privs)
}

// show is a job as the API tells it, its numbers and booleans as such.
func (k jobKind) show(id string, j *job) map[string]any {
	out := map[string]any{"id": id}
	for name, value := range j.Options {
		out[name] = value
		switch name {
		case "disable", "ignore-verified":
			out[name] = value == "1"
		case "keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly", "max-depth", "outdated-after", "read-threads", "verify-threads":
			out[name] = j.number(name, 0)
		}
	}
	return out
}

func (k jobKind) list(c *call) (any, error) {
	all := k.of(c.server)
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if k.may(c, all[id].Options, k.see) {
			out = append(out, k.show(id, all[id]))
		}
	}
	return out, nil
}

func (k jobKind) find(c *call, privs []string) (string, *job, error) {
	id := c.p.Str("id")
	j := k.of(c.server)[id]
	if j == nil {
		return id, nil, failf("no such job '%s'", id)
	}
	if !k.may(c, j.Options, privs) {
		return id, nil, denied("permission check failed")
	}
	return id, j, nil
}

func checkSchedule(options map[string]string) error {
	if text := options["schedule"]; text != "" {
		if _, err := calendar.Parse(text); err != nil {
			return failf("parameter verification failed - 'schedule': %v", err)
		}
	}
	return nil
}

func (k jobKind) create(c *call) (any, error) {
	id := c.p.Str("id")
	options := optionsOf(c.p, "id")
	if !k.may(c, options, k.need) {
		return nil, denied("permission check failed")
	}
	if err := checkSchedule(options); err != nil {
		return nil, err
	}
	if k.of(c.server)[id] != nil {
		return nil, failf("job '%s' already exists.", id)
	}
	if _, err := c.server.store(options["store"]); err != nil {
		return nil, err
	}
	k.of(c.server)[id] = &job{Options: options, Last: c.now}
	return nil, nil
}

func (k jobKind) read(c *call) (any, error) {
	id, j, err := k.find(c, k.see)
	if err != nil {
		return nil, err
	}
	return k.show(id, j), nil
}

func (k jobKind) update(c *call) (any, error) {
	_, j, err := k.find(c, k.need)
	if err != nil {
		return nil, err
	}
	options := maps.Clone(j.Options)
	for _, name := range c.p.List("delete") {
		delete(options, name)
	}
	maps.Copy(options, optionsOf(c.p, "id", "delete", "digest"))
	if err := checkSchedule(options); err != nil {
		return nil, err
	}
	if !k.may(c, options, k.need) {
		return nil, denied("permission check failed")
	}
	j.Options, j.Last = options, c.now
	return nil, nil
}

func (k jobKind) remove(c *call) (any, error) {
	id, _, err := k.find(c, k.need)
	if err != nil {
		return nil, err
	}
	delete(k.of(c.server), id)
	return nil, nil
}

// status lists the jobs with when they ran and will run.
func (k jobKind) status(c *call) (any, error) {
	all := k.of(c.server)
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		j := all[id]
		if !k.may(c, j.Options, k.see) || (c.p.Has("store") && c.p.Str("store") != j.Options["store"]) {
			continue
		}
		entry := k.show(id, j)
		if next := j.next(c.server.zone()); !next.IsZero() {
			entry["next-run"] = next.Unix()
		}
		if t, err := c.server.task(j.UPID); err == nil {
			entry["last-run-upid"] = j.UPID
			if !t.running() {
				entry["last-run-state"], entry["last-run-endtime"] = t.Status, t.End.Unix()
			}
		}
		out = append(out, entry)
	}
	return out, nil
}

func (k jobKind) start(c *call) (any, error) {
	id, j, err := k.find(c, k.need)
	if err != nil {
		return nil, err
	}
	return k.run(c.server, id, j, c.auth, c.now), nil
}

// Rules of traffic control are kept and told; nothing here is slowed by them.

func showTraffic(name string, options map[string]string) map[string]any {
	out := map[string]any{"name": name}
	for key, value := range options {
		out[key] = value
		if key == "network" || key == "timeframe" || key == "users" {
			out[key] = apispec.SplitList(value)
		}
	}
	return out
}

func listTraffic(c *call) (any, error) {
	out := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(c.server.state.Jobs.Traffic)) {
		out = append(out, showTraffic(name, c.server.state.Jobs.Traffic[name]))
	}
	return out, nil
}

func createTraffic(c *call) (any, error) {
	name := c.p.Str("name")
	if c.server.state.Jobs.Traffic[name] != nil {
		return nil, failf("traffic control rule '%s' already exists.", name)
	}
	c.server.state.Jobs.Traffic[name] = optionsOf(c.p, "name")
	return nil, nil
}

func readTraffic(c *call) (any, error) {
	name := c.p.Str("name")
	rule := c.server.state.Jobs.Traffic[name]
	if rule == nil {
		return nil, failf("no such rule '%s'", name)
	}
	return showTraffic(name, rule), nil
}

func deleteTraffic(c *call) (any, error) {
	name := c.p.Str("name")
	if c.server.state.Jobs.Traffic[name] == nil {
		return nil, failf("no such rule '%s'", name)
	}
	delete(c.server.state.Jobs.Traffic, name)
	return nil, nil
}

func atoi(text string) (int, error) { return strconv.Atoi(text) }
