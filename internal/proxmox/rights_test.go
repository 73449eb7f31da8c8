package proxmox_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/generatedtest"
	"codeberg.org/accolade/accolade/internal/proxmox/proxmoxtest"
	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// releases are a version of each release that we serve, with the column of the
// table and the description.
var releases = []struct {
	version, description string
	column               int
}{{"8.4.1", "pve-api-8.4.json.gz", 0}, {"9.2.4", "pve-api-9.2.json.gz", 1}}

// The rights of the controller's token are exactly what its calls need, at exactly
// those paths, by the experiment's table and the official description.
func TestRightsAreWhatTheCallsNeed(t *testing.T) {
	rows := readRows(t)
	needs := map[string]map[fleet.PathKind]map[string][]string{} // version, kind, privilege: why
	for _, r := range releases {
		description := readDescription(t, r.description)
		computed := map[fleet.PathKind]map[string][]string{}
		for _, c := range proxmoxtest.Calls {
			for _, n := range needsOf(t, c, rows, r.column) {
				if c.Enrol {
					t.Errorf("%s: made with the bootstrap credential, and yet it names privileges", c.Sig)
				}
				if computed[n.Kind] == nil {
					computed[n.Kind] = map[string][]string{}
				}
				line := "`" + c.Sig + "`"
				if n.Why != "" {
					line += " (" + n.Why + ")"
				}
				if !slices.Contains(computed[n.Kind][n.Priv], line) {
					computed[n.Kind][n.Priv] = append(computed[n.Kind][n.Priv], line)
				}
			}
			permissions, ok := description[c.Sig]
			if !ok {
				t.Errorf("%s: %s has no such method", c.Sig, r.description)
			}
			for _, n := range c.Needs {
				if !strings.Contains(permissions, n.Priv) {
					t.Errorf("%s: %s does not speak of %s: %s", c.Sig, r.description, n.Priv, permissions)
				}
			}
		}
		for _, kind := range fleet.PathKinds {
			want := slices.Sorted(maps.Keys(computed[kind]))
			if got := fleet.Rights(kind, r.version); !slices.Equal(got, want) {
				t.Errorf("%s, path %s: the enrolment gives %v, and the calls need %v", r.version, kind, got, want)
			}
		}
		needs[r.version] = computed
	}
	document(t, needs)
}

type row struct {
	call    string
	columns [2]string // 8.4, 9.2
}

// readRows reads the table of the experiment.
func readRows(t *testing.T) map[string]row {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Dir(t, "facts", "proxmox-privileges.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]row{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[3] == "" {
			cells[3] = cells[2]
		}
		rows[cells[0]] = row{cells[1], [2]string{cells[2], cells[3]}}
	}
	if len(rows) < 100 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	return rows
}

// needsOf turns the rows of a call into privileges at our paths.
func needsOf(t *testing.T, c proxmoxtest.Call, rows map[string]row, column int) []proxmoxtest.Need {
	t.Helper()
	out := slices.Clone(c.Needs)
	for _, name := range c.Rows {
		r, ok := rows[name]
		if !ok {
			t.Errorf("%s: the table has no row %q", c.Sig, name)
			continue
		}
		if verb, _, _ := strings.Cut(strings.Trim(r.call, "`"), " "); !strings.HasPrefix(c.Sig, verb+" ") {
			t.Errorf("%s: row %q is about %s", c.Sig, name, r.call)
		}
		if strings.HasPrefix(r.columns[column], "none") {
			continue
		}
		for _, need := range strings.Split(r.columns[column], ", ") {
			privs, path, _ := strings.Cut(need, " on ")
			kinds, ok := c.At[path]
			if !ok {
				kinds, ok = proxmoxtest.UsualPlaces[path]
			}
			if !ok {
				t.Errorf("%s: row %q: nobody says which of our paths %q stands for", c.Sig, name, path)
			}
			for _, kind := range kinds {
				priv, why := privs, ""
				if alternatives := strings.Split(privs, " or "); len(alternatives) > 1 {
					if priv = c.Pick[kind]; !slices.Contains(alternatives, priv) {
						t.Errorf("%s: row %q: %s at %s: pick %q is none of them", c.Sig, name, privs, kind, priv)
					}
					why = "of: " + privs
				}
				out = append(out, proxmoxtest.Need{Kind: kind, Priv: priv, Why: why})
			}
		}
	}
	return out
}

