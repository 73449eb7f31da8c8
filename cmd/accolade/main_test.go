package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/controller/daemon"
	"codeberg.org/accolade/accolade/internal/racetest"
)

// The scripts in testdata/script run both programs as they are, and double as
// examples of every verb. Under the race detector it looks at the controller; accolade
// is built without it, since eight hundred commands that each take three times as long
// find no race in a program that does one thing and ends.
func TestMain(m *testing.M) {
	programs := map[string]func(){
		"accolade": main,
		"accoladed": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
			stop()
			os.Exit(code)
		},
	}
	if !racetest.On {
		testscript.Main(m, programs)
	}
	delete(programs, "accolade")
	testscript.Main(raced{m}, programs)
}

// raced are the tests under the race detector.
type raced struct{ *testing.M }

// Run implements testscript.TestingM.
func (r raced) Run() int {
	folder, err := plainCommand()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := r.M.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// plainCommand builds accolade without the race detector, and puts it in PATH.
func plainCommand() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "accolade-"); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", folder+"/", ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build accolade: %w\n%s", err, out)
	}
	return folder, os.Setenv("PATH", folder+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars,
				"HOME="+e.WorkDir, "NO_COLOR=1",
				"GORACE=atexit_sleep_ms=0", // or each command under the race detector sleeps a second before it ends
				"ACCOLADE_STATE="+filepath.Join(e.WorkDir, "state"),
				"ACCOLADE_SOCKET="+filepath.Join(e.WorkDir, "sock"),
				"YEAR="+calendar.Of(time.Now(), calendar.Paris()).String()[:4], // of numbers that are given today
			)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"controller": controllerCommand,
			"dolibarr":   dolibarrCommand,
			"relay":      relayCommand,
			"sandbox":    sandboxCommand,
		},
	})
}

// process is a background program of a script.
type process struct {
	cmd    *exec.Cmd
	output *bytes.Buffer
	ended  chan error
}

var controllers sync.Map // *testscript.TestScript → *process

// controllerCommand starts and stops accoladed:
//
//	controller start [FLAG…]   returns once it says that it is ready
//	controller stop            asks it to stop and waits; its log becomes the script's stderr
//	controller kill            as a power cut does
func controllerCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		ts.Fatalf("usage: controller start|stop|kill")
	}
	switch args[0] {
	case "start":
		p, err := startController(ts, args[1:])
		if err != nil {
			ts.Fatalf("controller: %v", err)
		}
		controllers.Store(ts, p)
		ts.Defer(func() { p.end(syscall.SIGKILL) })
	case "stop", "kill":
		v, ok := controllers.LoadAndDelete(ts)
		if !ok {
			ts.Fatalf("no controller runs")
		}
		sig := syscall.SIGTERM
		if args[0] == "kill" {
			sig = syscall.SIGKILL
		}
		p := v.(*process)
		err := p.end(sig)
		ts.Logf("controller: %v\n%s", err, p.output)
		if args[0] == "stop" && err != nil {
			ts.Fatalf("the controller ended with %v", err)
		}
	}
}

func startController(ts *testscript.TestScript, flags []string) (*process, error) {
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: ts.MkAbs("notify"), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer os.Remove(ts.MkAbs("notify"))
	defer ready.Close()
	p := &process{cmd: exec.Command("accoladed", flags...), output: &bytes.Buffer{}}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	for _, name := range []string{"PATH", "HOME", "ACCOLADE_STATE", "ACCOLADE_SOCKET", "TMPDIR", "GORACE"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+ts.Getenv(name))
	}
	p.cmd.Env = append(p.cmd.Env, "NOTIFY_SOCKET="+ts.MkAbs("notify"))
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	said := make(chan string, 1)
	go func() {
		buf := make([]byte, 256)
		n, err := ready.Read(buf)
		if err == nil {
			said <- string(buf[:n])
		}
	}()
	go func() { ended <- p.cmd.Wait() }()
	select {
	case word := <-said:
		if !strings.Contains(word, "READY=1") {
			return nil, fmt.Errorf("it says %q", word)
		}
	case err := <-ended:
		return nil, fmt.Errorf("it ended before it was ready: %w\n%s", err, p.output)
	}
	p.ended = ended
	return p, nil
}

// end sends a signal and waits for the end.
func (p *process) end(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return <-p.ended
}
