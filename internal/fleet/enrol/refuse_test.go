package enrol_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
)

// failing breaks one call of a box for good, before it gets there.
func failing(method, path string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == method && strings.HasSuffix(r.URL.Path, path) {
				return &http.Response{StatusCode: 500, Status: "500 pmxcfs is read-only", Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return next.RoundTrip(r)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Every refusal names the box, says what is wrong with the figures, and changes nothing.
func TestRefusals(t *testing.T) {
	hdd := simpve.EmptyHDD(2 << 40)
	second := hdd
	second.DevPath, second.Serial = "/dev/sdc", "SECOND-1"
	for name, c := range map[string]struct {
		version string
		box     fleettest.Option
		in      func(*enrol.Input)
		login   func(*fleettest.Bench) fleet.Login
		says    []string
	}{
		"PVE 7":     {version: "7.4", says: []string{"Proxmox VE 7.4", "too old", "8.4 or 9"}},
		"two nodes": {box: func(c *simpve.Config) { c.OtherNodes = []string{"pve2"} }, says: []string{"cluster of 2 nodes", "pve2"}},
		"no HDD":    {box: func(c *simpve.Config) { c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30)} }, says: []string{"no HDD", "serial S4EMNX0R104217"}},
		"no SSD":    {box: func(c *simpve.Config) { c.Disks = []simpve.HostDisk{hdd} }, says: []string{"no SSD"}},
		"two HDDs":  {box: func(c *simpve.Config) { c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), hdd, second} }, says: []string{"2 HDDs", "--hdd SERIAL", "SECOND-1"}},
		"HDD with data": {box: func(c *simpve.Config) {
			c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
		},
			says: []string{"has data on its HDD", "partitions", "--wipe-disk WD-WCC4M0HXC1ZK"}},
		"wiping with a token": {box: func(c *simpve.Config) {
			c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
		},
			in: func(in *enrol.Input) { in.WipeDisk = "WD-WCC4M0HXC1ZK" }, says: []string{"Proxmox allows to no token", "root's password"}},
		"wiping another disk": {box: func(c *simpve.Config) {
			c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
		},
			in: func(in *enrol.Input) { in.WipeDisk = "OTHER" }, says: []string{`serial number "OTHER"`}},
		"HDD below one full backup": {box: func(c *simpve.Config) {
			c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.EmptyHDD(160 << 30)}
		},
			says: []string{"smaller than one full backup", "160 GiB"}},
		"no space":        {box: func(c *simpve.Config) { c.Disks = []simpve.HostDisk{simpve.SystemSSD(120 << 30), hdd} }, in: func(in *enrol.Input) { in.PlannedDisk = 300 << 30 }, says: []string{"local-lvm", "a server needs 300 GiB"}},
		"wrong time zone": {box: func(c *simpve.Config) { c.Zone = "America/New_York" }, says: []string{"America/New_York", "site lorient keeps Europe/Paris", "timedatectl"}},
		"wrong clock":     {box: func(c *simpve.Config) { c.ClockOffset = 3 * time.Minute }, says: []string{"3m0s off"}},
		"wrong password":  {login: func(*fleettest.Bench) fleet.Login { return fleet.Login{User: "root@pam", Secret: secret.New("guess")} }, says: []string{"kiosk", "authentication failure"}},
		"wrong fingerprint": {in: func(in *enrol.Input) { in.Fingerprint = strings.Repeat("AB:", 31) + "AB" },
			says: []string{"not " + strings.Repeat("AB:", 31) + "AB as pinned", "BOXPRINT"}},
		"bad name":              {in: func(in *enrol.Input) { in.Name = "Kiosk!" }, says: []string{`"Kiosk!"`, "lower-case"}},
		"bad fingerprint":       {in: func(in *enrol.Input) { in.Fingerprint = "AB:CD" }, says: []string{`"AB:CD"`, "32 hex pairs"}},
		"bad url":               {in: func(in *enrol.Input) { in.URL = "http://kiosk" }, says: []string{`"http://kiosk"`, "https://HOST:8006"}},
		"unknown site":          {in: func(in *enrol.Input) { in.Site = "brest" }, says: []string{`no site "brest"`}},
		"unknown vault":         {in: func(in *enrol.Input) { in.Vault = "none" }, says: []string{`no vault "none"`}},
		"unknown VM storage":    {in: func(in *enrol.Input) { in.VMStorage = "nvme" }, says: []string{`"nvme"`, "--vm-storage"}},
		"repair of the unknown": {in: func(in *enrol.Input) { in.Repair = true }, says: []string{"not known", "without --repair"}},
	} {
		t.Run(name, func(t *testing.T) {
			version := c.version
			if version == "" {
				version = "9.2"
			}
			var opts []fleettest.Option
			if c.box != nil {
				opts = append(opts, c.box)
			}
			b := fleettest.New(t, version, opts...)
			in := b.Input()
			if c.in != nil {
				c.in(&in)
			}
			login := b.Token()
			if c.login != nil {
				login = c.login(b)
			}
			_, _, err := b.Enrol.Start(t.Context(), in, login, "anne", "test")
			if err == nil {
				t.Fatal("it was not refused")
			}
			for _, want := range c.says {
				want = strings.ReplaceAll(want, "BOXPRINT", b.BoxPrint)
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the refusal does not say %q:\n%v", want, err)
				}
			}
			if n := b.Wire.Changes() + b.VaultWire.Changes(); n != 0 {
				t.Errorf("%d changes were made", n)
			}
			if boxes, err := b.Registry.Boxes(); err != nil || len(boxes) != 0 {
				t.Errorf("stored %v (%v)", boxes, err)
			}
		})
	}
}

func TestAnotherName(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	b.Enrolled()
	in := b.Input()
	in.Name = "annex"
	_, _, err := b.Enrol.Start(t.Context(), in, b.Password(), "anne", "test")
	if err == nil || !strings.Contains(err.Error(), "box annex is enrolled already, as kiosk") {
		t.Errorf("got %v", err)
	}
}

// A missing subscription is no reason, and an HDD too small for the retention a warning with figures.
func TestWarnings(t *testing.T) {
	b := fleettest.New(t, "9.2", func(c *simpve.Config) {
		c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.EmptyHDD(500 << 30)}
	})
	plan, err := b.Enrol.Plan(t.Context(), b.Input(), b.Token())
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "27 backups of a 64 GiB disk, halved by compression, come to 864 GiB") || !strings.Contains(plan.Warnings[0], "500 GiB") {
		t.Errorf("warnings %q", plan.Warnings)
	}
}

// With its serial number and root's password, a disk with data is wiped and used.
func TestWipe(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		in := b.Input()
		in.WipeDisk = "WD-WCC4M0HXC1ZK"
		op, plan, err := b.Enrol.Start(t.Context(), in, b.Password(), "anne", "test")
		if err != nil {
			t.Fatal(err)
		}
		if plan.Wipes == nil || plan.Wipes.Serial != in.WipeDisk {
			t.Errorf("the plan does not say what it wipes: %+v", plan)
		}
		if op = b.Wait(op.ID); op.State != operation.Done {
			t.Fatalf("enrolment %s: %+v", op.State, op.Problem)
		}
		if n := b.Wire.Count("PUT /nodes/{node}/disks/wipedisk"); n != 1 {
			t.Errorf("wiped %d times", n)
		}
	}, func(c *simpve.Config) {
		c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
	})
}
