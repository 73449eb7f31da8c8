package guest

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const image = "debian-12-genericcloud-amd64-20250814-2204.qcow2"

func hardware() Hardware {
	return Hardware{NICs: []NIC{{MAC: "BC:24:11:2E:C5:01"}}, Memory: 4 << 30, Cores: 2, DiskBytes: 32 << 30, AgentPort: true, Seed: 7}
}

const metaData = "instance-id: op-1\nlocal-hostname: archi\n"

const userDataUsual = `#cloud-config
hostname: archi
fqdn: archi.example.org
locale: fr_FR.UTF-8
timezone: Europe/Paris
ssh_pwauth: false
package_update: true
packages:
  - qemu-guest-agent
  - curl
runcmd:
  - [systemctl, start, qemu-guest-agent]
`

// iso is a NoCloud image with the given label and files.
func iso(t *testing.T, label string, files map[string]string, options iso9660.FinalizeOptions) []byte {
	t.Helper()
	folder := t.TempDir()
	target, err := os.Create(filepath.Join(t.TempDir(), "seed.iso"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	fsys, err := iso9660.Create(testDisk{target}, 0, 0, 2048, folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options.VolumeIdentifier = label
	if err := fsys.Finalize(options); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(target.Name())
	if err != nil {
		t.Fatal(err)
	}
	return append(data, make([]byte, (2048-len(data)%2048)%2048)...)
}

type testDisk struct{ *os.File }

func (d testDisk) Sys() (*os.File, error)                  { return d.File, nil }
func (d testDisk) Writable() (backend.WritableFile, error) { return d.File, nil }
func (d testDisk) Path() string                            { return d.Name() }

var (
	_ io.ReaderAt = testDisk{}
	_ fs.File     = testDisk{}
)

func seedOf(t *testing.T, userData string, network ...string) *Seed {
	t.Helper()
	s := &Seed{Label: "cidata", UserData: []byte(userData), MetaData: []byte(metaData), HasUserData: true, HasMetaData: true}
	if len(network) > 0 {
		s.NetworkConfig = []byte(network[0])
	}
	return s
}

// run lets a guest go on for d, and reads it back from JSON on the way at every
// event, as a saved state would be.
func run(t *testing.T, g *Guest, d time.Duration) *Guest {
	t.Helper()
	end := g.Now.Add(d)
	for {
		g = again(t, g)
		next := g.NextEvent()
		if next.IsZero() || next.After(end) {
			break
		}
		g.Advance(next)
	}
	g.Advance(end)
	return g
}

// again writes a guest and its disk as JSON and reads them back.
func again(t *testing.T, g *Guest) *Guest {
	t.Helper()
	rawDisk, err := json.Marshal(g.Disk())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := LoadDisk(rawDisk)
	if err != nil {
		t.Fatal(err)
	}
	back := new(Guest)
	if err := json.Unmarshal(raw, back); err != nil {
		t.Fatal(err)
	}
	back.Attach(disk)
	return back
}

// exec runs a command through the agent to its end.
func exec(t *testing.T, g *Guest, input string, argv ...string) (*Guest, Status) {
	t.Helper()
	pid, err := g.Exec(g.Now, argv, []byte(input))
	if err != nil {
		t.Fatalf("exec %q: %v", argv, err)
	}
	for range 10000 {
		st, err := g.ExecStatus(pid)
		if err != nil {
			t.Fatalf("status of %q: %v", argv, err)
		}
		if st.Exited {
			return g, st
		}
		next := g.NextEvent()
		if next.IsZero() {
			t.Fatalf("%q waits for nothing", argv)
		}
		g = again(t, g)
		g.Advance(next)
	}
	t.Fatalf("%q does not end", argv)
	return nil, Status{}
}

// booted is a server after its first boot.
func booted(t *testing.T) *Guest {
	t.Helper()
	g := Boot(NewDisk(image), seedOf(t, userDataUsual), hardware(), noon)
	return run(t, g, 5*time.Minute)
}

// withYunoHost is a server on which YunoHost is installed and post-installed.
func withYunoHost(t *testing.T) *Guest {
	t.Helper()
	g := booted(t)
	g, st := exec(t, g, "", "/bin/sh", "-c", "curl -fsSL https://install.yunohost.org | bash -s -- -a")
	if st.ExitCode != 0 {
		t.Fatalf("installer: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	g, st = exec(t, g, "", "yunohost", "tools", "postinstall", "--domain", "archi.example.org", "--username", "camille", "--fullname", "Camille Le Goff",
		"--password", "Kouign-Amann-56100-Lorient", "--ignore-dyndns", "--i-have-read-terms-of-services", "--output-as", "json")
	if st.ExitCode != 0 {
		t.Fatalf("postinstall: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	return g
}

func TestReadSeed(t *testing.T) {
	files := map[string]string{"user-data": userDataUsual, "meta-data": metaData, "network-config": "version: 2\n"}
	for name, c := range map[string]struct {
		label   string
		options iso9660.FinalizeOptions
		files   map[string]string
		taken   bool
	}{
		"rock ridge":   {"cidata", iso9660.FinalizeOptions{RockRidge: true}, files, true},
		"upper case":   {"CIDATA", iso9660.FinalizeOptions{RockRidge: true}, files, true},
		"joliet":       {"CIDATA", iso9660.FinalizeOptions{Joliet: true}, files, true},
		"padded label": {"cidata                          ", iso9660.FinalizeOptions{RockRidge: true}, files, true},
		"other label":  {"seed", iso9660.FinalizeOptions{RockRidge: true}, files, false},
		"no meta-data": {"cidata", iso9660.FinalizeOptions{RockRidge: true}, map[string]string{"user-data": userDataUsual}, false},
		"mixed case":   {"CiData", iso9660.FinalizeOptions{RockRidge: true}, files, false},
		"another name": {"cidata", iso9660.FinalizeOptions{RockRidge: true}, map[string]string{"userdata": userDataUsual, "meta-data": metaData}, false},
	} {
		t.Run(name, func(t *testing.T) {
			seed, err := ReadSeed(iso(t, c.label, c.files, c.options))
			if err != nil {
				t.Fatal(err)
			}
			if seed.NoCloud() != c.taken {
				t.Errorf("taken for a seed: %v, want %v (label %q)", seed.NoCloud(), c.taken, seed.Label)
			}
			if c.taken && (string(seed.UserData) != userDataUsual || string(seed.MetaData) != metaData) {
				t.Errorf("user-data %q, meta-data %q", seed.UserData, seed.MetaData)
			}
		})
	}
	if _, err := ReadSeed([]byte("no image")); err == nil {
		t.Error("eight bytes are read as an image")
	}
	if _, err := ReadSeed(make([]byte, 1<<20)); err == nil {
		t.Error("zeros are read as an image")
	}
}

func FuzzReadSeed(f *testing.F) {
	f.Add([]byte("no image"))
	f.Add(bytes.Repeat([]byte{1, 'C', 'D', '0', '0', '1'}, 8000))
	f.Fuzz(func(t *testing.T, data []byte) {
		if seed, err := ReadSeed(data); err == nil && seed == nil {
			t.Error("neither a seed nor an error")
		}
	})
}

func TestFirstBoot(t *testing.T) {
	g := Boot(NewDisk(image), seedOf(t, userDataUsual), hardware(), noon)
	if g.AgentUp() {
		t.Fatal("the agent answers before it is installed")
	}
	g = run(t, g, 20*time.Second)
	if g.AgentUp() {
		t.Fatal("the agent answers before cloud-init could install it")
	}
	g = run(t, g, 2*time.Minute)
	if !g.AgentUp() {
		t.Fatalf("no agent after two minutes: %+v", g.Disk().CloudInit)
	}
	g, st := exec(t, g, "", "cloud-init", "status", "--wait", "--format", "json")
	var status struct {
		Status, Datasource string
		Errors             []string
	}
	if err := json.Unmarshal(st.Out, &status); err != nil {
		t.Fatalf("%v: %s", err, st.Out)
	}
	if st.ExitCode != 0 || status.Status != "done" || status.Datasource != "nocloud" || len(status.Errors) > 0 {
		t.Errorf("exit %d, %+v", st.ExitCode, status)
	}
	if d := g.Disk(); d.Hostname != "archi" || d.FQDN != "archi.example.org" || d.Timezone != "Europe/Paris" || d.RootBytes != 32<<30 || d.CloudInit.InstanceID != "op-1" {
		t.Errorf("disk: %s %s %s %d %+v", d.Hostname, d.FQDN, d.Timezone, d.RootBytes, d.CloudInit)
	}
	if is := g.Interfaces(); len(is) != 2 || len(is[1].Addresses) != 1 || is[1].MAC != "bc:24:11:2e:c5:01" || is[1].Name != "ens18" {
		t.Errorf("interfaces %+v", is)
	}
	if g.Disk().Written < 200<<20 {
		t.Errorf("wrote %d bytes", g.Disk().Written)
	}
}

// TestStatusWaits has status --wait asked in the middle of a boot.
func TestStatusWaits(t *testing.T) {
	g := Boot(NewDisk(image), seedOf(t, userDataUsual+"  - sleep 300\n"), hardware(), noon)
	for !g.AgentUp() {
		g = run(t, g, 10*time.Second)
	}
	asked := g.Now
	g, st := exec(t, g, "", "cloud-init", "status", "--format=json")
	if !strings.Contains(string(st.Out), `"status": "running"`) {
		t.Errorf("in the middle of the boot: %s", st.Out)
	}
	g, st = exec(t, g, "", "cloud-init", "status", "--wait")
	if string(st.Out) != "status: done\n" || g.Now.Sub(asked) < 4*time.Minute {
		t.Errorf("waited %s: %s", g.Now.Sub(asked), st.Out)
	}
}

// TestSeedsThatFail lists what goes wrong in a first boot, and how it shows.
func TestSeedsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		seed  *Seed
		agent bool
		says  string
	}{
		"no image":          {nil, false, ""},
		"broken YAML":       {seedOf(t, "#cloud-config\npackages: [qemu-guest-agent\n  x: : y\n"), false, ""},
		"not cloud-config":  {seedOf(t, "packages: [qemu-guest-agent]\n"), false, ""},
		"wrong label":       {&Seed{Label: "seed", UserData: []byte(userDataUsual), MetaData: []byte(metaData), HasUserData: true, HasMetaData: true}, false, ""},
		"unknown key":       {seedOf(t, userDataUsual+"bananas: true\n"), true, "key 'bananas'"},
		"unknown sub key":   {seedOf(t, userDataUsual+"chpasswd: {bananas: 1}\n"), true, "key 'chpasswd.bananas'"},
		"unknown command":   {seedOf(t, userDataUsual+"  - frobnicate --now\n"), true, "command 'frobnicate'"},
		"unknown package":   {seedOf(t, strings.Replace(userDataUsual, "- curl", "- bananas", 1)), true, "package 'bananas'"},
		"failing command":   {seedOf(t, userDataUsual+"  - \"false\"\n"), true, "scripts_user"},
		"wrong time zone":   {seedOf(t, strings.Replace(userDataUsual, "Europe/Paris", "Europe/Lorient", 1)), true, "Invalid timezone Europe/Lorient"},
		"bad mode":          {seedOf(t, userDataUsual+"write_files: [{path: /x, permissions: rw}]\n"), true, "permissions rw"},
		"a script":          {seedOf(t, "#!/bin/sh\necho\n"), false, ""},
		"a card not there":  {seedOf(t, userDataUsual, "version: 2\nethernets: {eth0: {dhcp4: true}}\n"), false, ""},
		"gateway elsewhere": {seedOf(t, userDataUsual, "version: 2\nethernets: {ens18: {addresses: [192.168.1.20/24], gateway4: 10.0.0.1}}\n"), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := run(t, Boot(NewDisk(image), c.seed, hardware(), noon), 15*time.Minute)
			if g.AgentUp() != c.agent {
				t.Fatalf("agent up: %v, want %v; %+v", g.AgentUp(), c.agent, g.Disk().CloudInit)
			}
			if !c.agent {
				return
			}
			_, st := exec(t, g, "", "cloud-init", "status", "--wait", "--format", "json")
			if st.ExitCode != 1 || !strings.Contains(string(st.Out), c.says) || !strings.Contains(string(st.Out), `"status": "error"`) {
				t.Errorf("exit %d, want 1 and %q: %s", st.ExitCode, c.says, st.Out)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		disk  *Disk
		fail  string
		power Power
	}{
		"kernel":     {NewDisk(image), failKernel, Dead},
		"agent":      {NewDisk(image), FailAgent, Running},
		"no system":  {NewDisk("windows.qcow2"), "", Dead},
		"blank disk": {new(Disk), "", Dead},
	} {
		hw := hardware()
		hw.Fail = c.fail
		g := run(t, Boot(c.disk, seedOf(t, userDataUsual), hw, noon), 10*time.Minute)
		if g.AgentUp() || g.Power() != c.power {
			t.Errorf("%s: power %s, agent %v", name, g.Power(), g.AgentUp())
		}
	}
	g := booted(t)
	hw := g.Hardware
	hw.AgentPort = false
	g.SetHardware(hw)
	if g.AgentUp() {
		t.Error("the agent answers without its channel")
	}
}

func TestCloudConfigModules(t *testing.T) {
	g := Boot(NewDisk(image), seedOf(t, userDataUsual+`bootcmd:
  - echo early > /var/log/early
users:
  - default
  - name: tech
    groups: [sudo, adm]
    shell: /bin/bash
    ssh_authorized_keys: [ssh-ed25519 AAAA tech]
chpasswd: {expire: false, users: [{name: tech, password: x, type: text}]}
write_files:
  - path: /etc/accolade/site
    content: Lorient
    permissions: "0600"
    owner: tech:tech
  - path: /opt/hello.sh
    encoding: b64
    content: IyEvYmluL3NoCmVjaG8gIkhlbGxvICQxIgo=
    permissions: "0755"
ntp: {enabled: true}
swap: {filename: /swapfile, size: 512M}
manage_etc_hosts: true
final_message: up after $UPTIME
`+"  "), hardware(), noon)
	g = run(t, g, 5*time.Minute)
	if ci := g.Disk().CloudInit; ci.Result != "done" {
		t.Fatalf("%+v", ci)
	}
	g, st := exec(t, g, "", "/opt/hello.sh", "Camille")
	if string(st.Out) != "Hello Camille\n" {
		t.Errorf("script: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	g, st = exec(t, g, "", "sh", "-c", "stat -c '%a %U' /etc/accolade/site; cat /etc/accolade/site /var/log/early; id -u tech; grep -c archi /etc/hosts; tail -n 1 /var/log/cloud-init-output.log")
	if got := string(st.Out); !strings.HasPrefix(got, "600 tech\nLorientearly\n1001\n1\nup after ") {
		t.Errorf("%s%s", got, st.Err)
	}
	if u := g.Disk().Users["tech"]; len(u.Groups) != 2 || len(u.Keys) != 1 {
		t.Errorf("tech: %+v", u)
	}
}

// TestLaterBoots has cloud-init act once per instance.
func TestLaterBoots(t *testing.T) {
	g := booted(t)
	before := len(g.Disk().Files)
	g.Disk().Hostname = "renamed"
	g.Shutdown(g.Now)
	g = run(t, g, time.Minute)
	if g.Power() != Off || g.AgentUp() {
		t.Fatalf("power %s", g.Power())
	}
	// The seed is still there: the same instance does nothing but its network.
	second := run(t, Boot(g.Disk(), g.Seed, hardware(), g.Now), time.Minute)
	if second.Disk().Hostname != "renamed" || second.Disk().CloudInit.Result != "done" || !second.AgentUp() {
		t.Errorf("same instance: %s, %+v", second.Disk().Hostname, second.Disk().CloudInit)
	}
	// The seed is gone: cloud-init is disabled, the network stays as it was.
	second.SetSeed(nil)
	second.Reboot(second.Now)
	second = run(t, second, time.Minute)
	if !second.AgentUp() || !second.Online() || second.Disk().CloudInit.Result != "disabled" {
		t.Errorf("without a seed: agent %v, online %v, %+v", second.AgentUp(), second.Online(), second.Disk().CloudInit)
	}
	if len(second.Disk().Files) != before {
		t.Errorf("%d files, were %d", len(second.Disk().Files), before)
	}
	// Another instance: the first boot again.
	seed := seedOf(t, userDataUsual)
	seed.MetaData = []byte("instance-id: op-2\n")
	second.SetSeed(seed)
	second.Reboot(second.Now)
	second = run(t, second, 5*time.Minute)
	if second.Disk().Hostname != "archi" {
		t.Errorf("new instance: %s", second.Disk().Hostname)
	}
}

func TestStaticNetwork(t *testing.T) {
	for name, config := range map[string]string{
		"version 2": "version: 2\nethernets:\n  lan:\n    match: {name: \"en*\"}\n    addresses: [10.1.2.3/24]\n    routes: [{to: default, via: 10.1.2.1}]\n    nameservers: {addresses: [9.9.9.9]}\n",
		"by MAC":    "network:\n  version: 2\n  ethernets:\n    eth0:\n      match: {macaddress: \"bc:24:11:2e:c5:01\"}\n      set-name: eth0\n      addresses: [10.1.2.3/24]\n      gateway4: 10.1.2.1\n",
		"version 1": "version: 1\nconfig:\n  - {type: physical, name: ens18, subnets: [{type: static, address: 10.1.2.3, netmask: 255.255.255.0, gateway: 10.1.2.1}]}\n  - {type: nameserver, address: [9.9.9.9]}\n",
	} {
		g := run(t, Boot(NewDisk(image), seedOf(t, userDataUsual, config), hardware(), noon), 5*time.Minute)
		if !g.AgentUp() || g.Interfaces()[1].Addresses[0].String() != "10.1.2.3/24" {
			t.Errorf("%s: agent %v, %+v", name, g.AgentUp(), g.Interfaces())
		}
	}
}

// TestNoLink is a drill: the cable is not plugged, the system comes up all the same.
func TestNoLink(t *testing.T) {
	disk := booted(t).Disk()
	hw := hardware()
	hw.NICs[0].LinkDown = true
	g := run(t, Boot(disk, nil, hw, noon.Add(time.Hour)), 2*time.Minute)
	if !g.AgentUp() || g.Online() || len(g.Interfaces()[1].Addresses) != 0 {
		t.Errorf("agent %v, online %v, %+v", g.AgentUp(), g.Online(), g.Interfaces())
	}
}

func TestFreeze(t *testing.T) {
	g := booted(t)
	if n, err := g.Freeze(g.Now); n != 1 || err != nil || !g.Frozen() {
		t.Errorf("freeze: %d %v", n, err)
	}
	if n, err := g.Thaw(g.Now); n != 1 || err != nil || g.Frozen() {
		t.Errorf("thaw: %d %v", n, err)
	}
	if n, err := g.Thaw(g.Now); n != 0 || err != nil {
		t.Errorf("thaw again: %d %v", n, err)
	}
	g.Cut(g.Now)
	if _, err := g.Freeze(g.Now); err != ErrAgentDown {
		t.Errorf("freeze when off: %v", err)
	}
}

// TestCutInTheFirstBoot loses the power before cloud-init is done: the next boot
// begins it again and comes to its end.
func TestCutInTheFirstBoot(t *testing.T) {
	for at := 5 * time.Second; at < 90*time.Second; at += 10 * time.Second {
		g := run(t, Boot(NewDisk(image), seedOf(t, userDataUsual), hardware(), noon), at)
		g.Cut(g.Now)
		g = run(t, Boot(g.Disk(), g.Seed, hardware(), g.Now), 5*time.Minute)
		if ci := g.Disk().CloudInit; !g.AgentUp() || ci.Result != "done" || g.Disk().Hostname != "archi" {
			t.Errorf("cut after %s: agent %v, %+v", at, g.AgentUp(), ci)
		}
	}
}

// TestCopiedWhileItWorks boots a disk that was copied in the middle of an import, as a
// backup does: it holds what was done until then, and nothing goes on by itself.
func TestCopiedWhileItWorks(t *testing.T) {
	g := withYunoHost(t)
	csv := "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n"
	for _, n := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		csv += n + ";Prenom;Nom;;" + n + "@archi.example.org;0;;;\n"
	}
	if err := g.WriteFile(g.Now, "/root/u.csv", []byte(csv)); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Exec(g.Now, []string{"yunohost", "user", "import", "/root/u.csv"}, nil); err != nil {
		t.Fatal(err)
	}
	g = run(t, g, 4*time.Second)
	copied := again(t, g)
	g = run(t, g, time.Minute)
	if n := len(g.YunoHost().Users); n != 9 {
		t.Errorf("the original has %d users", n)
	}
	hw := hardware()
	hw.NICs[0].LinkDown = true
	drill := run(t, Boot(copied.Disk(), nil, hw, g.Now.Add(24*time.Hour)), 5*time.Minute)
	if n := len(drill.YunoHost().Users); n != 4 {
		t.Errorf("the copy has %d users, want camille and three", n)
	}
	if _, st := exec(t, drill, "", "yunohost", "user", "list", "--output-as", "json"); st.ExitCode != 0 {
		t.Errorf("%s%s", st.Out, st.Err)
	}
}

// TestRebootInTheFirstBoot has a first boot restart itself, at once and after a while.
func TestRebootInTheFirstBoot(t *testing.T) {
	for name, more := range map[string]string{
		"runcmd":      "  - reboot\n",
		"later":       "  - sleep 20\n  - systemctl reboot\n",
		"power_state": "power_state: {mode: reboot}\n",
	} {
		g := Boot(NewDisk(image), seedOf(t, userDataUsual+more), hardware(), noon)
		g = run(t, g, 15*time.Minute)
		if !g.AgentUp() || g.Disk().CloudInit.Result != "done" || !g.BootedAt.After(noon) || g.Now.Sub(g.BootedAt) < 5*time.Minute {
			t.Errorf("%s: agent %v, %+v, booted at %s", name, g.AgentUp(), g.Disk().CloudInit, g.BootedAt)
		}
	}
}

// TestShutdownBesides has one process shut down while another one waits.
func TestShutdownBesides(t *testing.T) {
	g := booted(t)
	for _, script := range []string{"sleep 20; poweroff", "sleep 20; echo late > /root/late"} {
		if _, err := g.Exec(g.Now, []string{"/bin/sh", "-c", script}, nil); err != nil {
			t.Fatal(err)
		}
	}
	g = run(t, g, time.Minute)
	if g.Power() != Off || g.exists("/root/late") {
		t.Errorf("power %s, the other process went on: %v", g.Power(), g.exists("/root/late"))
	}
}
