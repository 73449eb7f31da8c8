package pve

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// volume is a file or a logical volume on a storage of the box itself. What lies on
// a backup server is not here: its own state is the truth.
type volume struct {
	Storage string    `json:"storage"`
	Name    string    `json:"name"`    // iso/seed.iso, backup/vzdump-….vma.zst, vm-100-disk-0
	Content string    `json:"content"` // iso, import, backup, images, vztmpl
	Format  string    `json:"format"`  // as listed: iso, qcow2, vma.zst, raw
	VMID    int       `json:"vmid,omitempty"`
	Size    int64     `json:"size"` // bytes, as listed
	Made    time.Time `json:"made"`
	Notes   string    `json:"notes,omitempty"`

	Protected bool `json:"protected,omitempty"`
	// Data is a small file's content: seeds are read for real.
	Data []byte `json:"data,omitempty"`
	// Disk is the content of a disk or of a disk image to import.
	Disk *archive.Disk `json:"disk,omitempty"`
	// From is the volume whose content is being copied here.
	From string `json:"from,omitempty"`
	// Snapshots are earlier contents of a disk, by snapshot.
	Snapshots map[string]archive.Disk `json:"snapshots,omitempty"`
	// Image is what a backup holds.
	Image *archive.Image `json:"image,omitempty"`
}

func (v *volume) volid() string { return v.Storage + ":" + v.Name }

// taken is what the volume takes of its storage.
func (v *volume) taken() int64 {
	if v.Content != "images" || v.Disk == nil {
		return v.Size
	}
	used := v.Disk.Blocks.Used()
	newer := v.Disk.Blocks
	for _, s := range v.Snapshots {
		used += s.Blocks.Changed(newer)
	}
	return used
}

// volname is the parsed part of a volume ID behind the storage.
type volname struct {
	content string
	file    string
	vmid    int // owner; 0: none
	format  string
}

var (
	volidPattern  = regexp.MustCompile(`^(?i)([a-z][a-z0-9\-_.]*[a-z0-9]):(.+)$`)
	isoPattern    = regexp.MustCompile(`^iso/([^/]+(?i:\.(?:iso|img)))$`)
	tmplPattern   = regexp.MustCompile(`^vztmpl/([^/]+(?i:\.(?:tar|tar\.(?:gz|xz|zst|bz2))))$`)
	backupPattern = regexp.MustCompile(`^backup/([^/]+\.(tgz|(?:tar|vma)(?:\.(?:gz|lzo|zst|bz2))?))$`)
	importPattern = regexp.MustCompile(`^import/([a-zA-Z0-9\-_.+ =]+\.(ova|ovf|qcow2|raw|vmdk))$`)
	dirDisk       = regexp.MustCompile(`^(\d+)/((?:vm|base)-(\d+)-[^/\s]+|[^/\s]+)\.(raw|qcow2|vmdk)$`)
	thinDisk      = regexp.MustCompile(`^((?:vm|base)-(\d+)-\S+)$`)
	pbsPattern    = regexp.MustCompile(`^backup/([^\s_]+)/([^\s_]+)/([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)$`)
	dumpOwner     = regexp.MustCompile(`^vzdump-(openvz|lxc|qemu)-(\d+)-.+`)
)

