package pve

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// keeping is how many backups a retention keeps, by rule ("keep-last").
type keeping map[string]int

// keepRules is the order in which the rules have their say.
var keepRules = []string{"keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"}

// parseKeeping reads "keep-last=3,keep-daily=7"; nil for an empty text.
func parseKeeping(text string) keeping {
	if text == "" {
		return nil
	}
	keep := keeping{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		keep[name] = atoi(value)
		if name == "keep-all" && (value == "yes" || value == "on" || value == "true") {
			keep[name] = 1
		}
	}
	return keep
}

// all tells whether nothing is ever removed.
func (k keeping) all() bool {
	if k["keep-all"] > 0 {
		return true
	}
	for _, rule := range keepRules {
		if k[rule] > 0 {
			return false
		}
	}
	return true
}

// count is how many backups the rules keep at most.
func (k keeping) count() (n int) {
	for _, rule := range keepRules {
		n += k[rule]
	}
	return n
}

// String is the retention as vzdump logs it.
func (k keeping) String() string {
	parts := make([]string, 0, len(k))
	for _, name := range slices.Sorted(maps.Keys(k)) {
		parts = append(parts, fmt.Sprintf("%s=%d", name, k[name]))
	}
	return strings.Join(parts, ", ")
}

// pruned is one backup and what becomes of it.
type pruned struct {
	volid string
	vmid  int
	kind  string // qemu, lxc, unknown
	ctime int64
	mark  string // keep, remove, protected, renamed
}

// markGroup decides over the backups of one guest, newest first. Each rule keeps the
// newest backup of each of its last n periods that no earlier rule has kept one of;
// the periods are those of the box's local time.
func markGroup(group []*pruned, keep keeping, zone *time.Location) {
	if keep.all() {
		for _, p := range group {
			if p.mark == "" || p.mark == "remove" {
				p.mark = "keep"
			}
		}
		return
	}
	slices.SortStableFunc(group, func(x, y *pruned) int { return cmp.Compare(y.ctime, x.ctime) })
	for _, rule := range keepRules {
		markRule(group, keep[rule], rule, zone)
	}
	for _, p := range group {
		if p.mark == "" {
			p.mark = "remove"
		}
	}
}

func markRule(group []*pruned, count int, rule string, zone *time.Location) {
	if count == 0 {
		return
	}
	had, has := map[string]bool{}, map[string]bool{}
	for _, p := range group {
		if p.mark == "keep" {
			had[period(rule, p.ctime, zone)] = true
		}
	}
	for _, p := range group {
		id := period(rule, p.ctime, zone)
		if p.mark != "" || had[id] {
			continue
		}
		if has[id] {
			p.mark = "remove"
			continue
		}
		if len(has) >= count {
			return
		}
		has[id] = true
		p.mark = "keep"
	}
}

// period names the hour, day, week, month or year of an instant.
func period(rule string, ctime int64, zone *time.Location) string {
	at := time.Unix(ctime, 0).In(zone)
	switch rule {
	case "keep-hourly":
		return at.Format("2006-01-02 15")
	case "keep-daily":
		return at.Format("2006-01-02")
	case "keep-weekly":
		year, week := at.ISOWeek()
		return fmt.Sprintf("%d/%d", week, year)
	case "keep-monthly":
		return at.Format("2006-01")
	case "keep-yearly":
		return at.Format("2006")
	}
	return fmt.Sprint(ctime)
}

var standardDump = regexp.MustCompile(`vzdump-qemu-([1-9][0-9]{2,8})-(\d{4})_(\d{2})_(\d{2})-(\d{2})_(\d{2})_(\d{2})\.(?:tgz|tar|vma)`)

// dumpTime reads the instant out of a backup file's name, which is in local time.
func (b *Box) dumpTime(name string) (int64, bool) {
	m := standardDump.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	return time.Date(atoi(m[2]), time.Month(atoi(m[3])), atoi(m[4]), atoi(m[5]), atoi(m[6]), atoi(m[7]), 0, b.zone()).Unix(), true
}

// plan marks the backups of a storage; nothing is removed yet.
func (b *Box) plan(s *storage, keep keeping, vmid int, kind string) ([]*pruned, error) {
	if !s.holds("backup") {
		return nil, failf("storage '%s' does not support backups", s.ID)
	}
	if keep == nil {
		if keep = parseKeeping(s.Options["prune-backups"]); keep == nil {
			return nil, failf("no prune-backups options configured for storage '%s'", s.ID)
		}
	}
	items, err := b.list(s, vmid, "backup")
	if err != nil {
		return nil, err
	}
	groups := map[string][]*pruned{}
	var list []*pruned
	for _, it := range items {
		if kind != "" && it.subtype != kind {
			continue
		}
		p := &pruned{volid: it.volid, vmid: it.vmid, kind: it.subtype, ctime: it.ctime}
		if s.Type != "pbs" && standardDump.FindString(it.volid) == "" {
			p.mark = "renamed"
		} else {
			id := fmt.Sprintf("%s/%d", p.kind, p.vmid)
			groups[id] = append(groups[id], p)
		}
		if it.protected {
			p.mark = "protected"
		}
		list = append(list, p)
	}
	zone := b.zone()
	if s.Type == "pbs" {
		zone = time.UTC // the server's own rule
	}
	for _, group := range groups {
		markGroup(group, keep, zone)
	}
	return list, nil
}

// prune removes what a retention does not keep, and logs as the storage's plugin
// does. It gives what was decided.
func (b *Box) prune(s *storage, keep keeping, vmid int, kind string, log func(format string, args ...any)) ([]*pruned, error) {
	list, err := b.plan(s, keep, vmid, kind)
	if err != nil {
		return nil, err
	}
	failed := false
	seen := map[string]bool{}
	for _, p := range list {
		if s.Type == "pbs" {
			if group := fmt.Sprintf("vm/%d", p.vmid); !seen[group] {
				seen[group] = true
				log("INFO: running 'proxmox-backup-client prune' for '%s'", group)
			}
		}
		if p.mark != "remove" {
			continue
		}
		if s.Type != "pbs" {
			log("INFO: removing backup '%s'", p.volid)
		}
		if err := b.remove(p.volid); err != nil {
			log("ERROR: error when removing backup '%s' - %s", p.volid, err)
			failed = true
		}
	}
	if failed {
		return list, failf("error pruning backups - check log")
	}
	return list, nil
}
