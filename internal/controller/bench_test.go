package controller

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
	"codeberg.org/accolade/accolade/internal/store"
)

const fleetSize = 500

// BenchmarkFleet runs the real programs: accoladed with five hundred enrolled boxes, and
// accolade sandbox, another process, with as many simulated boxes behind TLS. One of
// them was enrolled by the real workflow; the others are its likes at addresses of
// their own. Simulated time jumps when nobody works, so that an hour of supervision
// at its default rhythm is as long as its twelve rounds take. All is measured from
// outside, by what the kernel says of the process.
//
// BENCH_REAL_MINUTES=11 has real time instead, for that many minutes.
func BenchmarkFleet(b *testing.B) {
	f := newFarm(b)
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			empty := f.controller(b, b.TempDir())
			f.idle = empty.memory(b)
			empty.stop(b)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(f.idle, "MB")
	})
	run := f.controller(b, f.state)
	b.Run("rounds", func(b *testing.B) { f.rounds(b, run) })
	b.Run("box-list", func(b *testing.B) {
		f.command(b, "box", "list", "--socket", f.socket)
	})
	b.Run("help", func(b *testing.B) { f.command(b, "--help") })
}

// rounds measures one hour of supervision.
func (f *farm) rounds(b *testing.B, run *process) {
	var wall time.Duration
	var used, hours float64
	for b.Loop() {
		before, began := run.processor(b), time.Now()
		hours += f.pass(b).Hours()
		wall += time.Since(began)
		used += run.processor(b) - before
	}
	f.well(b)
	memory, lines := run.memory(b), f.connections(b, run)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(wall.Seconds()/(hours*float64(time.Hour/observeEvery)), "s/sweep")
	b.ReportMetric(used/hours/3600*100, "cpu-%")
	b.ReportMetric(memory, "MB")
	b.ReportMetric(memory-f.idle, "MB-above-idle")
	b.ReportMetric(float64(lines)/fleetSize, "connections/box")
}

// farm is what stands around a controller that is measured.
type farm struct {
	bin    string // folder of the programs
	base   int    // port of the first box
	state  string // folder of the controller that knows all boxes
	socket string
	url    string // control address of the simulated world
	story  *clock.Follower
	ctx    context.Context
	idle   float64
	real   time.Duration // real time instead of simulated; 0: simulated
}

func newFarm(b *testing.B) *farm {
	b.Helper()
	dir := b.TempDir()
	f := &farm{bin: dir, base: freePorts(b, fleetSize+3), state: filepath.Join(dir, "state"), socket: filepath.Join(dir, "socket")}
	if text := os.Getenv("BENCH_REAL_MINUTES"); text != "" {
		n, err := strconv.Atoi(text)
		must(b, err)
		f.real = time.Duration(n) * time.Minute
	}
	build := exec.Command("go", "build", "-o", dir, "codeberg.org/accolade/accolade/cmd/accolade", "codeberg.org/accolade/accolade/cmd/accoladed")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	world := filepath.Join(dir, "world")
	must(b, f.enrolOne(b, world))
	must(b, f.multiply(world))
	line := f.start(b, "accolade", "sandbox", "-o", "json", "--boxes", strconv.Itoa(fleetSize), "--listen", address(f.base), "--state", world).firstLine(b)
	var info sandbox.Info
	must(b, json.Unmarshal(line, &info))
	f.url = info.Control.URL
	if f.real == 0 {
		story, err := clock.Follow(b.Context(), f.url, "story", clock.Hold())
		must(b, err)
		b.Cleanup(func() { story.Close() })
		ctx, done := story.Work(b.Context())
		b.Cleanup(done)
		f.story, f.ctx = story, ctx
	}
	return f
}

