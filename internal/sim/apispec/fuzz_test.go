package apispec

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a client sends, a form is read and checked without a panic, and what
// passes reads back as it was checked.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"node=pve&vmid=100&net0=virtio%3DBC:24:11:00:00:01%2Cbridge%3Dvmbr0", "a;b=c&&=x&%zz=%4", "scsi0=local-lvm:8%2Cdiscard%3Don", "vmid=1&vmid=2",
		"agent=enabled%3D1%2Ctype%3Dvirtio", "boot=order%3Dscsi0%3Bnet0", "cpu=host%2Cflags%3D%2Baes", "ipconfig0=ip%3Ddhcp", "startup=order%3D1",
	} {
		f.Add(seed)
	}
	spec := mustLoad(f, PVE92)
	m := spec.Method("POST /nodes/{node}/qemu")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := m.Validate(Form(text))
		var invalid *Invalid
		if err != nil {
			if !errors.As(err, &invalid) || len(invalid.Errors) == 0 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		for _, name := range p.Names() {
			if s, ok := m.PairSchema(name); ok {
				if _, err := pairs(s, p.Str(name)); err != nil {
					t.Errorf("%s=%q passed, and does not read: %v", name, p.Str(name), err)
				}
			}
			if v := p.Str(name); name == "vmid" && (p.Int(name) < 100 || strings.TrimLeft(v, "0123456789\n") != "") {
				t.Errorf("vmid %q passed", v)
			}
		}
	})
}

// What a Proxmox Backup Server is sent is checked without a panic.
func FuzzPBS(f *testing.F) {
	for _, seed := range []string{"store=main&ns=a/b", "backup-time=x&dry-run=maybe", "ns=//&ns=b"} {
		f.Add(seed)
	}
	spec := mustLoad(f, PBS)
	f.Fuzz(func(t *testing.T, text string) {
		for _, sig := range []string{"POST /admin/datastore/{store}/prune", "PUT /access/acl", "POST /config/prune"} {
			if _, err := spec.Method(sig).ValidatePBS(Form(text)); err != nil {
				var invalid *Invalid
				if !errors.As(err, &invalid) || invalid.PBSText() == "" {
					t.Fatalf("%q: %v", text, err)
				}
			}
		}
	})
}
