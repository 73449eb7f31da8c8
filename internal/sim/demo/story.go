package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

// The afternoon on which the box is carried in. The sandbox runs at wall pace until
// the story holds its time, so it begins a little earlier.
var arrival = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC) // 14:00 in Paris

// seed gives the sandbox its secrets and all else that looks random.
const seed = 1

func (s *story) startSandbox(ctx context.Context) error {
	version := s.opts.PVE
	if version == "" {
		version = "9.2"
	}
	log, err := s.open("sandbox.log")
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own copy
	cmd := exec.Command(s.opts.Accolade, "sandbox", "--boxes", "1", "--pve", version, "--seed", strconv.Itoa(seed),
		"--listen", "127.0.0.1:0", "--start", arrival.Add(-time.Minute).Format(time.RFC3339), "-o", "json")
	cmd.Env, cmd.Stderr = unset(), log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if s.sandbox, err = start("the sandbox", cmd); err != nil {
		return err
	}
	line, err := firstLine(ctx, s.sandbox, out)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, &s.info); err != nil {
		return fmt.Errorf("the sandbox's line: %w: %s", err, line)
	}
	if s.clock, err = clock.Follow(ctx, s.info.Control.URL, "story", clock.Hold()); err != nil {
		return err
	}
	s.ctx, s.endWork = s.clock.Work(ctx)
	if err := s.clock.SleepUntil(s.ctx, arrival); err != nil {
		return err
	}
	b := s.info.PVE[0]
	s.out.line("box %s at %s, Proxmox VE %s", b.Name, b.URL, version)
	s.out.line("vault at %s, relay at %s", s.info.PBS.URL, s.info.SMTP.Address)
	s.out.line("it is %s", s.clock.Now().In(s.paris).Format("Monday 2 January 2006, 15:04 MST"))
	return nil
}

func (s *story) socket() string { return filepath.Join(s.runtime, "accoladed.sock") }

func (s *story) configFile() string { return filepath.Join(s.dir, "accoladed.yaml") }

func (s *story) startController(ctx context.Context) error {
	files := map[string]string{
		"accoladed.yaml": fmt.Sprintf(config, filepath.Join(s.dir, "state"), s.socket(), filepath.Join(s.dir, "offers.yaml"),
			relayHost(s.info.SMTP), relayPort(s.info.SMTP), filepath.Join(s.runtime, "relay-password")),
		"offers.yaml":    offers,
		"blueprint.yaml": fmt.Sprintf(blueprint, s.info.Control.URL+sandbox.ImagePath),
		"users.csv":      users(),
		"arrival.csv":    arrivalUsers,
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(s.runtime, "relay-password"), []byte(sandbox.RelayPassword+"\n"), 0o600); err != nil {
		return err
	}
	if err := s.runController(ctx); err != nil {
		return err
	}
	s.out.line("accoladed runs; its log is %s", s.logs.Name())
	return nil
}

// runController starts accoladed and waits, in real time, until it answers.
func (s *story) runController(ctx context.Context) error {
	cmd := exec.Command(s.opts.Accoladed, "--config", s.configFile(), "--sandbox", s.info.Control.URL)
	if cmd.Env = s.environ; cmd.Env == nil {
		cmd.Env = unset()
	}
	cmd.Stdout, cmd.Stderr = s.logs, s.logs
	var err error
	if s.controller, err = start("accoladed", cmd); err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute) // a busy machine takes its time
	for {
		_, err := s.accolade(ctx, "", "version")
		if err == nil {
			return nil
		}
		if gone := s.controller.ended(); gone != nil {
			return fmt.Errorf("%w; the end of its log:\n%s", gone, s.tail())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("accoladed does not answer: %w", err)
		}
		time.Sleep(50 * time.Millisecond) // real: another process starts
	}
}

