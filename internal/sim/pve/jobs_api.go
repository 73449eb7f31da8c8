package pve

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/calendar"
)

var (
	_ = handle("GET /cluster/backup", listJobs)
	_ = handle("POST /cluster/backup", createJob)
	_ = handle("GET /cluster/backup/{id}", readJob)
	_ = handle("PUT /cluster/backup/{id}", updateJob)
	_ = handle("DELETE /cluster/backup/{id}", deleteJob)
	_ = handle("GET /cluster/backup/{id}/included_volumes", jobVolumes)
	_ = handle("GET /cluster/backup-info", func(*call) (any, error) { return subdirs("subdir", "not-backed-up"), nil })
	_ = handle("GET /cluster/backup-info/not-backed-up", notBackedUp)
)

// jobNumbers are the job's keys that the API gives as numbers.
var jobNumbers = []string{
	"all", "bwlimit", "enabled", "ionice", "lockwait", "pigz", "protected", "quiet", "remove", "repeat-missed", "stdexcludes", "stop", "stopwait", "zstd",
}

// answer is a job as the API shows it: the property strings come as objects.
func (j *backupJob) answer() map[string]any {
	out := map[string]any{"id": j.ID, "type": "vzdump"}
	for key, value := range j.Options {
		switch {
		case slices.Contains(jobNumbers, key):
			n, err := strconv.ParseInt(value, 10, 64)
			if err == nil {
				out[key] = n
			}
		case key == "prune-backups" || key == "performance":
			object := map[string]any{}
			for _, p := range parseProps(value, "").pairs {
				object[p.key] = strconv.Itoa(atoi(p.value))
			}
			out[key] = object
		case key == "fleecing":
			object := map[string]any{}
			for _, p := range parseProps(value, "enabled").pairs {
				object[p.key] = p.value
			}
			if _, ok := object["enabled"]; ok {
				object["enabled"] = strconv.Itoa(bit(parseProps(value, "enabled").truth("enabled")))
			}
			out[key] = object
		case key == "exclude-path":
			out[key] = strings.Split(value, "\x00")
		default:
			out[key] = value
		}
	}
	return out
}

func listJobs(c *call) (any, error) {
	list := []any{}
	for _, j := range c.box.jobsInOrder() {
		out := j.answer()
		if event, err := calendar.Parse(j.Options["schedule"]); err == nil {
			if next := event.Next(c.box.clock(c.now), c.box.zone()); !next.IsZero() {
				out["next-run"] = next.Unix()
			}
		}
		list = append(list, out)
	}
	return list, nil
}

func (c *call) job() (*backupJob, error) {
	j := c.box.machine.Jobs[c.p.Str("id")]
	if j == nil {
		return nil, badParam("id", "No such job '"+c.p.Str("id")+"'")
	}
	return j, nil
}

func readJob(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	return j.answer(), nil
}

// schedule turns the old starttime and dow into a schedule.
func schedule(options map[string]string, required bool) error {
	start, old := options["starttime"]
	_, has := options["schedule"]
	switch {
	case has && old:
		return badParam("starttime", "'starttime' and 'schedule' cannot both be set")
	case !has && !old && required:
		return badParam("schedule", "neither 'starttime' nor 'schedule' were set")
	case !has && old:
		options["schedule"] = start
		if dow := strings.Join(splitIDs(options["dow"]), ","); dow != "" && dow != "mon,tue,wed,thu,fri,sat,sun" {
			options["schedule"] = dow + " " + start
		}
	}
	delete(options, "starttime")
	delete(options, "dow")
	if text, ok := options["schedule"]; ok {
		if _, err := calendar.Parse(text); err != nil {
			return badParam("schedule", "invalid format - invalid calendar event '"+text+"'")
		}
	}
	return nil
}

// mayUsePool: a job on a pool needs the right to back the pool up.
func (c *call) mayUsePool(options map[string]string) error {
	name := options["pool"]
	if name == "" {
		return nil
	}
	if _, err := c.box.pool(name); err != nil {
		return err
	}
	return c.require("/pool/"+name, "VM.Backup")
}

