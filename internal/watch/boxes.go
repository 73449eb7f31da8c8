package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
)

const (
	stale    = 16 * time.Minute // three rounds of five minutes, and one minute
	nearFull = 0.90
	full     = 0.97
)

// Boxes tells how the boxes fare, by what they said at the last round.
func Boxes(registry *fleet.Registry, clk clock.Clock) Source {
	return func() ([]Condition, error) {
		boxes, err := registry.Boxes()
		if err != nil {
			return nil, err
		}
		var all []Condition
		for _, b := range boxes {
			servers, err := registry.ServersOn(b.Name)
			if err != nil {
				return nil, err
			}
			all = append(all, box(b, servers, clk.Now())...)
		}
		return all, nil
	}
}

// box tells what is wrong with a box, or one line that all is well.
func box(b fleet.Box, servers []fleet.Server, now time.Time) []Condition {
	of, o := "box/"+b.Name, b.Observed
	again := "accolade box enrol " + b.Name
	switch {
	case b.State == fleet.BoxRetired:
		return nil
	case b.State == fleet.BoxEnrolling:
		return []Condition{{Warning, of, "is not enrolled to its end", again, b.Created}}
	case o.At.IsZero():
		return []Condition{{Unknown, of, "was not asked yet", "accolade box show " + b.Name + " --now", b.Enrolled}}
	case o.Error != "":
		return []Condition{{Critical, of, "does not answer: " + strings.TrimPrefix(o.Error, "box "+b.Name+": "), cmp.Or(o.Fix, "look whether it has power and a line"), o.Seen}}
	case now.Sub(o.At) > stale:
		return []Condition{{Unknown, of, "was last asked at " + o.At.Format(time.RFC3339), "accolade box show " + b.Name + " --now", o.At}}
	}
	all := append(storages(of, b), vms(b, servers)...)
	for _, d := range o.Drift {
		level := Warning
		if d.Actual == "offline" && d.What != "storage "+b.Storages.Vault {
			level = Critical
		}
		what := fmt.Sprintf("%s is %q, not %q", d.What, d.Actual, d.Wanted)
		if d.Actual == "" {
			what = d.What + " is missing: " + d.Wanted
		}
		all = append(all, Condition{level, of, what, d.Fix, time.Time{}})
	}
	if len(all) == 0 {
		all = []Condition{{OK, of, fmt.Sprintf("answers, Proxmox VE %s, %s", o.Version, counted(len(servers), "server")), "", o.Seen}}
	}
	return all
}

func storages(of string, b fleet.Box) []Condition {
	var all []Condition
	for _, s := range b.Observed.Storages {
		if s.Total == 0 || s.Name == b.Storages.Vault {
			continue
		}
		if used := float64(s.Used) / float64(s.Total); used >= nearFull {
			c := Condition{Warning, of, fmt.Sprintf("storage %s is %.0f %% full", s.Name, 100*used), "free room there, or keep fewer backups (accolade box enrol " + b.Name + " --repair --retention …)", time.Time{}}
			if used >= full {
				c.Level = Critical
			}
			all = append(all, c)
		}
	}
	return all
}

// vms compares the servers that should run with the VMs that do.
func vms(b fleet.Box, servers []fleet.Server) []Condition {
	var all []Condition
	for _, s := range servers {
		if s.State != fleet.ServerReady {
			continue
		}
		of := "server/" + s.Name
		i := slices.IndexFunc(b.Observed.VMs, func(v fleet.ObservedVM) bool { return v.VMID == s.VMID })
		switch {
		case i < 0:
			all = append(all, Condition{Critical, of, fmt.Sprintf("has no VM %d on box %s any more", s.VMID, b.Name), "accolade backup restore " + s.Name + " --as-new", time.Time{}})
		case b.Observed.VMs[i].Status != "running":
			all = append(all, Condition{Critical, of, fmt.Sprintf("VM %d on box %s is %s", s.VMID, b.Name, b.Observed.VMs[i].Status), "start it on the box, and look why it stopped", time.Time{}})
		}
	}
	return all
}

// counted is "1 server", "2 servers".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