func (s *story) tail() string {
	log, err := os.ReadFile(s.logs.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

const (
	clientName = "atelier-horizon"
	boxName    = "horizon"
	serverName = "horizon"
)

func (s *story) writeContract(ctx context.Context) error {
	for _, args := range [][]string{
		{"client", "add", "Atelier Horizon", "--kind", "business", "--siren", "732829320",
			"--address", "12 quai des Indes", "--postcode", "56100", "--city", "Lorient"},
		{"contact", "add", clientName, "Maëlle Le Gall", "--role", "billing", "--mail", "maelle@horizon.example"},
		{"contract", "add", clientName, "--offer", "classic", "--start", "2026-09-15", "--employees", "12"},
		{"site", "add", "quai-des-indes", "--address", "12 quai des Indes, 56100 Lorient", "--travel", "bike", "--minutes", "10"},
	} {
		if err := s.do(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) enrolBox(ctx context.Context) error {
	id, err := s.beginEnrolment(ctx)
	if err != nil {
		return err
	}
	return s.finish(ctx, id, nil)
}

func (s *story) beginEnrolment(ctx context.Context) (id string, err error) {
	b := s.info.PVE[0]
	vault := []string{"vault", "add", "central", "--url", s.info.PBS.URL, "--fingerprint", s.info.PBS.Fingerprint,
		"--datastore", s.info.PBS.Datastore, "--token-file", "-"}
	s.out.line("$ accolade %s", shown(vault))
	if _, err := s.accolade(ctx, s.info.PBS.Token+"\n", vault...); err != nil {
		return "", err
	}
	enrol := []string{"box", "enrol", boxName, "--url", b.URL, "--fingerprint", b.Fingerprint, "--site", "quai-des-indes",
		"--vault", "central", "--client", clientName, "--credential-file", "-", "--yes", "--detach", "-o", "json"}
	s.out.line("$ accolade %s", shown(enrol))
	return s.begin(ctx, b.Token+"\n", enrol...)
}

// begin runs a command that answers at once with the operation that it began.
func (s *story) begin(ctx context.Context, stdin string, args ...string) (id string, err error) {
	out, err := s.accolade(ctx, stdin, args...)
	if err != nil {
		return "", err
	}
	var op operation
	if err := json.Unmarshal([]byte(out), &op); err != nil || op.ID == "" {
		return "", fmt.Errorf("accolade %s: no operation in its answer: %.200s", strings.Join(args, " "), out)
	}
	return op.ID, nil
}

// killAtStep is where the controller dies: the box makes the virtual machine, the
// most dangerous moment there is.
const killAtStep = "machine"

func (s *story) beginProvisioning(ctx context.Context) (id string, err error) {
	provision := []string{"server", "provision", "--name", serverName, "--client", clientName, "--box", boxName,
		"--blueprint", filepath.Join(s.dir, "blueprint.yaml"), "--users", filepath.Join(s.dir, "users.csv"), "--detach", "-o", "json"}
	s.out.line("$ accolade %s", shown(provision))
	return s.begin(ctx, "", provision...)
}

func (s *story) provisionServer(ctx context.Context) error {
	id, err := s.beginProvisioning(ctx)
	if err != nil {
		return err
	}
	err = s.finish(ctx, id, func(op operation) (bool, error) { return op.Step == killAtStep, nil })
	if err != nil {
		return err
	}
	if err := s.controller.kill(); err != nil {
		return err
	}
	s.figures.Kills++
	s.out.line("SIGKILL to accoladed while the box makes the virtual machine; time stands still")
	if err := s.runController(ctx); err != nil {
		return err
	}
	s.out.line("accoladed runs again and goes on")
	return s.finish(ctx, id, nil)
}

// sevenWeeks lets the schedules run and asks the storages every morning.
func (s *story) sevenWeeks(ctx context.Context) error {
	last := time.Date(2026, 11, 1, 8, 0, 0, 0, s.paris)
	for day := time.Date(2026, 9, 15, 8, 0, 0, 0, s.paris); !day.After(last); day = day.AddDate(0, 0, 1) {
		if err := s.nightBefore(ctx, day); err != nil {
			return err
		}
		if err := s.clock.SleepUntil(s.ctx, day); err != nil {
			return err
		}
		if err := s.morning(ctx, day); err != nil {
			return err
		}
		if day.Format(time.DateOnly) == arrivalDay {
			if err := s.arrive(ctx); err != nil {
				return err
			}
		}
		for _, entry := range work[day.Format(time.DateOnly)] {
			if err := s.do(ctx, entry...); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrivalDay is the day before a thirteenth employee comes: the account is made, and the
// headcount entered. Without the one, the look of the next morning would ask why.
const arrivalDay = "2026-10-19"

func (s *story) arrive(ctx context.Context) error {
	command := []string{"server", "users", "import", serverName, filepath.Join(s.dir, "arrival.csv"), "--detach", "-o", "json"}
	s.out.line("$ accolade %s", shown(command))
	id, err := s.begin(ctx, "", command...)
	if err != nil {
		return err
	}
	return s.finish(ctx, id, nil)
}

// vaultAway is the day before whose morning the vault is gone from 02:00 to 05:00.
const vaultAway = "2026-10-08"

func (s *story) nightBefore(ctx context.Context, day time.Time) error {
	if day.Format(time.DateOnly) != vaultAway {
		return nil
	}
	y, m, d := day.Date()
	if err := s.until(y, m, d, 2, 0); err != nil {
		return err
	}
	back, err := s.addFault(ctx, fault.Rule{Target: "vault", Kind: fault.Refused, Count: -1})
	if err != nil {
		return err
	}
	s.out.line("%s 02:00  the vault is away", vaultAway)
	if err := s.until(y, m, d, 5, 0); err != nil {
		return err
	}
	s.out.line("%s 05:00  the vault is back", vaultAway)
	return back(ctx)
}

// morning counts the night's backups as the storages list them at 08:00.
func (s *story) morning(ctx context.Context, day time.Time) error {
	y, m, d := day.Date()
	evening := time.Date(y, m, d-1, 20, 0, 0, 0, s.paris)
	local, err := s.localPoint(ctx, evening)
	if err != nil {
		return err
	}
	remote, err := s.remotePoint(ctx, evening)
	if err != nil {
		return err
	}
	s.figures.Nights++
	if local {
		s.figures.LocalBackups++
	}
	if remote {
		s.figures.RemoteBackups++
	}
	date := day.Format(time.DateOnly)
	if !local || !remote {
		s.out.line("%s 08:00  MISSING: local backup %t, remote backup %t", date, local, remote)
	} else if day.Weekday() == time.Monday || date == vaultAway {
		s.out.line("%s 08:00  %d nights, %d local and %d remote backups listed", date, s.figures.Nights, s.figures.LocalBackups, s.figures.RemoteBackups)
	}
	return nil
}

// countUp asks for what the story came to, and gathers the documents.
func (s *story) countUp(ctx context.Context) error {
	var boxes, servers []json.RawMessage
	if err := s.ask(ctx, &boxes, "box", "list"); err != nil {
		return err
	}
	if err := s.ask(ctx, &servers, "server", "list"); err != nil {
		return err
	}
	vms, err := s.vms(ctx)
	if err != nil {
		return err
	}
	s.figures.Boxes, s.figures.Servers, s.figures.VMsOnBox = len(boxes), len(servers), vms
	audit, err := s.accolade(ctx, "", "audit", "list", "--from", "1", "-o", "json")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "audit.json"), []byte(audit), 0o600); err != nil {
		return err
	}
	for _, check := range [][]string{{"audit", "verify"}, {"doctor"}, {"status"}} {
		s.out.line("$ accolade %s", shown(check))
		said, err := s.accolade(ctx, "", check...)
		for line := range strings.Lines(said) {
			s.out.line("%s", strings.TrimRight(line, "\n"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *story) countMonth(ctx context.Context, month string) error {
	var shown struct {
		Invoices []struct {
			Number string `json:"number"`
			Total  int64  `json:"total"`
		} `json:"invoices"`
	}
	if err := s.ask(ctx, &shown, "month", "show", month); err != nil {
		return err
	}
	for _, inv := range shown.Invoices {
		s.figures.Invoices++
		s.figures.TotalCents += inv.Total
		s.out.line("invoice %s: %d.%02d EUR", inv.Number, inv.Total/100, inv.Total%100)
	}
	return s.do(ctx, "month", "export", month, "--to", filepath.Join(s.dir, month))
}

func (s *story) tellHowToGoOn() {
	s.out.chapter("Still running")
	s.out.line("  export ACCOLADE_SOCKET=%s", s.socket())
	s.out.line("  %s status", s.opts.Accolade)
	s.out.line("  %s box show %s", s.opts.Accolade, boxName)
	s.out.line("  %s backup list", s.opts.Accolade)
	s.out.line("end it with: kill %d %d", s.controller.cmd.Process.Pid, s.sandbox.cmd.Process.Pid)
}
