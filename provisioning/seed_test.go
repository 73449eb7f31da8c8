package provisioning

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/filesystem/iso9660"
	"github.com/goccy/go-yaml"
)

func seedBlueprint(t *testing.T) Blueprint {
	t.Helper()
	b, err := readBlueprint("office.yaml", []byte(office), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSeedImage(t *testing.T) {
	for name, change := range map[string]func(*Blueprint){
		"fixed": func(*Blueprint) {},
		"dhcp":  func(b *Blueprint) { b.Network = Network{} },
	} {
		t.Run(name, func(t *testing.T) {
			b := seedBlueprint(t)
			change(&b)
			files, err := seed(b, "op-1")
			if err != nil {
				t.Fatal(err)
			}
			for file, text := range files {
				var any map[string]any
				if err := yaml.Unmarshal(text, &any); err != nil {
					t.Errorf("%s is no YAML: %v\n%s", file, err, text)
				}
			}
			raw, err := files.Image()
			if err != nil {
				t.Fatal(err)
			}
			if len(raw)%2048 != 0 {
				t.Errorf("the image has %d bytes, no multiple of a sector", len(raw))
			}
			image, err := iso9660.Read(&memoryDisk{data: raw}, int64(len(raw)), 0, 2048)
			if err != nil {
				t.Fatal(err)
			}
			if label := strings.TrimRight(image.Label(), " "); label != "cidata" {
				t.Errorf("label %q, wanted cidata", label)
			}
			for file, want := range files {
				in, err := image.OpenFile("/"+file, os.O_RDONLY)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(in)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: read back %q, %v", file, got, err)
				}
			}
		})
	}
}

// needs finds a program of Debian; where it is absent the test is skipped, and
// fails in CI.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s (Debian package %s) is not installed, and CI=true forbids skipping", program, pkg)
	}
	t.Skipf("needs %s (Debian package %s)", program, pkg)
	return ""
}

func TestUserDataPassesCloudInitSchema(t *testing.T) {
	program := needs(t, "cloud-init", "cloud-init")
	files, err := seed(seedBlueprint(t), "op-1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(file, files["user-data"], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", file).CombinedOutput(); err != nil {
		t.Fatalf("cloud-init schema: %v\n%s", err, out)
	}
}

// TestAbandonedSeeds: a folder of a program that was killed goes with the next seed,
// one in use stays.
func TestAbandonedSeeds(t *testing.T) {
	folder := func() (string, func()) {
		t.Helper()
		name, leave, err := memoryFolder()
		if err == nil {
			err = os.WriteFile(filepath.Join(name, "user-data"), nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return name, leave
	}
	dead, inUse := "", ""
	{
		name, leave := folder()
		dead = name + "-dead" // without the lock of its program
		if err := os.MkdirAll(dead, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dead, "user-data"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		leave()
	}
	inUse, leave := folder()
	defer leave()
	_, other := folder()
	defer other()
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a dead program: %v, want it gone", err)
	}
	if _, err := os.Stat(filepath.Join(inUse, "user-data")); err != nil {
		t.Errorf("the folder in use: %v", err)
	}
}
