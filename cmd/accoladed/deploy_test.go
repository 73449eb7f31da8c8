package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// worstExposure is the most that systemd-analyze may find exposed, of 10.
const worstExposure = 2.0

func TestUnitIsHardened(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("systemd-analyze is not installed, and CI=true forbids skipping")
		}
		t.Skip("needs systemd-analyze (Debian package systemd)")
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "../../deploy/accoladed.service").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := regexp.MustCompile(`Overall exposure level for accoladed.service: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no exposure in\n%s", out)
	}
	exposure, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("exposure %.1f of at most %.1f", exposure, worstExposure)
	if exposure > worstExposure {
		t.Errorf("exposure is %.1f, at most %.1f is wanted\n%s", exposure, worstExposure, out)
	}
}

// The unit, the users file and the folders file speak of the same user and paths.
func TestFilesAgree(t *testing.T) {
	for file, wants := range map[string][]string{
		"accoladed.service": {"Type=notify\n", "User=accolade\n", "StateDirectory=accolade\n", "RuntimeDirectory=accolade\n", "--config /etc/accolade/accoladed.yaml"},
		"accolade.sysusers": {"u accolade "},
		"accolade.tmpfiles": {"d /var/lib/accolade 0700 accolade accolade", "/etc/accolade"},
		"accoladed.yaml":    {`state: "/var/lib/accolade"`, `socket: "/run/accolade/accoladed.sock"`},
	} {
		b, err := os.ReadFile("../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s lacks %q", file, want)
			}
		}
	}
}
