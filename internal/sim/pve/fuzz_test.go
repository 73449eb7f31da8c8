package pve

import (
	"regexp"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

func FuzzUPID(f *testing.F) {
	for _, a := range sharedtest.Answers(f, "pve-9.2.4") {
		for _, upid := range regexp.MustCompile(`UPID:[^"\s]+`).FindAllString(a.Body, -1) {
			f.Add(upid)
		}
	}
	f.Add("UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:root@pam!sdk:")
	f.Add("UPID:pve:00086DA5:00B7AA7A:6A4C5684:imgcopy::root@pam!sdk:")
	f.Fuzz(func(t *testing.T, text string) {
		u, ok := parseUPID(text)
		if !ok {
			return
		}
		if again, ok := parseUPID(u.String()); !ok || again != u {
			t.Errorf("%q reads as %+v, printed as %s", text, u, u)
		}
	})
}

func FuzzProps(f *testing.F) {
	for _, a := range sharedtest.Answers(f, "pve-9.2.4") {
		for _, m := range regexp.MustCompile(`"(?:net|scsi|ide|agent|boot|prune-backups)\d*": *"([^"]+)"`).FindAllStringSubmatch(a.Body, -1) {
			f.Add(m[1], "file")
		}
	}
	f.Add("local-lvm:vm-100-disk-0,discard=on,size=32G", "file")
	f.Add("virtio=BC:24:11:00:00:01,bridge=vmbr0", "model")
	f.Add("enabled=1,storage=local-lvm", "enabled")
	f.Fuzz(func(t *testing.T, text, def string) {
		once := parseProps(text, def).String()
		if twice := parseProps(once, def).String(); once != twice {
			t.Errorf("%q, %q: %q, then %q", text, def, once, twice)
		}
	})
}

func FuzzVolumes(f *testing.F) {
	for _, seed := range []string{
		"local:iso/x.iso", "hdd:backup/vzdump-qemu-100-2026_11_23-01_00_00.vma.zst", "local-lvm:vm-100-disk-0",
		"vault:backup/vm/100/2026-11-23T01:00:00Z", "accolade:import/a.qcow2", "local:100/vm-100-disk-0.qcow2", "local:snippets/a",
	} {
		f.Add(seed)
	}
	b := &Box{machine: machine{Storages: map[string]*storage{
		"local": {ID: "local", Type: "dir"}, "hdd": {ID: "hdd", Type: "dir"}, "accolade": {ID: "accolade", Type: "dir"},
		"local-lvm": {ID: "local-lvm", Type: "lvmthin"}, "vault": {ID: "vault", Type: "pbs"},
	}}}
	f.Fuzz(func(t *testing.T, volid string) {
		n, err := b.parseVolname(volid)
		if err == nil && (n.content == "" || n.file == "") {
			t.Errorf("%q reads as %+v", volid, n)
		}
	})
}

func FuzzImage(f *testing.F) {
	f.Add("qcow2", CloudImage(3<<30, 1<<30, 300<<20))
	f.Add("raw", []byte("data"))
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		image, err := readImage(format, data)
		if err == nil && image.Used > image.Virtual {
			t.Errorf("%s: %+v", format, image)
		}
	})
}
