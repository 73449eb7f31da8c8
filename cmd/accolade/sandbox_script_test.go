package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
//	sandbox until INSTANT      moves simulated time to that instant and no further
//	sandbox during COMMAND…    does what exec does, and lets simulated time pass meanwhile
//
// It runs until the script ends, on ports that are free, from a Tuesday morning on. Time
// stands still but for the last two: at a fixed pace a busy machine would see clocks that
// differ and counterparts that do not answer. --hold=false has it pass by itself. It sets:
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
	switch {
	case !neg && len(args) > 0 && args[0] == "start":
		startSandbox(ts, args[1:])
	case !neg && len(args) == 2 && args[0] == "until":
		until, err := time.Parse(time.RFC3339, args[1])
		ts.Check(err)
		for now := (time.Time{}); now.Before(until); {
			now, err = moveTime(ts.Getenv("SANDBOX"), until)
			ts.Check(err)
		}
	case !neg && len(args) > 1 && args[0] == "during":
		ts.Check(during(ts, args[1], args[2:]...))
	default:
		ts.Fatalf("usage: sandbox start [FLAG…], sandbox until INSTANT, sandbox during COMMAND…")
	}
}

func startSandbox(ts *testscript.TestScript, flags []string) {
	flags = append([]string{"sandbox", "-o", "json", "--listen", "127.0.0.1:0", "--start", "2026-09-15T08:00:00Z", "--hold"}, flags...)
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

// during runs a command, and lets time pass in small steps for as long as that takes.
func during(ts *testscript.TestScript, command string, args ...string) error {
	ctx, over := context.WithCancel(context.Background())
	passed := make(chan error, 1)
	control := ts.Getenv("SANDBOX")
	go func() { passed <- passTime(ctx, control) }()
	err := ts.Exec(command, args...)
	over()
	return errors.Join(err, <-passed)
}

func passTime(ctx context.Context, control string) error {
	resp, err := http.Get(control + "/time")
	if err != nil {
		return err
	}
	now, err := readTime(resp)
	for err == nil && ctx.Err() == nil {
		now, err = moveTime(control, now.Add(2*time.Second))
	}
	return err
}

// moveTime has the participant that holds time wait for an instant, and returns where
// time has come to.
func moveTime(control string, until time.Time) (now time.Time, err error) {
	report, err := json.Marshal(simtime.Report{Seq: uint64(time.Now().UnixNano()), Jump: true, Until: until})
	if err != nil {
		return now, err
	}
	resp, err := http.Post(control+"/time/participants/"+sandbox.Holder+"/wait", "application/json", bytes.NewReader(report))
	if err != nil {
		return now, err
	}
	return readTime(resp)
}

func readTime(resp *http.Response) (time.Time, error) {
	defer resp.Body.Close()
	var m simtime.Moment
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		return m.Now, fmt.Errorf("the time of the sandbox: %s: %w", resp.Status, err)
	}
	return m.Now, nil
}
