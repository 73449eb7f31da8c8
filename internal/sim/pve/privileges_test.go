package pve

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// need is what one part of a row wants: one of the privileges on a path; "" for
// wherever it counts.
type need struct {
	privs []string
	path  string
}

// factRow is one row of facts/proxmox-privileges.md.
type factRow struct {
	name  string
	needs map[string][]need // by version; nil: nothing is refused
}

func readFacts(t *testing.T) []factRow {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Dir(t, "facts", "proxmox-privileges.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []factRow
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 3 || cells[0] == "call" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		row := factRow{name: cells[0], needs: map[string][]need{}}
		row.needs["8.4"] = readNeeds(cells[2])
		row.needs["9.2"] = row.needs["8.4"]
		if len(cells) > 3 && strings.Trim(cells[3], " |") != "" {
			row.needs["9.2"] = readNeeds(cells[3])
		}
		rows = append(rows, row)
	}
	return rows
}

var onPath = regexp.MustCompile(`^(.*?)(?: on (/\S*))?$`)

func readNeeds(cell string) []need {
	if strings.HasPrefix(cell, "none") || strings.HasPrefix(cell, "one of several") {
		return nil
	}
	var out []need
	for part := range strings.SplitSeq(cell, ", ") {
		m := onPath.FindStringSubmatch(strings.Trim(part, " |"))
		out = append(out, need{privs: strings.Split(m[1], " or "), path: m[2]})
	}
	return out
}

// frozen is time that the test moves.
type frozen struct{ now time.Time }

func (f *frozen) Now() time.Time                   { return f.now }
func (f *frozen) Poke()                            {}
func (f *frozen) Real(time.Duration) time.Duration { return 0 }

var rootLogin = identity{User: "root@pam"}

// lab is a box as the experiment had it: VM 100 in pool accolade with a disk, a
// snapshot and a backup, VM 200, a user with all privileges.
type lab struct {
	t     *testing.T
	box   *Box
	world *frozen
	saved []byte
	clean bool // the box is as it was saved, but for users' rights
	upid  string
}

func newLab(t *testing.T, version string) *lab {
	t.Helper()
	w := &frozen{now: time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC)}
	l := &lab{t: t, world: w, box: NewBox(Config{Name: "pve", Version: version, World: w, Seed: 1, Zone: "UTC"})}
	l.must("PUT", "/storage/local", "content", "iso,vztmpl,backup,import")
	l.must("POST", "/storage", "type", "dir", "storage", "hdd", "path", "/srv/hdd", "content", "backup")
	l.must("POST", "/pools", "poolid", "accolade")
	l.upload("iso", "seed.iso")
	l.upload("import", "image.qcow2")
	l.must("POST", "/nodes/pve/qemu", "vmid", "100", "pool", "accolade", "scsi0", "local-lvm:8", "net0", "virtio,bridge=vmbr0",
		"agent", "enabled=1", "ide2", "none,media=cdrom")
	l.must("POST", "/nodes/pve/qemu", "vmid", "200")
	l.settle(time.Minute)
	l.must("POST", "/nodes/pve/qemu/100/snapshot", "snapname", "s1")
	l.settle(time.Minute)
	w.now = time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)
	l.box.Advance(w.now)
	l.must("POST", "/nodes/pve/vzdump", "vmid", "100", "storage", "local", "compress", "zstd")
	l.settle(2 * time.Hour)
	l.must("POST", "/access/users", "userid", "u@pve")
	l.must("POST", "/access/users", "userid", "other@pve")
	privs := slices.Sorted(maps.Keys(l.box.privileges().valid))
	l.must("POST", "/access/roles", "roleid", "All", "privs", strings.Join(privs, ","))
	l.box.access.ACL = []aclEntry{{Path: "/", Type: "user", ID: "u@pve", Role: "All", Propagate: true}}
	upid, err := l.box.call("POST", "/nodes/pve/qemu/200/status/start", identity{User: "u@pve"}, map[string]any{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.upid, _ = upid.(string)
	l.box.access.ACL = nil
	l.settle(time.Minute)
	if l.box.machine.Volumes[backupVolume] == nil {
		t.Fatalf("no %s", backupVolume)
	}
	saved, err := json.Marshal(l.box)
	if err != nil {
		t.Fatal(err)
	}
	l.saved = saved
	return l
}

func (l *lab) settle(d time.Duration) {
	end := l.world.now.Add(d)
	for {
		next := l.box.NextEvent()
		if next.IsZero() || next.After(end) {
			break
		}
		l.world.now = next
		l.box.Advance(next)
	}
	l.world.now = end
	l.box.Advance(end)
}

func (l *lab) must(method, path string, params ...string) any {
	l.t.Helper()
	data, err := l.box.call(method, path, rootLogin, given(params), nil)
	if err != nil {
		l.t.Fatalf("%s %s %v: %v %v", method, path, params, err, failureOf(err).Errors)
	}
	return data
}

func (l *lab) upload(content, name string) {
	l.t.Helper()
	file := &uploadFile{Name: name, Content: CloudImage(1<<30, 1<<20, 1<<20)}
	if _, err := l.box.call("POST", "/nodes/pve/storage/local/upload", rootLogin, given([]string{"content", content, "filename", name}), file); err != nil {
		l.t.Fatalf("upload %s: %v", name, err)
	}
	l.settle(10 * time.Minute)
}

func given(params []string) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(params); i += 2 {
		out[params[i]] = params[i+1]
	}
	return out
}

