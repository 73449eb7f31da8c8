package architecture_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each direct dependency has its reason in docs/decisions.
func TestEveryDependencyHasItsReason(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var reasons strings.Builder
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		reasons.Write(text)
	}
	for _, r := range mod.Require {
		name := strings.TrimPrefix(r.Path, "github.com/")
		if !r.Indirect && !strings.Contains(reasons.String(), name) {
			t.Errorf("%s: no page of docs/decisions says why", r.Path)
		}
	}
}