// readDescription gives each method's permissions as text.
func readDescription(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := os.Open(sharedtest.Dir(t, "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zr, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Path     string
		Info     map[string]struct{ Permissions json.RawMessage }
		Children []node
	}
	var roots []node
	if err := json.NewDecoder(zr).Decode(&roots); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func([]node)
	walk = func(nodes []node) {
		for _, n := range nodes {
			for verb, info := range n.Info {
				out[verb+" "+n.Path] = string(info.Permissions)
			}
			walk(n.Children)
		}
	}
	walk(roots)
	return out
}

var pathNames = map[fleet.PathKind]string{
	fleet.PathRoot: "`/`", fleet.PathNode: "`/nodes/{node}`", fleet.PathPool: "`/pool/accolade` (with it every VM in the pool)",
	fleet.PathVM: "`/storage/{storage of the VMs' disks}`", fleet.PathBackup: "`/storage/hdd`", fleet.PathImages: "`/storage/accolade`",
	fleet.PathVault: "`/storage/vault`", fleet.PathBridge: "`/sdn/zones/localnetwork/{bridge}`",
}

// document writes docs/privileges.md, or compares it with what would be written.
func document(t *testing.T, needs map[string]map[fleet.PathKind]map[string][]string) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`# What the controller may do on a box

Written by a test (` + "`go test ./internal/proxmox -run Rights -update`" + `) from the table of the adapter's calls, the privileges found by
experiment, and the official API description. The enrolment makes one role for each path and gives it to the user
` + "`accolade@pve`" + ` and to its token ` + "`accolade@pve!controller`" + `, which has only what both have. What is given on ` + "`/`" + ` and on the node
does not pass down.

What only the enrolment does (disks, storages, jobs, users, roles) is done with the technician's credential, which is
revoked at the end.
`)
	for _, kind := range fleet.PathKinds {
		fmt.Fprintf(&b, "\n## %s\n\nRole `%s`.\n\n| privilege | release | needed for |\n| --- | --- | --- |\n", pathNames[kind], fleet.RoleFor(kind, "9.2").Name)
		old, now := needs["8.4.1"][kind], needs["9.2.4"][kind]
		all := maps.Clone(now)
		maps.Copy(all, old)
		for _, p := range slices.Sorted(maps.Keys(all)) {
			release := "8.4, 9"
			switch {
			case old[p] == nil:
				release = "9"
			case now[p] == nil:
				release = "8.4"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p, release, strings.Join(all[p], "; "))
		}
	}
	b.WriteString("\n## Calls that need no privilege, or only see their own\n\n")
	for _, c := range proxmoxtest.Calls {
		if !c.Enrol && len(c.Needs) == 0 && !slices.ContainsFunc(slices.Collect(maps.Values(needs["9.2.4"])), func(m map[string][]string) bool {
			return slices.ContainsFunc(slices.Collect(maps.Values(m)), func(lines []string) bool {
				return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "`"+c.Sig+"`") })
			})
		}) {
			fmt.Fprintf(&b, "- `%s`: %s\n", c.Sig, c.For)
		}
	}
	b.WriteString("\n## Calls made with the technician's credential only\n\n")
	for _, c := range proxmoxtest.Calls {
		if c.Enrol {
			fmt.Fprintf(&b, "- `%s`: %s\n", c.Sig, c.For)
		}
	}
	generatedtest.Same(t, "../../docs/privileges.md", b.String())
}

// The table lists no method that the adapter cannot call.
func TestCallsAreInTheSource(t *testing.T) {
	var source bytes.Buffer
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), "_test.go") {
			text, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	braces := regexp.MustCompile(`\{[^}]*\}`)
	for _, c := range proxmoxtest.Calls {
		_, path, _ := strings.Cut(c.Sig, " ")
		if path == "/version" { // go-proxmox's own method says it
			continue
		}
		for _, word := range strings.FieldsFunc(braces.ReplaceAllString(path, ""), func(r rune) bool { return r == '/' }) {
			if !strings.Contains(source.String(), `"`+word+`"`) && !strings.Contains(source.String(), `/`+word) {
				t.Errorf("%s: the adapter never says %q", c.Sig, word)
			}
		}
	}
}
