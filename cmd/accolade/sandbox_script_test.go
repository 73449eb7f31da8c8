package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"codeberg.org/accolade/accolade/internal/sim/sandbox"
	"codeberg.org/accolade/accolade/internal/sim/simtime"
)

// sandboxCommand starts a sandbox for a script:
//
//	sandbox start [FLAG…]      such as --boxes 2 --pve 8.4
//	sandbox until INSTANT      moves simulated time to that instant and no further, if
//	                           it was started with --hold
//
// It runs until the script ends, on ports that are free, 300 times as fast as the
// wall clock unless a flag says otherwise, and sets:
//
//	SANDBOX                                  its control address, for controller start --sandbox
//	BOX_NAME BOX_URL BOX_FINGERPRINT         the first box; BOX2_… the second one
//	VAULT_URL VAULT_FINGERPRINT VAULT_DATASTORE
//	RELAY_HOST RELAY_PORT                    for --relay-host and --relay-port, user accolade, security none
//	IMAGE                                    URL of a cloud image, for blueprints
//
// What is secret goes to files, as the verbs want it: box.token, box.password (root's),
// vault.token, relay.password; box2.token and so on for further boxes.
func sandboxCommand(ts *testscript.TestScript, neg bool, args []string) {
	if !neg && len(args) == 2 && args[0] == "until" {
		moveTime(ts, args[1])
		return
	}
	if neg || len(args) == 0 || args[0] != "start" {
		ts.Fatalf("usage: sandbox start [FLAG…], sandbox until INSTANT")
	}
	flags := append([]string{"sandbox", "-o", "json", "--listen", "127.0.0.1:0", "--speed", "300"}, args[1:]...)
	cmd := exec.Command("accolade", flags...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GORACE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		ts.Fatalf("sandbox: %v\n%s", err, log.Bytes())
	}
	var info struct {
		PVE []struct {
			Name, URL, Fingerprint, Token string
			RootPassword                  string `json:"root_password"`
		}
		PBS     struct{ URL, Fingerprint, Token, Datastore string }
		SMTP    struct{ Address string }
		Control struct{ URL string }
	}
	ts.Check(json.Unmarshal(line, &info))
	secretFile := func(name, text string) { ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text+"\n"), 0o600)) }
	for i, box := range info.PVE {
		n := ""
		if i > 0 {
			n = strconv.Itoa(i + 1)
		}
		ts.Setenv("BOX"+n+"_NAME", box.Name)
		ts.Setenv("BOX"+n+"_URL", box.URL)
		ts.Setenv("BOX"+n+"_FINGERPRINT", box.Fingerprint)
		secretFile("box"+n+".token", box.Token)
		secretFile("box"+n+".password", box.RootPassword)
	}
	ts.Setenv("SANDBOX", info.Control.URL)
	ts.Setenv("VAULT_URL", info.PBS.URL)
	ts.Setenv("VAULT_FINGERPRINT", info.PBS.Fingerprint)
	ts.Setenv("VAULT_DATASTORE", info.PBS.Datastore)
	host, port, err := net.SplitHostPort(info.SMTP.Address)
	ts.Check(err)
	ts.Setenv("RELAY_HOST", host)
	ts.Setenv("RELAY_PORT", port)
	ts.Setenv("IMAGE", info.Control.URL+sandbox.ImagePath)
	secretFile("relay.password", sandbox.RelayPassword)
	secretFile("vault.token", info.PBS.Token)
}

// moveTime has the participant that holds time wait for an instant.
func moveTime(ts *testscript.TestScript, instant string) {
	until, err := time.Parse(time.RFC3339, instant)
	ts.Check(err)
	for seq := time.Now().UnixNano(); ; seq++ {
		report, err := json.Marshal(simtime.Report{Seq: uint64(seq), Jump: true, Until: until})
		ts.Check(err)
		resp, err := http.Post(ts.Getenv("SANDBOX")+"/time/participants/"+sandbox.Holder+"/wait", "application/json", bytes.NewReader(report))
		ts.Check(err)
		var m simtime.Moment
		err = json.NewDecoder(resp.Body).Decode(&m)
		resp.Body.Close()
		if err != nil {
			ts.Fatalf("sandbox until %s: %s: %v", instant, resp.Status, err)
		}
		if !m.Now.Before(until) {
			return
		}
	}
}