// parseVolid splits a volume ID; ok is false for paths and the like.
func parseVolid(volid string) (storage, name string, ok bool) {
	m := volidPattern.FindStringSubmatch(volid)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// parseVolname understands a volume's name by the rules of its storage's type.
func (b *Box) parseVolname(volid string) (volname, error) {
	id, name, ok := parseVolid(volid)
	if !ok {
		return volname{}, failf("unable to parse volume ID '%s'", volid)
	}
	s, err := b.storageConfig(id)
	if err != nil {
		return volname{}, err
	}
	switch s.Type {
	case "pbs":
		if m := pbsPattern.FindStringSubmatch(name); m != nil {
			return volname{content: "backup", file: m[1] + "/" + m[2] + "/" + m[3], vmid: atoi(m[2]), format: "pbs-" + m[1]}, nil
		}
		return volname{}, failf("unable to parse PBS volume name '%s'", name)
	case "lvmthin":
		if m := thinDisk.FindStringSubmatch(name); m != nil {
			return volname{content: "images", file: m[1], vmid: atoi(m[2]), format: "raw"}, nil
		}
		return volname{}, failf("unable to parse lvm volume name '%s'", name)
	}
	return parseDirName(name)
}

func parseDirName(name string) (volname, error) {
	if m := dirDisk.FindStringSubmatch(name); m != nil {
		return volname{content: "images", file: name[strings.IndexByte(name, '/')+1:], vmid: atoi(m[1]), format: m[4]}, nil
	}
	if m := isoPattern.FindStringSubmatch(name); m != nil {
		return volname{content: "iso", file: m[1], format: "raw"}, nil
	}
	if m := tmplPattern.FindStringSubmatch(name); m != nil {
		return volname{content: "vztmpl", file: m[1], format: "raw"}, nil
	}
	if m := backupPattern.FindStringSubmatch(name); m != nil {
		out := volname{content: "backup", file: m[1], format: m[2]}
		if o := dumpOwner.FindStringSubmatch(m[1]); o != nil {
			out.vmid = atoi(o[2])
		}
		return out, nil
	}
	if file, ok := strings.CutPrefix(name, "snippets/"); ok && file != "" && !strings.Contains(file, "/") {
		return volname{content: "snippets", file: file, format: "raw"}, nil
	}
	if m := importPattern.FindStringSubmatch(name); m != nil {
		return volname{content: "import", file: m[1], format: m[2]}, nil
	}
	return volname{}, failf("unable to parse directory volume name '%s'", name)
}

// atoi reads digits that a pattern has matched; 0 for what is no number.
func atoi(digits string) int {
	n := 0
	for _, r := range digits {
		if r < '0' || r > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}

// volumePath is where a volume lies in the box's file system.
func (b *Box) volumePath(s *storage, n volname) string {
	switch s.Type {
	case "lvmthin":
		return "/dev/pve/" + n.file
	case "pbs":
		repo := s.Options["username"] + "@" + s.Options["server"] + ":" + s.Options["datastore"]
		path := "pbs://" + repo + "/" + n.file
		if ns := s.Options["namespace"]; ns != "" {
			path += "?ns=" + strings.ReplaceAll(ns, "/", "%2f")
		}
		return path
	}
	sub := map[string]string{"iso": "template/iso", "vztmpl": "template/cache", "backup": "dump", "import": "import", "snippets": "snippets", "images": "images"}[n.content]
	if n.content == "images" {
		sub += fmt.Sprintf("/%d", n.vmid)
	}
	return s.path() + "/" + sub + "/" + n.file
}

// putVolume stores a volume under its ID.
func (b *Box) putVolume(v *volume) { b.machine.Volumes[v.volid()] = v }

// volumesOf lists volumes that fit, by ID.
func (b *Box) volumesOf(fits func(*volume) bool) []*volume {
	var list []*volume
	for _, v := range b.machine.Volumes {
		if fits(v) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(x, y *volume) int {
		return strings.Compare(strings.ToLower(x.volid()), strings.ToLower(y.volid()))
	})
	return list
}

// allocate makes an empty disk for a VM and gives it the first free name.
func (b *Box) allocate(s *storage, vmid int, format string, size int64, now time.Time) (*volume, error) {
	if err := b.activate(s); err != nil {
		return nil, err
	}
	switch {
	case !s.holds("images"):
		return nil, failf("storage '%s' does not support content-type 'images'", s.ID)
	case s.Type == "lvmthin" && format == "":
		format = "raw"
	case s.Type == "lvmthin" && format != "raw":
		return nil, failf("unsupported format '%s'", format)
	case format == "":
		format = "raw"
	}
	for n := range 1000 {
		name := fmt.Sprintf("vm-%d-disk-%d", vmid, n)
		if s.Type == "dir" {
			name = fmt.Sprintf("%d/%s.%s", vmid, name, format)
		}
		if b.machine.Volumes[s.ID+":"+name] == nil {
			v := &volume{Storage: s.ID, Name: name, Content: "images", Format: format, VMID: vmid, Size: size, Made: now, Disk: &archive.Disk{Size: size}}
			b.putVolume(v)
			return v, nil
		}
	}
	return nil, failf("unable to allocate an image name for VM %d in storage '%s'", vmid, s.ID)
}

// free removes a volume of the box itself.
func (b *Box) free(v *volume) error {
	s, err := b.storageConfig(v.Storage)
	if err != nil {
		return err
	}
	if err := b.activate(s); err != nil {
		return err
	}
	if v.Protected {
		return failf("cannot remove protected volume '%s' on '%s'", v.Name, s.ID)
	}
	delete(b.machine.Volumes, v.volid())
	return nil
}

// rawGuest makes sure that an empty guest state is stored as absent.
func rawGuest(data json.RawMessage) json.RawMessage {
	if string(data) == "null" {
		return nil
	}
	return data
}
