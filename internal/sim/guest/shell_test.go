package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestShell(t *testing.T) {
	g := booted(t)
	for _, c := range []struct {
		script, in string
		exit       int
		out, err   string
	}{
		{"echo hello; exit 3", "", 3, "hello\n", ""},
		{"cat", "from stdin", 0, "from stdin", ""},
		{"IFS= read -r line; echo \"<$line>\"", " a b \nrest\n", 0, "< a b >\n", ""},
		{"IFS= read -r line; cat", "first\nrest\nof it\n", 0, "rest\nof it\n", ""},
		{"echo one > /root/f; echo two >> /root/f; cat /root/f; wc -l < /root/f", "", 0, "one\ntwo\n2\n", ""},
		{"echo x > /nowhere/f", "", 1, "", "No such file or directory"},
		{"set -eu; false; echo no", "", 1, "", ""},
		{"frobnicate", "", 127, "", "sh: 1: frobnicate: not found\n"},
		{"frobnicate || echo caught", "", 0, "caught\n", "frobnicate: not found"},
		{"command -v yunohost || echo none", "", 0, "none\n", ""},
		{"mkdir -p /root/a/b; test -d /root/a/b && ls /root/a", "", 0, "b\n", ""},
		{"mkdir /root/a", "", 1, "", "File exists"},
		{"for i in 1 2 3; do echo $i; done | tail -n 1", "", 0, "3\n", ""},
		{"printf 'a=1\\nb=2\\n' | grep '^b' | cut -d= -f2", "", 0, "2\n", ""},
		{"x=$(hostname); echo \"$x\"; hostname -f", "", 0, "archi\narchi.example.org\n", ""},
		{"echo aGVsbG8= | base64 -d", "", 0, "hello", ""},
		{"printf hello | sha256sum", "", 0, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  -\n", ""},
		{"cat <<EOF | tee /root/g\nhere $((1+1))\nEOF\ncat /root/g", "", 0, "here 2\nhere 2\n", ""},
		{"sed -i 's/here/there/' /root/g; cat /root/g; sleep 5; cat /root/g", "", 0, "there 2\nthere 2\n", ""},
		{"echo a > /root/h; mv /root/h /root/i; sleep 1; test ! -e /root/h && cat /root/i", "", 0, "a\n", ""},
		{"systemctl is-active qemu-guest-agent; systemctl is-active nginx", "", 3, "active\ninactive\n", ""},
		{"dpkg-query -W -f='${Status} ${Version}\\n' qemu-guest-agent", "", 0, "install ok installed 1:7.2+dfsg-7+deb12u15\n", ""},
		{"dpkg-query -W nginx", "", 1, "", "no packages found matching nginx"},
		{"apt-get install -y jq >/dev/null && dpkg -s jq | grep Version", "", 0, "Version: 1.6-2.1\n", ""},
		{"apt-get -y install bananas", "", 100, "", "Unable to locate package bananas"},
		{". /etc/os-release; echo $ID-$VERSION_ID", "", 0, "debian-12\n", ""},
		{"id -u; id nobody.here", "", 1, "0\n", "no such user"},
		{"getent passwd root | cut -d: -f6", "", 0, "/root\n", ""},
		{"date -u +%s; sleep 60; date -u +%F", "", 0, "", ""},
		{"curl -fsS -o /root/page https://example.org/ && test -s /root/page", "", 0, "", ""},
		{"sh -c 'echo nested $0 $1' name arg", "", 0, "nested", ""},
		{"printf 'echo from a pipe $1\\n' | sh -s -- x", "", 0, "from a pipe x\n", ""},
		{"trap 'echo bye' EXIT; echo hi", "", 0, "hi\nbye\n", ""},
		{"f() { echo in $1; return 4; }; f x || echo $?", "", 0, "in x\n4\n", ""},
		{"while :; do :; done", "", 2, "", "runs in circles"},
		{"n=0; until test -e /root/flag; do n=$((n+1)); sleep 5; test $n = 60 && touch /root/flag; done; echo $n", "", 0, "60\n", ""},
		{"ls /nothing", "", 2, "", "No such file or directory"},
	} {
		var st Status
		g, st = exec(t, g, c.in, "/bin/sh", "-c", c.script)
		if st.ExitCode != c.exit || (c.out != "" && !strings.HasPrefix(string(st.Out), c.out)) || !strings.Contains(string(st.Err), c.err) || (c.err == "" && len(st.Err) > 0) {
			t.Errorf("%s\n exit %d, want %d\n out %q, want %q\n err %q, want %q", c.script, st.ExitCode, c.exit, st.Out, c.out, st.Err, c.err)
		}
	}
}

// TestNothingTwice has a script wait in its middle: what came before is not done again.
func TestNothingTwice(t *testing.T) {
	g := booted(t)
	_, st := exec(t, g, "", "/bin/sh", "-c", `
echo begin >> /root/log
for i in 1 2 3; do sleep 10; echo $i >> /root/log; done
mkdir /root/once
echo end >> /root/log
cat /root/log`)
	if string(st.Out) != "begin\n1\n2\n3\nend\n" || st.ExitCode != 0 {
		t.Errorf("%d %s%s", st.ExitCode, st.Out, st.Err)
	}
}

// TestBesides has two processes run side by side, and one look at the other's work.
func TestBesides(t *testing.T) {
	g := booted(t)
	pid, err := g.Exec(g.Now, []string{"/bin/sh", "-c", "sleep 20; echo one > /root/a; sleep 20; echo two >> /root/a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g = run(t, g, 30*time.Second)
	g, st := exec(t, g, "", "cat", "/root/a")
	if string(st.Out) != "one\n" {
		t.Errorf("in the middle: %q", st.Out)
	}
	if st, err := g.ExecStatus(pid); err != nil || st.Exited {
		t.Errorf("status in the middle: %+v %v", st, err)
	}
	g = run(t, g, 30*time.Second)
	if st, err := g.ExecStatus(pid); err != nil || !st.Exited || st.ExitCode != 0 {
		t.Errorf("status at the end: %+v %v", st, err)
	}
	if _, err := g.ExecStatus(pid); err == nil {
		t.Error("the end is told twice")
	}
}

func TestExecRefuses(t *testing.T) {
	g := booted(t)
	if _, err := g.Exec(g.Now, []string{"frobnicate"}, nil); err == nil || !strings.Contains(err.Error(), "Failed to execute child process") {
		t.Errorf("unknown program: %v", err)
	}
	if _, err := g.Exec(g.Now, []string{"yunohost", "--version"}, nil); err == nil {
		t.Error("yunohost runs before it is installed")
	}
	if _, err := g.ExecStatus(4711); err == nil {
		t.Error("a pid that never was")
	}
	g.Cut(g.Now)
	if _, err := g.Exec(g.Now, []string{"true"}, nil); err != ErrAgentDown {
		t.Errorf("a guest that is off: %v", err)
	}
}

func TestBigInput(t *testing.T) {
	g := booted(t)
	in := strings.Repeat("0123456789abcdef", 4096)
	g, st := exec(t, g, in, "/bin/sh", "-c", "cat > /root/big; wc -c < /root/big; sleep 3; sha256sum < /root/big")
	if !strings.HasPrefix(string(st.Out), "65536\n") {
		t.Errorf("%s%s", st.Out, st.Err)
	}
	if data, err := g.ReadFile("/root/big"); err != nil || string(data) != in {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestInstallYunoHost(t *testing.T) {
	g := booted(t)
	begun, wrote := g.Now, g.Disk().Written
	pid, err := g.Exec(g.Now, []string{"/bin/sh", "-c", "curl -fsSL https://install.yunohost.org | bash -s -- -a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g = run(t, g, 9*time.Minute)
	if g.YunoHost() != nil {
		t.Error("installed in nine minutes")
	}
	g = run(t, g, 12*time.Minute)
	st, err := g.ExecStatus(pid)
	if err != nil || !st.Exited || st.ExitCode != 0 || g.YunoHost() == nil || g.YunoHost().Installed {
		t.Fatalf("after %s: %+v %v", g.Now.Sub(begun), st, err)
	}
	if more := g.Disk().Written - wrote; more < 2<<30 {
		t.Errorf("wrote %d bytes", more)
	}
	_, st = exec(t, g, "", "sh", "-c", "ls /var/log/yunohost-installation_*.log && yunohost user list --output-as json")
	if st.ExitCode != 1 || !strings.Contains(string(st.Out), "not correctly installed") {
		t.Errorf("before post-install: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
}

func TestInstallerRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Guest)
		script string
	}{
		"no network": {func(g *Guest) { g.Hardware.Offline = true }, "curl -fsSL https://install.yunohost.org | bash -s -- -a"},
		"Debian 13":  {func(g *Guest) { g.Disk().OS = debian13 }, "curl -fsSL https://install.yunohost.org | bash -s -- -a"},
		"no -a":      {func(*Guest) {}, "curl -fsSL https://install.yunohost.org | bash"},
		"small disk": {func(g *Guest) { g.Disk().RootBytes = 3 << 30 }, "curl -fsSL https://install.yunohost.org | bash -s -- -a"},
		"elsewhere":  {func(*Guest) {}, "curl -fsSL https://example.org/x.sh | bash -s -- -a"},
	} {
		g := booted(t)
		c.change(g)
		g, st := exec(t, g, "", "/bin/bash", "-o", "pipefail", "-c", c.script)
		if name == "no network" && st.ExitCode == 0 {
			continue // bash was given nothing to run
		}
		if st.ExitCode == 0 || g.YunoHost() != nil {
			t.Errorf("%s: exit %d %s%s", name, st.ExitCode, st.Out, st.Err)
		}
	}
}

// script reads one of the project's own scripts for guests.
func script(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "guest", name+".sh"))
	if err != nil {
		t.Fatalf("the project's scripts: %v", err)
	}
	return string(raw)
}

// TestOwnScripts runs the scripts of templates/guest as provisioning does.
func TestOwnScripts(t *testing.T) {
	g := booted(t)
	once := script(t, "once")
	do := func(name, input string, args ...string) Status {
		t.Helper()
		argv := append([]string{"/bin/sh", "-c", once, "once", "op1-" + name, "/bin/sh", "-c", script(t, name), name}, args...)
		var st Status
		g, st = exec(t, g, input, argv...)
		return st
	}
	if st := do("install", "", "https://install.yunohost.org"); st.ExitCode != 0 || g.YunoHost() == nil {
		t.Fatalf("install: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	if st := do("postinstall", "Kouign-Amann-56100-Lorient\n", "archi.example.org", "camille", "Camille Le Goff"); st.ExitCode != 0 || !g.YunoHost().Installed {
		t.Fatalf("postinstall: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	if st := do("relay", "smtp_relay_enabled=1&smtp_relay_host=relay.example.org&smtp_relay_port=587&smtp_relay_user=u&smtp_relay_password=Secret%26relay+1\n"); st.ExitCode != 0 {
		t.Fatalf("relay: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	var csv strings.Builder
	csv.WriteString("username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n")
	for i := range 50 {
		fmt.Fprintf(&csv, "user%d;Prenom;Nom;Far-Breton-22-Pruneaux;user%d@archi.example.org;0;;;\n", i, i)
	}
	begun := g.Now
	if st := do("import", csv.String(), "batch1"); st.ExitCode != 0 || !strings.Contains(string(st.Out), `"created": 50`) {
		t.Fatalf("import: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	if took := g.Now.Sub(begun); took < 50*time.Second || took > 55*time.Second {
		t.Errorf("50 users took %s", took)
	}
	if st := do("app", "domain=archi.example.org&path=/nextcloud&admin=camille&init_main_permission=all_users\n", "nextcloud", "Nextcloud"); st.ExitCode != 0 {
		t.Fatalf("app: %d %s%s", st.ExitCode, st.Out, st.Err)
	}
	// Asked again, a command that ran tells what it told, and does nothing.
	before := g.Now
	if st := do("import", csv.String(), "batch1"); st.ExitCode != 0 || !strings.Contains(string(st.Out), `"created": 50`) || g.Now.Sub(before) > time.Second {
		t.Errorf("import asked again: %d %s after %s", st.ExitCode, st.Out, g.Now.Sub(before))
	}
	g, st := exec(t, g, "", "yunohost", "user", "list", "--output-as", "json")
	if n := strings.Count(string(st.Out), "@archi.example.org"); n != 51 {
		t.Errorf("%d users", n)
	}
}

// TestOnceWhileItRuns asks for the result of a command that is not over.
func TestOnceWhileItRuns(t *testing.T) {
	g := booted(t)
	once := script(t, "once")
	argv := []string{"/bin/sh", "-c", once, "once", "x", "sleep", "60"}
	if _, err := g.Exec(g.Now, argv, nil); err != nil {
		t.Fatal(err)
	}
	g = run(t, g, 10*time.Second)
	g, st := exec(t, g, "", argv...)
	if st.ExitCode != 75 {
		t.Errorf("exit %d, want 75: %s%s", st.ExitCode, st.Out, st.Err)
	}
	g = run(t, g, time.Minute)
	if g, st = exec(t, g, "", argv...); st.ExitCode != 0 {
		t.Errorf("exit %d, want 0: %s%s", st.ExitCode, st.Out, st.Err)
	}
	g.Reboot(g.Now)
	g = run(t, g, time.Minute)
	if _, st = exec(t, g, "", "test", "-e", "/run/accolade"); st.ExitCode != 1 {
		t.Error("/run survives a reboot")
	}
}

// TestCutInAnImport loses the power in the middle of an import: the users made until
// then are there.
func TestCutInAnImport(t *testing.T) {
	g := withYunoHost(t)
	csv := "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n"
	for i := range 20 {
		csv += fmt.Sprintf("user%d;Prenom;Nom;;user%d@archi.example.org;0;;;\n", i, i)
	}
	if err := g.WriteFile(g.Now, "/root/u.csv", []byte(csv)); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Exec(g.Now, []string{"yunohost", "user", "import", "/root/u.csv", "--output-as", "json"}, nil); err != nil {
		t.Fatal(err)
	}
	g = run(t, g, 8*time.Second)
	if n := len(g.YunoHost().Users); n != 8 {
		t.Errorf("%d users after 8 s, want camille and 7", n)
	}
	g.Cut(g.Now)
	g = run(t, Boot(g.Disk(), nil, hardware(), g.Now), time.Minute)
	if n := len(g.YunoHost().Users); n != 8 {
		t.Errorf("%d users after the cut", n)
	}
	g, st := exec(t, g, "", "yunohost", "user", "import", "/root/u.csv", "--output-as", "json")
	if !strings.Contains(string(st.Out), `"created": 13`) {
		t.Errorf("the rest: %s%s", st.Out, st.Err)
	}
	if n := len(g.YunoHost().Users); n != 21 {
		t.Errorf("%d users in the end", n)
	}
}
