package architecture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "codeberg.org/accolade/accolade/"

// floors is the house from the roof down. A room may import any room of a lower
// floor, and on its own floor only what beside names. docs/architecture.md carries
// the same list between its markers.
var floors = [][]string{
	{"cmd/accolade", "cmd/accoladed"},
	{"internal/controller"},
	{"internal/web", "internal/api/server"},
	{"internal/api", "internal/proxmox", "internal/pbs", "internal/yunohost"},
	{"provisioning", "internal/backup", "internal/upgrade", "internal/watch", "internal/report"},
	{"internal/config"},
	{"internal/billing"},
	{"internal/support"},
	{"internal/machine", "internal/mail", "internal/headcount"},
	{"internal/contract", "internal/fleet"},
	{"internal/operation", "internal/schedule", "internal/notify"},
	{"internal/audit"},
	{"internal/store"},
	{"internal/poll", "internal/secret", "internal/pin", "internal/rest", "internal/calendar", "internal/money", "internal/apportion", "templates", "internal/version"},
	{"internal/clock", "internal/wholefile", "internal/strictyaml"},
}

// beside are the doors between rooms of one floor.
var beside = map[string][]string{}

// adapters speak a foreign API: of the rooms that hold the domain they know the plain
// types of fleet alone.
var adapters = []string{"internal/proxmox", "internal/pbs", "internal/yunohost"}

// simulators may be used by the commands and by tests; they know of ours only the
// clock, and each other.
const simulators = "internal/sim/"

// forTests are rooms that only tests import.
var forTests = []string{"internal/sharedtest", "internal/architecture"}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// room is the room of the plan that an import path lies in; "" for none.
func room(path string) (string, int) {
	rel, ours := strings.CutPrefix(path, module)
	if !ours {
		return "", -1
	}
	best, floor := "", -1
	for i, rooms := range floors {
		for _, r := range rooms {
			if (rel == r || strings.HasPrefix(rel, r+"/")) && len(r) > len(best) {
				best, floor = r, i
			}
		}
	}
	return best, floor
}

func testOnly(path string) bool {
	rel := strings.TrimPrefix(path, module)
	return slices.Contains(forTests, rel) || strings.HasSuffix(rel, "test")
}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range packages(t) {
		rel := strings.TrimPrefix(p.ImportPath, module)
		if testOnly(p.ImportPath) {
			continue
		}
		if strings.HasPrefix(rel, simulators) {
			for _, imp := range p.Imports {
				to, ours := strings.CutPrefix(imp, module)
				if ours && !strings.HasPrefix(to, simulators) && to != "internal/clock" {
					t.Errorf("%s imports %s: simulators know only internal/clock and each other", rel, to)
				}
			}
			continue
		}
		from, floor := room(p.ImportPath)
		if from == "" {
			t.Errorf("%s is no room of the plan: add it to floors here and in docs/architecture.md", rel)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			if why := refuse(from, floor, to); why != "" {
				t.Errorf("%s imports %s: %s", rel, to, why)
			}
		}
	}
}

// refuse says why a room may not import a package of ours; "" if it may.
func refuse(from string, floor int, to string) string {
	if strings.HasPrefix(to, simulators) {
		if strings.HasPrefix(from, "cmd/") {
			return ""
		}
		return "only commands and tests import simulators"
	}
	if testOnly(module + to) {
		return "only tests import it"
	}
	target, below := room(module + to)
	switch {
	case target == "":
		return "it is no room of the plan"
	case target == from:
		return ""
	case slices.Contains(adapters, from) && below >= roomFloor("provisioning") && below <= roomFloor("internal/contract") && target != "internal/fleet":
		return "an adapter knows of the domain only fleet's plain types"
	case below > floor:
		return ""
	case below == floor && slices.Contains(beside[from], target):
		return ""
	case below == floor:
		return "rooms of one floor do not know each other"
	default:
		return "it lies above"
	}
}

func roomFloor(name string) int {
	_, floor := room(module + name)
	return floor
}

// The plan that people read is the one that the test enforces.
func TestArchitecturePageShowsTheSamePlan(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "<!-- floors -->\n```\n")
	plan, _, closed := strings.Cut(rest, "```\n<!-- /floors -->")
	if !ok || !closed {
		t.Fatal("docs/architecture.md has no block between <!-- floors --> and <!-- /floors -->")
	}
	var want strings.Builder
	for _, rooms := range floors {
		want.WriteString(strings.Join(rooms, "  ") + "\n")
	}
	if plan != want.String() {
		t.Errorf("docs/architecture.md shows\n%s\nbut the test enforces\n%s", plan, want.String())
	}
}

// A door that nobody uses is taken out of the plan.
func TestEveryDoorIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		from, _ := room(p.ImportPath)
		for _, imp := range p.Imports {
			if to, _ := room(imp); to != "" {
				used[from+" "+to] = true
			}
		}
	}
	for from, doors := range beside {
		for _, to := range doors {
			if !used[from+" "+to] {
				t.Errorf("the door from %s to %s is not used", from, to)
			}
		}
	}
}

// Secrets are told to tests alone.
func TestOnlySecrettestObservesSecrets(t *testing.T) {
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, "internal/secret/") || strings.HasPrefix(path, "internal/architecture/") {
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if bytes.Contains(text, []byte("secret.Observe(")) {
			t.Errorf("%s calls secret.Observe: secrets are told to tests alone", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
