package apispec

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
)

// What the server refuses and in which words; an empty want passes.
func TestValidatePVE(t *testing.T) {
	const unknown = "property is not defined in schema and the schema does not allow additional properties"
	for _, tc := range []struct {
		name, sig, form string
		want            map[string]string
	}{
		{"bare create", "POST /nodes/{node}/qemu", "node=pve&vmid=100", nil},
		{"no vmid", "POST /nodes/{node}/qemu", "node=pve", map[string]string{"vmid": "property is missing and it is not optional"}},
		{"unknown name", "POST /nodes/{node}/qemu", "node=pve&vmid=100&colour=red", map[string]string{"colour": unknown}},
		{"vmid too low", "POST /nodes/{node}/qemu", "node=pve&vmid=99", map[string]string{"vmid": "invalid format - value does not look like a valid VM ID\n"}},
		{"vmid no number", "POST /nodes/{node}/qemu", "node=pve&vmid=abc", map[string]string{"vmid": "type check ('integer') failed - got 'abc'"}},
		{"cores zero", "POST /nodes/{node}/qemu", "node=pve&vmid=100&cores=0", map[string]string{"cores": "value must have a minimum value of 1"}},
		{"boolean word", "POST /nodes/{node}/qemu", "node=pve&vmid=100&onboot=true", map[string]string{"onboot": "type check ('boolean') failed - got 'true'"}},
		{"boolean one", "POST /nodes/{node}/qemu", "node=pve&vmid=100&onboot=1", nil},
		{"enum", "POST /nodes/{node}/qemu", "node=pve&vmid=100&scsihw=fast", map[string]string{"scsihw": "value 'fast' does not have a value in the enumeration 'lsi, lsi53c810, virtio-scsi-pci, virtio-scsi-single, megasas, pvscsi'"}},
		{"semicolon splits", "POST /nodes/{node}/qemu", "node=pve&vmid=100&tags=a;b=c", map[string]string{"b": unknown}},
		{"tags escaped", "POST /nodes/{node}/qemu", "node=pve&vmid=100&tags=a%3Bb", nil},
		{"bad tag", "POST /nodes/{node}/qemu", "node=pve&vmid=100&tags=%C3%A9", map[string]string{"tags": "invalid format - invalid characters in tag\n"}},
		{"net0", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%2Cbridge%3Dvmbr0", nil},
		{"net0 with address", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%3DBC:24:11:00:00:01,bridge%3Dvmbr0", nil},
		{"second equals sign", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio,bridge=vmbr0",
			map[string]string{"net0": "invalid format - duplicate key in comma-separated list property: model\n"}},
		{"net31", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net31=virtio%2Cbridge%3Dvmbr0%2Clink_down%3Dyes", nil},
		{"net32", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net32=virtio", map[string]string{"net32": unknown}},
		{"net01", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net01=virtio", map[string]string{"net01": unknown}},
		{"net0 unknown key", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%2Ccolour%3Dred",
			map[string]string{"net0": "invalid format - invalid key in comma-separated list property: colour\n"}},
		{"net0 two models", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%2Ce1000",
			map[string]string{"net0": "invalid format - duplicate key in comma-separated list property: model\n"}},
		{"net0 no model", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=bridge%3Dvmbr0",
			map[string]string{"net0": "invalid format - format error\nnet0.model: property is missing and it is not optional\n"}},
		{"net0 multicast address", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%3D01:00:00:00:00:00",
			map[string]string{"net0": "invalid format - format error\nnet0.macaddr: invalid format - value does not look like a valid unicast MAC address\n\n"}},
		{"net0 tag", "POST /nodes/{node}/qemu", "node=pve&vmid=100&net0=virtio%2Ctag%3D4095",
			map[string]string{"net0": "invalid format - format error\nnet0.tag: value must have a maximum value of 4094\n"}},
		{"scsi0 import", "POST /nodes/{node}/qemu", "node=pve&vmid=100&scsi0=local-lvm:0%2Cimport-from%3Dlocal:import/x.qcow2%2Cdiscard%3Don%2Cssd%3D1%2Ciothread%3D1", nil},
		{"scsi0 no file", "POST /nodes/{node}/qemu", "node=pve&vmid=100&scsi0=discard%3Don",
			map[string]string{"scsi0": "invalid format - format error\nscsi0.file: property is missing and it is not optional\n"}},
		{"scsi0 nonsense", "POST /nodes/{node}/qemu", "node=pve&vmid=100&scsi0=nonsense",
			map[string]string{"scsi0": "invalid format - format error\nscsi0.file: invalid format - unable to parse volume ID 'nonsense'\n\n"}},
		{"scsi31", "POST /nodes/{node}/qemu", "node=pve&vmid=100&scsi31=local-lvm:8", map[string]string{"scsi31": unknown}},
		{"ide2 cdrom", "POST /nodes/{node}/qemu", "node=pve&vmid=100&ide2=none%2Cmedia%3Dcdrom", nil},
		{"agent", "POST /nodes/{node}/qemu", "node=pve&vmid=100&agent=enabled%3D1%2Cfstrim_cloned_disks%3D1", nil},
		{"agent default key", "POST /nodes/{node}/qemu", "node=pve&vmid=100&agent=1", nil},
		{"boot", "POST /nodes/{node}/qemu", "node=pve&vmid=100&boot=order%3Dscsi0%3Bnet0", nil},
		{"boot nonsense", "POST /nodes/{node}/qemu", "node=pve&vmid=100&boot=order%3Dsda",
			map[string]string{"boot": "invalid format - format error\nboot.order: invalid format - invalid boot device 'sda'\n\n"}},
		{"cpu host", "POST /nodes/{node}/qemu", "node=pve&vmid=100&cpu=host", nil},
		{"cpu unknown", "POST /nodes/{node}/qemu", "node=pve&vmid=100&cpu=z80",
			map[string]string{"cpu": "invalid format - Built-in cputype 'z80' is not defined (missing 'custom-' prefix?)\n"}},
		{"ipconfig needs ip", "POST /nodes/{node}/qemu", "node=pve&vmid=100&ipconfig0=gw%3D10.0.0.1",
			map[string]string{"ipconfig0": "invalid format - format error\nipconfig0.ip: missing property required by 'ipconfig0.gw'\n"}},
		{"startup", "POST /nodes/{node}/qemu", "node=pve&vmid=100&startup=order%3D1%2Cup%3D30", nil},
		{"serial0", "POST /nodes/{node}/qemu", "node=pve&vmid=100&serial0=socket&vga=serial0", nil},
		{"long name", "PUT /nodes/{node}/qemu/{vmid}/config", "node=pve&vmid=100&name=a_b", map[string]string{"name": "invalid format - value does not look like a valid DNS name\n"}},
		{"prune", "POST /cluster/backup", "storage=hdd&schedule=21:00&all=1&prune-backups=keep-last%3D3%2Ckeep-daily%3D7", nil},
		{"prune all and some", "POST /cluster/backup", "storage=hdd&schedule=21:00&all=1&prune-backups=keep-all%3D1%2Ckeep-daily%3D7",
			map[string]string{"prune-backups": "invalid format - keep-all cannot be set together with other options.\n"}},
		{"prune negative", "POST /cluster/backup", "storage=hdd&schedule=21:00&all=1&prune-backups=keep-last%3D-1",
			map[string]string{"prune-backups": "invalid format - format error\nprune-backups.keep-last: value must have a minimum value of 0\n"}},
		{"fleecing", "POST /cluster/backup", "storage=hdd&schedule=21:00&all=1&fleecing=enabled%3D1%2Cstorage%3Dlocal-lvm", nil},
		{"schedule nonsense", "POST /cluster/backup", "storage=hdd&schedule=25:00&all=1",
			map[string]string{"schedule": "invalid format - invalid calendar event '25:00' - unable to parse calendar event '25:00' - value '25' out of range (0..23)\n"}},
		{"schedule minute", "POST /cluster/backup", "storage=hdd&schedule=21&all=1", nil},
		{"schedule days", "POST /cluster/backup", "storage=hdd&schedule=mon..fri%2021:30&all=1", nil},
		{"token too short", "POST /access/users/{userid}/token/{tokenid}", "userid=a@pve&tokenid=x", map[string]string{"tokenid": "value does not match the regex pattern"}},
		{"token", "POST /access/users/{userid}/token/{tokenid}", "userid=a@pve&tokenid=xy&privsep=1", nil},
		{"user without realm", "POST /access/users", "userid=alice", map[string]string{"userid": "invalid format - value 'alice' does not look like a valid user name\n"}},
		{"empty mail", "POST /access/users", "userid=a@pve&email=", nil},
		{"bad mail", "POST /access/users", "userid=a@pve&email=x", map[string]string{"email": "invalid format - value does not look like a valid email address\n"}},
		{"agent exec", "POST /nodes/{node}/qemu/{vmid}/agent/exec", "node=pve&vmid=100&command=ls&command=-l", nil},
		{"agent exec one", "POST /nodes/{node}/qemu/{vmid}/agent/exec", "node=pve&vmid=100&command=ls", nil},
	} {
		for _, version := range []string{PVE84, PVE92} {
			t.Run(version+" "+tc.name, func(t *testing.T) {
				m := mustLoad(t, version).Method(tc.sig)
				if m == nil {
					t.Fatalf("no method %s", tc.sig)
				}
				_, err := m.Validate(Form(tc.form))
				got := map[string]string{}
				var invalid *Invalid
				if errors.As(err, &invalid) {
					got = invalid.Errors
				}
				if !maps.Equal(got, tc.want) {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		}
	}
}

// What one version knows and the other does not.
func TestVersionsDiffer(t *testing.T) {
	for _, tc := range []struct{ version, form, want string }{
		{PVE84, "cpu=host%2Cguest-phys-bits%3D40", "invalid format - invalid key in comma-separated list property: guest-phys-bits\n"},
		{PVE92, "cpu=host%2Cguest-phys-bits%3D40", ""},
		{PVE84, "hostpci0=mapping%3Dx1%2Cdriver%3Dkeep", "invalid format - invalid key in comma-separated list property: driver\n"},
		{PVE92, "hostpci0=mapping%3Dx1%2Cdriver%3Dkeep", ""},
		{PVE84, "intel-tdx=tdx%2Cattestation%3D1", "property is not defined in schema and the schema does not allow additional properties"},
		{PVE92, "intel-tdx=tdx%2Cattestation%3D1", ""},
	} {
		m := mustLoad(t, tc.version).Method("POST /nodes/{node}/qemu")
		_, err := m.Validate(Form("node=pve&vmid=100&" + tc.form))
		name, _, _ := strings.Cut(tc.form, "=")
		got := ""
		var invalid *Invalid
		if errors.As(err, &invalid) {
			got = invalid.Errors[name]
		}
		if got != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.version, tc.form, got, tc.want)
		}
	}
}

func TestValidateJSON(t *testing.T) {
	m := mustLoad(t, PVE92).Method("POST /nodes/{node}/qemu")
	p, err := m.Validate(map[string]any{"node": "pve", "vmid": json.Number("100"), "onboot": true, "cores": "2", "protection": false})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"node": "pve", "vmid": "100", "onboot": "1", "cores": "2", "protection": "0"}
	if !maps.Equal(p.All(), want) {
		t.Errorf("got %v, want %v", p.All(), want)
	}
	if !p.Bool("onboot") || p.Int("vmid") != 100 || p.Has("memory") || p.IntOr("memory", 512) != 512 {
		t.Error("parameters do not read back")
	}
}

func TestValidatePBS(t *testing.T) {
	for _, tc := range []struct{ name, sig, form, want string }{
		{"list", "GET /admin/datastore/{store}/snapshots", "store=main&ns=a/b", ""},
		{"bad ns", "GET /admin/datastore/{store}/snapshots", "store=main&ns=a//b", "parameter verification failed - 'ns': value does not match the regex pattern"},
		{"unknown", "GET /admin/datastore/{store}/snapshots", "store=main&colour=red", "parameter verification failed - 'colour': schema does not allow additional properties."},
		{"missing", "POST /admin/datastore/{store}/prune", "store=main&backup-type=vm", "parameter verification failed - 'backup-id': parameter is missing and it is not optional."},
		{"boolean word", "POST /admin/datastore/{store}/prune", "store=main&backup-type=vm&backup-id=100&dry-run=true", ""},
		{"enum", "POST /admin/datastore/{store}/prune", "store=main&backup-type=disk&backup-id=100", "parameter verification failed - 'backup-type': value 'disk' is not defined in the enumeration."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := mustLoad(t, PBS).Method(tc.sig)
			if m == nil {
				t.Fatalf("no method %s", tc.sig)
			}
			got := ""
			_, err := m.ValidatePBS(Form(tc.form))
			var invalid *Invalid
			if errors.As(err, &invalid) {
				got = invalid.PBSText()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheckReturn(t *testing.T) {
	spec := mustLoad(t, PVE92)
	if got := CheckReturn(spec, "GET", "/version", []byte(`{"release":"9.1","repoid":"42db4a6cf33dac83","version":"9.1.1"}`)); got != nil {
		t.Errorf("good answer refused: %q", got)
	}
	if got := CheckReturn(spec, "GET", "/version", []byte(`{"release":"9.1","repoid":"xyz"}`)); len(got) != 2 {
		t.Errorf("want two faults, got %q", got)
	}
}

func BenchmarkValidate(b *testing.B) {
	m := mustLoad(b, PVE92).Method("POST /nodes/{node}/qemu")
	form := Form("node=pve&vmid=100&name=web&cores=2&memory=4096&net0=virtio%2Cbridge%3Dvmbr0&scsi0=local-lvm:0%2Cimport-from%3Dlocal:import/x.qcow2%2Cdiscard%3Don&agent=1")
	for b.Loop() {
		if _, err := m.Validate(form); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	packed, err := Table(PVE92)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		text, err := Unpack(packed)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := parse(PVE92, text); err != nil {
			b.Fatal(err)
		}
	}
}