// enrolOne enrols a box at the last of the fleet's addresses, by the real workflow, and
// gives the controller that knows it its likes at the others.
func (f *farm) enrolOne(b *testing.B, world string) error {
	o := sandbox.Options{Listen: address(f.base + fleetSize - 1), State: world, Start: time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)}
	w, ctx := newWorldIn(b, o)
	if op := w.wait(ctx, w.enrol(ctx).ID); op.State != operation.Done {
		return fmt.Errorf("the enrolment is %s: %+v", op.State, op.Problem)
	}
	box, err := w.c.services.Fleet.Box("kiosk")
	if err != nil {
		return err
	}
	if err := w.c.db.Update(func(tx store.Tx) error {
		for i := range fleetSize - 1 {
			like := box
			like.Name, like.URL, like.Observed = likeName(i), "https://"+address(f.base+i), fleet.Observation{}
			like.Namespace, like.VaultToken = named(box.Namespace, like.Name), named(box.VaultToken, like.Name)
			if err := fleet.Boxes.Insert(tx, like.Name, like); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := w.c.Close(); err != nil {
		return err
	}
	if err := w.story.Close(); err != nil {
		return err
	}
	if err := w.box.Close(); err != nil {
		return err
	}
	return os.Rename(w.conf.State, f.state)
}

// multiply gives the one box of a sandbox at rest its likes.
func (f *farm) multiply(world string) error {
	file := filepath.Join(world, "sandbox.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var saved struct {
		Version json.RawMessage                       `json:"version"`
		Now     time.Time                             `json:"now"`
		Secrets map[string]map[string]json.RawMessage `json:"secrets"`
		Boxes   map[string]json.RawMessage            `json:"boxes"`
		Vault   any                                   `json:"vault"`
		Relay   json.RawMessage                       `json:"relay"`
	}
	if err := json.Unmarshal(data, &saved); err != nil {
		return err
	}
	if f.real != 0 {
		saved.Now = time.Now()
	}
	model := saved.Boxes["pve1"]
	for i := range fleetSize {
		name := fmt.Sprintf("pve%d", i+1)
		saved.Boxes[name] = model
		if i < fleetSize-1 { // the last stands at the model's address
			saved.Boxes[name] = json.RawMessage(named(string(model), likeName(i)))
		}
		for _, secrets := range saved.Secrets {
			secrets[name] = secrets["pve1"]
		}
	}
	saved.Vault = withLikes(saved.Vault)
	if data, err = json.Marshal(saved); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

const modelName = "kiosk"

func likeName(i int) string { return fmt.Sprintf("box%03d", i) }

func named(text, name string) string { return strings.ReplaceAll(text, modelName, name) }

// withLikes adds to a vault at rest, for what is there of the model (a user, its
// token, their rights, a namespace), the same of each of its likes.
func withLikes(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range maps.Clone(v) {
			if !strings.Contains(key, modelName) {
				v[key] = withLikes(inner)
				continue
			}
			for i := range fleetSize - 1 {
				v[named(key, likeName(i))] = inner
			}
		}
		return v
	case []any:
		all := slices.Clone(v)
		for _, inner := range v {
			right, ok := inner.(map[string]any)
			if id, _ := right["id"].(string); !ok || !strings.Contains(id, modelName) {
				continue
			}
			for i := range fleetSize - 1 {
				like := maps.Clone(right)
				for _, key := range []string{"id", "path"} {
					like[key] = named(fmt.Sprint(right[key]), likeName(i))
				}
				all = append(all, like)
			}
		}
		return all
	}
	return value
}

// pass lets an hour go by, and returns how long that was.
func (f *farm) pass(b *testing.B) time.Duration {
	if f.real != 0 {
		time.Sleep(f.real)
		return f.real
	}
	must(b, f.story.Sleep(f.ctx, time.Hour))
	return time.Hour
}

// controller starts accoladed on a state folder.
func (f *farm) controller(b *testing.B, state string) *process {
	b.Helper()
	config := filepath.Join(f.bin, "accoladed.yaml")
	must(b, os.WriteFile(config, nil, 0o600))
	args := []string{"--config", config, "--state", state, "--socket", f.socket}
	if f.real == 0 {
		args = append(args, "--sandbox", f.url)
	}
	p := f.start(b, "accoladed", args...)
	for range 600 {
		if conn, err := net.Dial("unix", f.socket); err == nil {
			must(b, conn.Close())
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatalf("accoladed does not answer: %s", p.log)
	return nil
}

// connections counts those from the controller to the boxes.
func (f *farm) connections(b *testing.B, run *process) (n int) {
	b.Helper()
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", run.cmd.Process.Pid))
	must(b, err)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "01" { // established
			continue
		}
		_, remote, _ := strings.Cut(fields[2], ":")
		if port, err := strconv.ParseInt(remote, 16, 32); err == nil && int(port) >= f.base && int(port) < f.base+fleetSize {
			n++
		}
	}
	return n
}

// well wants every box to have been asked in the last round, and to be as it should be.
func (f *farm) well(b *testing.B) {
	b.Helper()
	client, err := api.NewClient(api.Options{Socket: f.socket})
	must(b, err)
	boxes, err := client.Boxes(b.Context())
	must(b, err)
	if len(boxes) != fleetSize {
		b.Fatalf("%d boxes, want %d", len(boxes), fleetSize)
	}
	for _, box := range boxes {
		if o := box.Observed; o.Version == "" || o.Error != "" || len(o.Drift) > 0 {
			b.Fatalf("box %s is not well: %+v", box.Name, o)
		}
	}
}

// command times a whole call of accolade, from start to exit.
func (f *farm) command(b *testing.B, args ...string) {
	var all []time.Duration
	for b.Loop() {
		cmd := exec.Command(filepath.Join(f.bin, "accolade"), args...)
		cmd.Stdout = io.Discard
		began := time.Now()
		must(b, cmd.Run())
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-median")
}

// process is one of the programs at work.
type process struct {
	cmd *exec.Cmd
	out io.Reader
	log *bytes.Buffer
}

func (f *farm) start(b *testing.B, program string, args ...string) *process {
	b.Helper()
	p := &process{cmd: exec.Command(filepath.Join(f.bin, program), args...), log: new(bytes.Buffer)}
	p.cmd.Stderr = p.log
	var err error
	p.out, err = p.cmd.StdoutPipe()
	must(b, err)
	must(b, p.cmd.Start())
	b.Cleanup(func() { p.stop(b) })
	return p
}

// stop ends the process and waits for it.
func (p *process) stop(b *testing.B) {
	if p.cmd.ProcessState != nil {
		return
	}
	must(b, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.cmd.Wait(); err != nil {
		b.Errorf("%s: %v\n%s", p.cmd.Path, err, p.log)
	}
}

func (p *process) firstLine(b *testing.B) []byte {
	b.Helper()
	line, err := bufio.NewReader(p.out).ReadBytes('\n')
	if err != nil {
		b.Fatalf("%s: %v\n%s", p.cmd.Path, err, p.log)
	}
	return line
}

// memory is the largest that was resident so far, in MB.
func (p *process) memory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(b, err)
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			must(b, err)
			return kib * 1024 / 1e6
		}
	}
	b.Fatalf("no VmHWM in\n%s", status)
	return 0
}

// processor is what the process has used so far, in seconds.
func (p *process) processor(b *testing.B) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	must(b, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks float64
	for _, i := range []int{11, 12} { // utime and stime, in hundredths of a second
		n, err := strconv.ParseFloat(fields[i], 64)
		must(b, err)
		ticks += n
	}
	return ticks / 100
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePorts finds neighbouring ports that nobody listens at, below those that the
// kernel gives to connections.
func freePorts(b *testing.B, n int) int {
	b.Helper()
	for base := 20000; base+n < 32000; base += 1000 {
		free := true
		for port := base; free && port < base+n; port++ {
			l, err := net.Listen("tcp", address(port))
			if free = err == nil; free {
				must(b, l.Close())
			}
		}
		if free {
			return base
		}
	}
	b.Skip("no neighbouring free ports")
	return 0
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