// try makes a call as u@pve, who has all privileges but some on a path ("" for
// everywhere), on the box as it was; it tells whether the rights were refused.
func (l *lab) try(c privilegeCall, without []string, path string) (refused bool, err error) {
	l.t.Helper()
	if !l.clean {
		if err := json.Unmarshal(l.saved, l.box); err != nil {
			l.t.Fatal(err)
		}
	}
	l.box.access.ACL = nil
	all, _ := l.box.role("All")
	rest := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return slices.Contains(without, p) })
	l.box.access.Roles["Less"] = rest
	give := func(path, role string, propagate bool) {
		l.box.access.ACL = append(l.box.access.ACL, aclEntry{Path: path, Type: "user", ID: "u@pve", Role: role, Propagate: propagate})
	}
	switch path {
	case "":
		give("/", "Less", true)
	case "/":
		give("/", "Less", true)
		for _, below := range []string{"/access", "/nodes", "/pool", "/sdn", "/storage", "/vms", "/mapping"} {
			give(below, "All", true)
		}
	default:
		give("/", "All", true)
		give(path, "Less", true)
		if strings.HasPrefix(path, "/vms/") {
			give("/pool/accolade", "Less", true) // the VM has the pool's rights too
		}
	}
	var file *uploadFile
	if c.file != "" {
		file = &uploadFile{Name: c.file, Content: []byte("data")}
	}
	_, err = l.box.call(c.method, strings.ReplaceAll(c.path, "{upid}", l.upid), identity{User: "u@pve"}, given(c.params), file)
	var f *failure
	refused = errors.As(err, &f) && f.Status == 403
	l.clean = refused || c.method == "GET"
	return refused, err
}

// The facts are held: with all privileges each call passes; with one of those that
// its row lists taken away it is refused, with any other it passes.
func TestPrivilegeFacts(t *testing.T) {
	rows := readFacts(t)
	for _, version := range []string{"8.4", "9.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, version)
			tried := 0
			for _, row := range rows {
				if skippedRows[row.name] != "" {
					continue
				}
				c, ok := privilegeCalls[row.name]
				if !ok {
					t.Errorf("row %q has no request", row.name)
					continue
				}
				tried++
				t.Run(row.name, func(t *testing.T) { l.t = t; l.row(c, row.needs[version]) })
			}
			t.Logf("%d of %d rows tried", tried, len(rows))
		})
	}
}

func (l *lab) row(c privilegeCall, needs []need) {
	if refused, err := l.try(c, nil, ""); refused {
		l.t.Fatalf("refused with all privileges: %v", err)
	} else if err != nil && failureOf(err).Status != 500 {
		l.t.Fatalf("not a good call: %v %v", err, failureOf(err).Errors)
	}
	alone := map[string]bool{}
	for _, n := range needs {
		known := slices.DeleteFunc(slices.Clone(n.privs), func(p string) bool { return !l.box.privileges().valid[p] })
		if refused, err := l.try(c, known, n.path); !refused {
			l.t.Errorf("passes without %s on %q: %v", strings.Join(known, " and "), n.path, err)
		}
		if len(n.privs) == 1 {
			alone[n.privs[0]] = true
		}
	}
	for priv := range l.box.privileges().valid {
		if alone[priv] {
			continue
		}
		if refused, err := l.try(c, []string{priv}, ""); refused {
			l.t.Errorf("refused without %s, which the facts do not list: %v", priv, err)
		}
	}
}

// A backup without the right is accepted; its task fails.
func TestBackupWithoutRight(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		l := newLab(t, version)
		refused, err := l.try(vzdump("storage", "hdd"), []string{"VM.Backup"}, "/vms/100")
		if refused || err != nil {
			t.Fatalf("%s: refused at the call: %v", version, err)
		}
		l.settle(time.Hour)
		last := l.box.machine.Tasks[len(l.box.machine.Tasks)-1]
		if last.Type != "vzdump" || !strings.Contains(last.Exit, "403 Permission check failed (/vms/100, VM.Backup)") {
			t.Errorf("%s: %s ended with %q", version, last.Type, last.Exit)
		}
	}
}