func createJob(c *call) (any, error) {
	b := c.box
	options := c.p.All()
	if err := c.mayBackUp(options); err != nil {
		return nil, err
	}
	if storage := backupStorage(options); storage != "" && !c.auth.rootPassword() {
		if err := c.require("/storage/"+storage, "Datastore.Allocate"); err != nil {
			return nil, err
		}
	}
	if err := c.mayUsePool(options); err != nil {
		return nil, err
	}
	if err := schedule(options, true); err != nil {
		return nil, err
	}
	id := options["id"]
	delete(options, "id")
	if id == "" {
		id = b.newUUID()
	}
	if b.machine.Jobs[id] != nil {
		return nil, failf("Job '%s' already exists", id)
	}
	if err := checkBackupOptions(options, true); err != nil {
		return nil, err
	}
	if _, ok := options["enabled"]; !ok {
		options["enabled"] = "1"
	}
	order := 0
	for _, j := range b.machine.Jobs {
		order = max(order, j.Order)
	}
	if b.machine.Jobs == nil {
		b.machine.Jobs = map[string]*backupJob{}
	}
	b.machine.Jobs[id] = &backupJob{ID: id, Options: options, Order: order + 1, Last: c.now}
	return nil, nil
}

func updateJob(c *call) (any, error) {
	options := c.p.All()
	delete(options, "id")
	remove := c.p.List("delete")
	delete(options, "delete")
	if err := c.mayBackUp(options); err != nil {
		return nil, err
	}
	if storage := options["storage"]; storage != "" && !c.auth.rootPassword() {
		if err := c.require("/storage/"+storage, "Datastore.Allocate"); err != nil {
			return nil, err
		}
	}
	if err := c.mayUsePool(options); err != nil {
		return nil, err
	}
	if err := schedule(options, false); err != nil {
		return nil, err
	}
	if len(options)+len(remove) == 0 {
		return nil, failf("no options specified")
	}
	if err := checkBackupOptions(options, false); err != nil {
		return nil, err
	}
	j := c.box.machine.Jobs[c.p.Str("id")]
	if j == nil {
		return nil, badParam("id", "No such job '"+c.p.Str("id")+"'")
	}
	if storage := backupStorage(j.Options); storage != "" && !c.auth.rootPassword() {
		if err := c.require("/storage/"+storage, "Datastore.Allocate"); err != nil {
			return nil, err
		}
	}
	next := maps.Clone(j.Options)
	// What selects the VMs goes together: a new choice takes the old one's place.
	for _, kind := range []string{"vmid", "pool", "all"} {
		if options[kind] != "" && options[kind] != "0" {
			for _, other := range []string{"vmid", "pool", "all", "exclude"} {
				delete(next, other)
			}
		}
	}
	maps.Copy(next, options)
	for _, key := range remove {
		delete(next, key)
	}
	if err := checkBackupOptions(next, true); err != nil {
		return nil, err
	}
	if next["schedule"] != j.Options["schedule"] || next["enabled"] != j.Options["enabled"] {
		j.Last = c.now
	}
	j.Options = next
	return nil, nil
}

func deleteJob(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	delete(c.box.machine.Jobs, j.ID)
	return nil, nil
}

// jobVolumes shows which disks of which VMs a job includes.
func jobVolumes(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	children := []any{}
	for _, id := range c.box.included(j.Options) {
		v := c.box.machine.VMs[id]
		if v == nil {
			children = append(children, map[string]any{"id": id, "type": "unknown", "leaf": 1})
			continue
		}
		if !c.can(vmPath(id), "VM.Audit") {
			continue
		}
		disks := []any{}
		for _, key := range driveKeys(v.Config) {
			d := parseDrive(v.Config[key])
			included, reason := !d.cdrom(), "enabled"
			switch {
			case d.cdrom():
				continue
			case d.has("backup") && !d.truth("backup"):
				included, reason = false, "disabled"
			}
			disks = append(disks, map[string]any{"id": id, "name": key, "included": bit(included), "reason": reason, "leaf": 1})
		}
		children = append(children, map[string]any{"id": id, "name": v.logName(), "type": "qemu", "children": disks})
	}
	return map[string]any{"children": children}, nil
}

func notBackedUp(c *call) (any, error) {
	covered := map[int]bool{}
	for _, j := range c.box.machine.Jobs {
		for _, id := range c.box.included(j.Options) {
			covered[id] = true
		}
	}
	list := []any{}
	for _, id := range c.box.vmids() {
		if !covered[id] && c.can(vmPath(id), "VM.Audit") {
			list = append(list, map[string]any{"vmid": id, "type": "qemu", "name": c.box.machine.VMs[id].logName()})
		}
	}
	return list, nil
}
