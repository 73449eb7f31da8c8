package guest

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// ErrAgentDown is the answer of a machine whose guest agent does not run.
var ErrAgentDown = errors.New("QEMU guest agent is not running")

// Status is what guest-exec-status tells of a process. Out and Err are raw bytes
// (PVE decodes the agent's base64). A process whose end was told is forgotten.
type Status struct {
	Exited         bool
	ExitCode       int
	Signal         int // 0 when it ended by itself
	Out, Err       []byte
	OutCut, ErrCut bool // more than 16 MiB: the rest is gone
}

// OSInfo is the answer to guest-get-osinfo.
type OSInfo struct {
	ID, Name, PrettyName, Version, VersionID, KernelRelease, KernelVersion, Machine string
}

// FSInfo is one mounted file system of guest-get-fsinfo. Sizes are bytes.
type FSInfo struct {
	Name, Mountpoint, Type string
	Total, Used            int64
}

// Exec starts argv in the guest at now, as root, in /, with stdin, and returns its
// pid. An unknown program is an error here, not an exit status, as qemu-ga has it.
// The output's limit is 16 MiB each way; the input's is the caller's to check.
func (g *Guest) Exec(now time.Time, argv []string, stdin []byte) (int, error) {
	g.Advance(now)
	if !g.AgentUp() {
		return 0, ErrAgentDown
	}
	if len(argv) == 0 || !g.runnable(argv[0]) {
		return 0, fmt.Errorf("Guest agent command failed, error was 'Failed to execute child process \u201c%s\u201d (No such file or directory)'", strings.Join(argv[:min(1, len(argv))], ""))
	}
	p := g.spawn(argv, stdin)
	g.runDue()
	return p.PID, nil
}

// runnable says whether a program can be executed: one of ours, or an executable file.
func (g *Guest) runnable(name string) bool {
	if strings.Contains(name, "/") {
		fi, err := g.stat(name)
		return err == nil && !fi.IsDir() && fi.Mode()&0o111 != 0
	}
	return g.installed(name)
}

// ExecStatus tells how the process of an Exec does; the end is told once.
func (g *Guest) ExecStatus(pid int) (Status, error) {
	p := g.process(pid)
	if p == nil {
		return Status{}, fmt.Errorf("Guest agent command failed, error was 'PID %d does not exist'", pid)
	}
	if !p.Done {
		return Status{}, nil
	}
	g.forget(pid)
	st := Status{Exited: true, ExitCode: p.Exit, Out: p.Out, Err: p.Err}
	if st.OutCut = len(st.Out) > maxOutput; st.OutCut {
		st.Out = st.Out[:maxOutput]
	}
	if st.ErrCut = len(st.Err) > maxOutput; st.ErrCut {
		st.Err = st.Err[:maxOutput]
	}
	return st, nil
}

// ReadFile reads a file through the agent.
func (g *Guest) ReadFile(path string) ([]byte, error) {
	if !g.AgentUp() {
		return nil, ErrAgentDown
	}
	data, err := g.readFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to open file '%s' (mode: 'r'): No such file or directory", path)
	}
	return data, nil
}

// WriteFile writes a file through the agent: mode 0644, owner root.
func (g *Guest) WriteFile(now time.Time, path string, data []byte) error {
	g.Advance(now)
	if !g.AgentUp() {
		return ErrAgentDown
	}
	if err := g.writeFile(path, data, 0o644); err != nil {
		return fmt.Errorf("failed to open file '%s' (mode: 'w'): %s", path, why(err))
	}
	return nil
}

// Freeze is fs-freeze; it returns the number of file systems.
func (g *Guest) Freeze(now time.Time) (int, error) {
	g.Advance(now)
	if !g.AgentUp() {
		return 0, ErrAgentDown
	}
	g.FrozenAt = now
	return 1, nil
}

// Thaw is fs-thaw; it returns the number of file systems.
func (g *Guest) Thaw(now time.Time) (int, error) {
	g.Advance(now)
	if !g.AgentUp() {
		return 0, ErrAgentDown
	}
	n := 0
	if g.Frozen() {
		n = 1
	}
	g.FrozenAt = time.Time{}
	return n, nil
}

// Frozen says whether the guest's file systems are frozen.
func (g *Guest) Frozen() bool { return !g.FrozenAt.IsZero() }

// OSInfo is what the agent tells of the operating system.
func (g *Guest) OSInfo() OSInfo {
	if g.disk.OS == debian13 {
		return OSInfo{"debian", "Debian GNU/Linux", "Debian GNU/Linux 13 (trixie)", "13 (trixie)", "13", "6.12.48+deb13-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)", "x86_64"}
	}
	return OSInfo{"debian", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)", "12 (bookworm)", "12", "6.1.0-40-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)", "x86_64"}
}

// Hostname is the guest's short host name.
func (g *Guest) Hostname() string { return g.disk.Hostname }

// Interfaces lists lo and the network cards with their addresses now.
func (g *Guest) Interfaces() []Interface {
	lo := Interface{Name: "lo", MAC: "00:00:00:00:00:00", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")}}
	return append([]Interface{lo}, g.Network...)
}

// FileSystems is what the agent tells of mounted file systems.
func (g *Guest) FileSystems() []FSInfo {
	total, used := g.space()
	return []FSInfo{{Name: "sda1", Mountpoint: "/", Type: "ext4", Total: total, Used: used}}
}

// Timezone is the guest's time zone and its offset from UTC now.
func (g *Guest) Timezone() (name string, offset time.Duration) {
	zone, err := time.LoadLocation(g.disk.Timezone)
	if err != nil {
		zone = time.UTC
	}
	name, seconds := g.Now.In(zone).Zone()
	return name, time.Duration(seconds) * time.Second
}
