package enrol

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Observe asks a box, with our own token, how it does and compares it with what
// was made of it. A box that does not answer is an observation too: its Error says
// why, and the rest is what was last seen. What could not be read is never taken
// for missing.
func (s *Service) Observe(ctx context.Context, b fleet.Box) fleet.Observation {
	login, err := s.ourLogin(b, nil)
	if err != nil {
		return unlessFailed(b, fleet.Observation{}, err, s.Clock.Now())
	}
	o, _, err := s.observe(ctx, b, login, nil)
	return unlessFailed(b, o, err, s.Clock.Now())
}

func unlessFailed(b fleet.Box, o fleet.Observation, err error, now time.Time) fleet.Observation {
	if err == nil {
		return o
	}
	old := b.Observed
	old.At, old.Error, old.Fix = now, err.Error(), operation.Fix(err)
	return old
}

// observe reads all of it, or leaves what changes seldom as it is known.
func (s *Service) observe(ctx context.Context, b fleet.Box, login fleet.Login, known *seldom) (o fleet.Observation, _ *seldom, err error) {
	now := s.Clock.Now()
	o = fleet.Observation{At: now, Seen: now}
	host := s.DialBox(b, login)
	defer host.Close()
	if o.Version, err = host.Version(ctx); err != nil {
		return o, nil, err
	}
	if known == nil || known.version != o.Version {
		if known, err = s.readSeldom(ctx, host, b, o.Version, now); err != nil {
			return o, nil, err
		}
		known.token, known.login = string(b.TokenSecret), login
	}
	if o.Storages, err = host.Storages(ctx); err != nil {
		return o, nil, err
	}
	jobs, err := host.Jobs(ctx)
	if err != nil {
		return o, nil, err
	}
	vault, err := fleet.NewRegistry(s.DB, s.Clock).Vault(b.Vault)
	if err != nil {
		return o, nil, err
	}
	if o.VMs, err = vms(ctx, host); err != nil {
		return o, nil, err
	}
	for _, d := range slices.Concat(known.clockDrift(b), s.storageDrift(b, vault, known.configs, o.Storages), jobDrift(b, jobs), known.rights) {
		if d.Fix == "" {
			d.Fix = "accolade box enrol " + b.Name + " --repair"
		}
		o.Drift = append(o.Drift, d)
	}
	return o, known, nil
}

func vms(ctx context.Context, host Host) ([]fleet.ObservedVM, error) {
	list, err := host.VMs(ctx)
	if err != nil {
		return nil, err
	}
	var out []fleet.ObservedVM
	for _, v := range list {
		status := "stopped"
		if v.Running {
			status = "running"
		}
		out = append(out, fleet.ObservedVM{VMID: v.VMID, Name: v.Name, Status: status, Lock: v.Lock, Uptime: v.Uptime, Memory: v.Memory})
	}
	slices.SortFunc(out, func(a, b fleet.ObservedVM) int { return a.VMID - b.VMID })
	return out, nil
}

func (k *seldom) clockDrift(b fleet.Box) []fleet.Drift {
	clock := k.clock
	var out []fleet.Drift
	if clock.Zone != b.Zone {
		out = append(out, fleet.Drift{What: "time zone", Wanted: b.Zone, Actual: clock.Zone, Fix: "on the box: timedatectl set-timezone " + b.Zone})
	}
	if k.skew.Abs() > maxSkew {
		out = append(out, fleet.Drift{What: "clock", Wanted: "within a minute", Actual: k.skew.Round(time.Second).String() + " off", Fix: "on the box: let it keep time with chrony"})
	}
	return out
}

// storageDrift compares the definitions of our storages, and tells which are not
// active: an HDD that died, a vault that is away.
func (s *Service) storageDrift(b fleet.Box, vault fleet.Vault, configs []fleet.StorageConfig, active []fleet.ObservedStorage) []fleet.Drift {
	e := enrolment{svc: s, box: b, in: Input{Name: b.Name, Namespace: b.Namespace}, to: vault}
	var out []fleet.Drift
	for _, want := range []fleet.StorageConfig{e.backupDir(), e.imagesDir(), e.vaultConfig(), {Name: b.Storages.VM}} {
		what := "storage " + want.Name
		i := slices.IndexFunc(configs, func(c fleet.StorageConfig) bool { return c.Name == want.Name })
		if i < 0 {
			out = append(out, fleet.Drift{What: what, Wanted: "there", Actual: ""})
			continue
		}
		var diff []string
		switch have := configs[i]; want.Type {
		case "dir":
			diff = dirDiff(want, have)
		case "pbs":
			diff = vaultDiff(want, have)
		}
		if len(diff) > 0 {
			out = append(out, fleet.Drift{What: what, Wanted: "as enrolled", Actual: strings.Join(diff, ", ")})
			continue
		}
		j := slices.IndexFunc(active, func(a fleet.ObservedStorage) bool { return a.Name == want.Name })
		if j < 0 || !active[j].Active {
			fix := "look at the disk on the box"
			if want.Type == "pbs" {
				fix = "look whether vault " + b.Vault + " runs and whether the line there is up"
			}
			out = append(out, fleet.Drift{What: what, Wanted: "active", Actual: "offline", Fix: fix})
		}
	}
	return out
}

func jobDrift(b fleet.Box, jobs []fleet.Job) []fleet.Drift {
	i := slices.IndexFunc(jobs, func(j fleet.Job) bool { return j.ID == b.Job.ID })
	if i < 0 {
		return []fleet.Drift{{What: "local backup job", Wanted: b.Job.ID, Actual: ""}}
	}
	diff := jobDiff(b.Job, jobs[i])
	for k := range diff {
		diff[k].What = "local backup job: " + diff[k].What
	}
	return diff
}

// jobDiff names what is not as wanted.
func jobDiff(want, have fleet.Job) []fleet.Drift {
	var out []fleet.Drift
	for _, d := range []fleet.Drift{
		{What: "enabled", Wanted: fmt.Sprint(want.Enabled), Actual: fmt.Sprint(have.Enabled)},
		{What: "schedule", Wanted: want.Schedule, Actual: have.Schedule},
		{What: "storage", Wanted: want.Storage, Actual: have.Storage},
		{What: "pool", Wanted: want.Pool, Actual: have.Pool},
		{What: "mode", Wanted: want.Mode, Actual: have.Mode},
		{What: "compress", Wanted: want.Compress, Actual: have.Compress},
		{What: "prune-backups", Wanted: want.Prune, Actual: have.Prune},
		{What: "repeat-missed", Wanted: fmt.Sprint(want.RepeatMissed), Actual: fmt.Sprint(have.RepeatMissed)},
		{What: "notes-template", Wanted: want.Notes, Actual: have.Notes},
	} {
		if d.Wanted != d.Actual {
			out = append(out, d)
		}
	}
	return out
}

// rightsDrift names rights that our token lacks.
func rightsDrift(b fleet.Box, version string, have map[string]map[string]bool) []fleet.Drift {
	var out []fleet.Drift
	for _, kind := range fleet.PathKinds {
		path := b.Path(kind)
		var missing []string
		for _, p := range fleet.Rights(kind, version) {
			if _, ok := have[path][p]; !ok {
				missing = append(missing, p)
			}
		}
		if len(missing) > 0 {
			out = append(out, fleet.Drift{What: "rights on " + path, Wanted: strings.Join(missing, " "), Actual: ""})
		}
	}
	return out
}
