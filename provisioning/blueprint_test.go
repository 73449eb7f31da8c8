package provisioning

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/templates"
)

const office = `size:
  cores: 2
  memory: 4G
  disk: 64G
image:
  url: https://cloud.example.org/20260901/debian-12-genericcloud-amd64-20260901.qcow2
domain: archi.test
admin: {username: camille, fullname: Camille Le Goff}
apps:
  - id: nextcloud
    label: Fichiers
    args: {path: /nextcloud}
network:
  address: 192.168.1.10/24
  gateway: 192.168.1.1
  dns: [192.168.1.1]
reachable: {https: true, port80: false}
`

func TestReadBlueprint(t *testing.T) {
	got, err := readBlueprint("office.yaml", []byte(office), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := Blueprint{
		Size: Size{2, 4 * GiB, 64 * GiB}, Image: Image{URL: "https://cloud.example.org/20260901/debian-12-genericcloud-amd64-20260901.qcow2"},
		Installer: "https://install.yunohost.org", Domain: "archi.test", Admin: Admin{"camille", "Camille Le Goff"},
		Locale: "fr_FR.UTF-8", Timezone: "Europe/Paris", Apps: []App{{"nextcloud", "Fichiers", map[string]string{"path": "/nextcloud"}}},
		Network: Network{"192.168.1.10/24", "192.168.1.1", []string{"192.168.1.1"}}, Reachable: Reachable{HTTPS: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func TestReadBlueprintRefuses(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key", "domain: archi.test", "domein: archi.test", `b.yaml:7:1: unknown key "domein"`},
		{"nested unknown key", "  cores: 2", "  cores: 2\n  cpus: 3", `b.yaml:3:3: unknown key "cpus"`},
		{"wrong type", "cores: 2", "cores: two", "b.yaml:2:10: "},
		{"no size", "memory: 4G", "memory: 4", `b.yaml:3:11: `},
		{"little memory", "memory: 4G", "memory: 512M", "b.yaml:3:11: size.memory: 512M of memory: between 1G and 1T"},
		{"small disk", "disk: 64G", "disk: 8G", "b.yaml:4:9: size.disk: a disk of 8G"},
		{"no cores", "cores: 2", "cores: 0", "b.yaml:2:10: size.cores: 0 cores"},
		{"plain http", "https://cloud", "http://cloud", "b.yaml:6:8: image.url: "},
		{"img file", ".qcow2", ".img", "must end in .qcow2 or .raw"},
		{"latest image", "/20260901/", "/latest/", "changes with time"},
		{"checksum", "domain:", "installer: https://install.yunohost.org\ndomain:", ""},
		{"domain", "archi.test", "Archi.test", `b.yaml:7:9: domain: "Archi.test" is no domain for YunoHost`},
		{"admin", "username: camille", "username: vmail", `b.yaml:8:19: admin.username: "vmail" is taken`},
		{"app", "id: nextcloud", "id: Next Cloud", `b.yaml:10:9: apps[0].id: "Next Cloud" is no app`},
		{"network", "gateway: 192.168.1.1", "gateway: 10.0.0.1", `b.yaml:15:12: network.gateway: "10.0.0.1" is no other address inside 192.168.1.0/24`},
		{"prefix", "192.168.1.10/24", "192.168.1.10", "network.address: "},
		{"broken", "size:", "size: [", "b.yaml:"},
		{"twice", "domain: archi.test", "domain: archi.test\ndomain: b.test", "b.yaml:8:1: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readBlueprint("b.yaml", []byte(strings.Replace(office, test.old, test.new, 1)), Options{})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, wanted %q", err, test.want)
			}
		})
	}
}

func TestPlainHTTPOnlyFromTheSandbox(t *testing.T) {
	text := strings.Replace(office, "https://cloud.example.org", "http://127.0.0.1:18000", 1)
	if _, err := readBlueprint("b.yaml", []byte(text), Options{}); err == nil {
		t.Fatal("plain http was accepted")
	}
	if _, err := readBlueprint("b.yaml", []byte(text), Options{PlainHTTP: "http://127.0.0.1:18000"}); err != nil {
		t.Fatal(err)
	}
	if _, err := readBlueprint("b.yaml", []byte(text), Options{PlainHTTP: "http://127.0.0.1:1800"}); err == nil {
		t.Fatal("another port was accepted")
	}
}

func FuzzReadBlueprint(f *testing.F) {
	f.Add([]byte(office))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = readBlueprint("f.yaml", text, Options{}) })
}

func TestShippedBlueprints(t *testing.T) {
	for _, name := range templates.Blueprints() {
		text, _ := templates.Blueprint(name)
		if _, err := readBlueprint(name, text, Options{}); err != nil {
			t.Error(err)
		}
	}
}
