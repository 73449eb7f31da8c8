package templates

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestScriptsPassShellcheck(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("shellcheck is not installed, and CI=true forbids skipping")
		}
		t.Skip("needs shellcheck")
	}
	scripts, err := files.ReadDir("guest")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if out, err := exec.CommandContext(t.Context(), program, "guest/"+script.Name()).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script.Name(), err, out)
		}
	}
}

// once runs the real script, in a folder of the test's own.
func once(t *testing.T, folder string, args ...string) (string, int) {
	t.Helper()
	script, err := Script("once")
	if err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "/run/accolade", folder)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", script, "once"}, args...)...)
	cmd.Stdin = strings.NewReader("input\n")
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestOnceRunsACommandOnce(t *testing.T) {
	folder := t.TempDir() + "/run"
	count := "cat; echo run >>" + t.TempDir() + "/count; cat " + t.TempDir() + "/none 2>/dev/null; exit 3"
	out, code := once(t, folder, "a", "sh", "-c", count)
	if out != "input\n" || code != 3 {
		t.Fatalf("first: %q, %d", out, code)
	}
	out, code = once(t, folder, "a", "sh", "-c", "echo other")
	if out != "input\n" || code != 3 {
		t.Fatalf("second: %q, %d: it ran again", out, code)
	}
	if out, code = once(t, folder, "b", "sh", "-c", "echo other"); out != "other\n" || code != 0 {
		t.Fatalf("another one: %q, %d", out, code)
	}
	if err := os.Mkdir(folder+"/c", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, code = once(t, folder, "c", "echo"); code != 75 {
		t.Fatalf("one that still runs: %d, wanted 75", code)
	}
}

func TestEveryBlueprintIsNamed(t *testing.T) {
	names := Blueprints()
	if len(names) < 2 {
		t.Fatalf("blueprints %v", names)
	}
	for _, name := range names {
		if _, ok := Blueprint(name); !ok {
			t.Errorf("%s is listed and not there", name)
		}
	}
}
