package proxmox_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/generatedtest"
	"codeberg.org/accolade/accolade/internal/proxmox/proxmoxtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// target is what requests aim at: what is ours on the box, or what is not.
type target map[string]string

var (
	ownTarget = target{"vmid": "100", "storage": "accolade", "poolid": "accolade", "pool": "accolade", "volume": "accolade:iso/seed.iso", "disk": "scsi0"}
	// A VM outside of our pool, and the box's own storage.
	foreignTarget = target{"vmid": "900", "storage": "local", "poolid": "others", "pool": "others", "volume": "local:iso/other.iso", "disk": "scsi0"}
	anyTarget     = target{"node": fleettest.Node, "userid": "root@pam", "tokenid": "t1", "roleid": "Administrator", "groupid": "g1", "realm": "pam", "snapname": "s1",
		"zone": "localnetwork", "vnet": "vmbr0", "id": "j1", "newid": "901", "path": "/", "upid": "UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:900:root@pam:"}
)

var inPath = regexp.MustCompile(`\{([^}]+)\}`)

// answerTo sends a request that no method can take, for it has a parameter which none
// knows: who is not permitted is told so first, 403; who is, 400 or 501. Nothing is done.
func answerTo(t *testing.T, server, auth string, m *apispec.Method, aim target) int {
	t.Helper()
	value := func(name string) string {
		if v, ok := aim[name]; ok {
			return v
		}
		if v, ok := anyTarget[name]; ok {
			return v
		}
		return "x1"
	}
	form := url.Values{"no-such-parameter": {"1"}}
	for name := range m.Params.Properties {
		_, known := aim[name]
		if _, any := anyTarget[name]; (known || any) && !strings.Contains(m.Path, "{"+name+"}") {
			form.Set(name, value(name))
		}
	}
	path := inPath.ReplaceAllStringFunc(m.Path, func(s string) string { return url.PathEscape(value(s[1 : len(s)-1])) })
	var body io.Reader
	address := server + "/api2/json" + path
	if m.Verb == http.MethodGet || m.Verb == http.MethodDelete {
		address += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(t.Context(), m.Verb, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Authorization", auth)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", m.Sig(), err)
	}
	res.Body.Close()
	return res.StatusCode
}

// opened is why a request that the adapter does not make is not refused.
type opened int

const (
	refused  opened = iota
	toAll           // anybody with any login; the method itself shows or takes only what is permitted
	toWorld         // anybody at all
	byRights        // what the controller needs for its own calls opens it too
)

// With the controller's token each method of the description that the adapter does not
// use is refused, for both releases; docs/privileges.md lists those that are not, and
// why. Aimed at a VM, a storage or a pool that is not ours no method passes for its
// rights at all.
func TestTheTokenOpensNothingElse(t *testing.T) {
	found := map[string]map[string]opened{}
	for version, description := range map[string]string{"8.4": apispec.PVE84, "9.2": apispec.PVE92} {
		b := fleettest.New(t, version)
		b.Run()
		box := b.Enrolled()
		value, err := b.Keeper.Open(box.TokenSecret)
		if err != nil {
			t.Fatal(err)
		}
		auth := "PVEAPIToken=" + box.TokenID + "=" + value.Reveal()
		root := b.Client(box, b.Password())
		defer root.Close()
		for id, pool := range map[int]string{100: box.Pool, 900: ""} {
			params := map[string]any{"memory": 512, "name": "vm" + fmt.Sprint(id)}
			if pool != "" {
				params["pool"] = pool
			}
			if upid, err := root.CreateVM(t.Context(), id, params); err != nil {
				t.Fatal(err)
			} else if _, err := root.Wait(t.Context(), upid, nil); err != nil {
				t.Fatal(err)
			}
		}
		server := httptest.NewServer(b.Box.Handler())
		defer server.Close()
		spec, err := apispec.Load(description)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]bool{}
		for _, c := range proxmoxtest.Calls {
			if !c.Enrol {
				own[c.Sig] = true
			}
		}
		asked := 0
		for _, m := range spec.Methods {
			asked++
			aimed := strings.Contains(m.Path, "{vmid}") || strings.Contains(m.Path, "{storage}") || strings.Contains(m.Path, "{poolid}")
			if status := answerTo(t, server.URL, auth, m, foreignTarget); aimed && status != http.StatusForbidden && why(m) == byRights {
				t.Errorf("%s %s: aimed at what is not ours it is not refused: %d", version, m.Sig(), status)
			}
			if own[m.Sig()] {
				continue // TestTheTokenHasWhatItNeedsAndNoMore
			}
			if status := answerTo(t, server.URL, auth, m, ownTarget); status == http.StatusForbidden {
				continue
			}
			if found[m.Sig()] == nil {
				found[m.Sig()] = map[string]opened{}
			}
			found[m.Sig()][version] = why(m)
		}
		t.Logf("%s: %d methods asked for, %d of them are the adapter's", version, asked, len(own))
	}
	documentOpened(t, found)
}

