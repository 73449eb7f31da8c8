package pve

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/calendar"
)

// backupJob is an entry of jobs.cfg: a backup that starts by itself.
type backupJob struct {
	ID string `json:"id"`
	// Options are the entry's keys, schedule and enabled among them.
	Options map[string]string `json:"options"`
	// Order is the entry's place in the file.
	Order int `json:"order"`
	// Last is when the job last ran, was made or was changed: the next run is counted
	// from there.
	Last time.Time `json:"last"`
}

func (j *backupJob) enabled() bool { return j.Options["enabled"] != "0" }

// nextRun is when the job is due on the box's clock, as an instant of the world.
func (b *Box) nextRun(j *backupJob) time.Time {
	event, err := calendar.Parse(j.Options["schedule"])
	if err != nil {
		return time.Time{}
	}
	next := event.Next(b.clock(j.Last), b.zone())
	if next.IsZero() {
		return next
	}
	return next.Add(-b.machine.ClockOffset)
}

// jobsInOrder are the jobs as the file has them.
func (b *Box) jobsInOrder() []*backupJob {
	list := slices.Collect(maps.Values(b.machine.Jobs))
	slices.SortFunc(list, func(x, y *backupJob) int { return x.Order - y.Order })
	return list
}

// nextJob is the earliest run of any job; while the box is down, none runs.
func (b *Box) nextJob() (next time.Time) {
	for _, j := range b.machine.Jobs {
		if j.enabled() && (j.Options["node"] == "" || j.Options["node"] == b.name) {
			next = earlier(next, b.nextRun(j))
		}
	}
	return next
}

// jobsDue starts the jobs whose time has come. A job whose pool is empty does
// nothing and leaves no task.
func (b *Box) jobsDue(now time.Time) {
	for _, j := range b.jobsInOrder() {
		if !j.enabled() || j.Options["node"] != "" && j.Options["node"] != b.name {
			continue
		}
		next := b.nextRun(j)
		if next.IsZero() || next.After(now) {
			continue
		}
		j.Last = now
		options := maps.Clone(j.Options)
		for _, key := range []string{"schedule", "enabled", "repeat-missed", "comment", "node", "id"} {
			delete(options, key)
		}
		vmids := b.included(options)
		if len(vmids) == 0 && options["all"] != "1" {
			continue
		}
		id := ""
		if len(vmids) == 1 {
			id = strconv.Itoa(vmids[0])
		}
		b.startTask(now, "vzdump", id, "root@pam", &backupWork{Options: options, VMIDs: vmids, Job: j.ID})
	}
}

// missJobs is what the scheduler does when the box comes up: a job that was missed
// runs at once if it is to be repeated, else at its next time.
func (b *Box) missJobs(now time.Time) {
	for _, j := range b.machine.Jobs {
		if j.Options["repeat-missed"] != "1" {
			j.Last = now
		}
	}
}