func why(m *apispec.Method) opened {
	switch p := m.Permission; {
	case p != nil && p.User == "world":
		return toWorld
	case p != nil && p.User == "all":
		return toAll
	default:
		return byRights
	}
}

// changes are methods that change something and that the controller's rights open
// beside its own calls: how they begin, and why that is borne. All of them reach what
// is in our pool alone, or our own storage.
var changes = []struct{ begin, why string }{
	{"POST /nodes/{node}/aplinfo", "a container template into our own storage, which nothing uses"},
	{"POST /nodes/{node}/storage/{storage}/oci-registry-pull", "an image into our own storage, which nothing uses"},
	{"* /nodes/{node}/lxc/{vmid}", "a container in our pool, where none is"},
	{"* /nodes/{node}/qemu/{vmid}/firewall", "VM.Config.Network, which gives a server its network card, is the right to its firewall too"},
	{"POST /nodes/{node}/qemu/{vmid}/agent", "who may run commands in the server may do this by a command"},
	{"POST /nodes/{node}/qemu/{vmid}/monitor", "VM.Monitor, without which 8.4 lets nobody speak to the guest agent, opens the monitor of our own servers"},
	{"POST /nodes/{node}/qemu/{vmid}/status/", "VM.PowerMgmt, which starts and stops a server"},
	{"POST /nodes/{node}/qemu/{vmid}/config", "the asynchronous form of a call that we make"},
	{"POST /nodes/{node}/qemu/{vmid}/move_disk", "VM.Config.Disk, which gives a server its disk"},
	{"POST /nodes/{node}/qemu/{vmid}/template", "VM.Allocate, which makes a server"},
	{"PUT /nodes/{node}/qemu/{vmid}/unlink", "VM.Config.Disk, which gives a server its disk"},
}

// changeOf finds the line of changes that speaks of a method; -1 if none does.
func changeOf(sig string) int {
	return slices.IndexFunc(changes, func(c struct{ begin, why string }) bool { return begins(sig, c.begin) })
}

const openedPage = "../../docs/privileges-beyond.md"

func documentOpened(t *testing.T, found map[string]map[string]opened) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`# What else the controller's token could do on a box

Written by a test (` + "`go test ./internal/proxmox -run OpensNothingElse -update`" + `), which asks the simulated box for every method of the
official description of 8.4 and of 9.2 with the token that the enrolment made. All that neither ` + "[privileges.md](privileges.md)" + ` nor this
page names was refused with 403. On a VM, a storage or a pool that is not ours nothing at all was permitted by the
token's rights. Proxmox's privileges are coarser than its methods: what stands here comes with those that we need.
`)
	section := func(title string, which func(sig string, o opened) (line string, ok bool)) {
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		for _, sig := range slices.Sorted(maps.Keys(found)) {
			for _, o := range found[sig] {
				if line, ok := which(sig, o); ok {
					release := ""
					switch {
					case len(found[sig]) == 2:
					case found[sig]["8.4"] != refused:
						release = " (8.4)"
					default:
						release = " (9)"
					}
					fmt.Fprintf(&b, "- `%s`%s%s\n", sig, release, line)
				}
				break
			}
		}
	}
	told := map[int]bool{}
	section("Changes that the same rights permit", func(sig string, o opened) (string, bool) {
		if o != byRights || strings.HasPrefix(sig, "GET ") {
			return "", false
		}
		i := changeOf(sig)
		if i < 0 {
			t.Errorf("%s changes something and is not refused: give its reason, or take the right away", sig)
			return "", true
		}
		told[i] = true
		return ": " + changes[i].why, true
	})
	for i, c := range changes {
		if !told[i] {
			t.Errorf("%s stands among the changes that are permitted, and is refused", c.begin)
		}
	}
	section("Looks that the same rights permit: Sys.Audit on / and on the node, and the audit of what is ours", func(sig string, o opened) (string, bool) {
		return "", o == byRights && strings.HasPrefix(sig, "GET ")
	})
	inside := func(title string, lacking bool) {
		section(title, func(sig string, o opened) (string, bool) {
			if o != toAll || strings.HasPrefix(sig, "GET ") {
				return "", false
			}
			i := insideOf(sig)
			if i < 0 {
				t.Errorf("%s changes something and is open to every login: tell what it asks for by itself", sig)
				return "", lacking
			}
			told[len(changes)+i] = true
			return ": " + insides[i].lacks + insides[i].why, lacking == (insides[i].lacks != "")
		})
	}
	inside("Changes that are open to every login and ask inside for a right that the token has", false)
	inside("Changes that are open to every login and refuse inside, for a right that the token does not have", true)
	for i, c := range insides {
		if !told[len(changes)+i] {
			t.Errorf("%s stands among the changes that ask inside, and is refused before", c.begin)
		}
	}
	section("Looks that are open to every login, and show only what it may see", func(sig string, o opened) (string, bool) {
		return "", o == toAll && strings.HasPrefix(sig, "GET ")
	})
	section("Open to everybody", func(_ string, o opened) (string, bool) { return "", o == toWorld })
	generatedtest.Same(t, openedPage, b.String())
}
