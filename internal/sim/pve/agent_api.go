package pve

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// The agent's commands without parameters, each with its own method and all of them
// behind the old POST …/agent with a parameter "command".
var agentCommands = map[string]struct {
	verb string
	do   func(c *call, g *guest.Guest) (any, error)
}{
	"ping":                   {"POST", func(*call, *guest.Guest) (any, error) { return map[string]any{}, nil }},
	"info":                   {"GET", agentInfo},
	"get-osinfo":             {"GET", agentOSInfo},
	"get-host-name":          {"GET", func(_ *call, g *guest.Guest) (any, error) { return map[string]any{"host-name": g.Hostname()}, nil }},
	"get-time":               {"GET", func(c *call, _ *guest.Guest) (any, error) { return c.now.UnixNano(), nil }},
	"get-timezone":           {"GET", agentTimezone},
	"get-fsinfo":             {"GET", agentFS},
	"get-users":              {"GET", func(*call, *guest.Guest) (any, error) { return []any{}, nil }},
	"get-vcpus":              {"GET", agentCPUs},
	"network-get-interfaces": {"GET", agentInterfaces},
	"fsfreeze-status":        {"POST", agentFreezeStatus},
	"fsfreeze-freeze":        {"POST", func(c *call, g *guest.Guest) (any, error) { return g.Freeze(c.now) }},
	"fsfreeze-thaw":          {"POST", func(c *call, g *guest.Guest) (any, error) { return g.Thaw(c.now) }},
	"fstrim":                 {"POST", agentTrim},
	"shutdown": {"POST", func(c *call, g *guest.Guest) (any, error) {
		g.Shutdown(c.now)
		return nil, nil
	}},
}

// agentUnsupported are commands that the guest's agent refuses.
var agentUnsupported = map[string]string{
	"get-memory-blocks": "GET", "get-memory-block-info": "GET", "suspend-disk": "POST", "suspend-ram": "POST", "suspend-hybrid": "POST",
}

var _ = func() bool {
	base := " /nodes/{node}/qemu/{vmid}/agent"
	for name, command := range agentCommands {
		handle(command.verb+base+"/"+name, func(c *call) (any, error) { return c.agentCommand(name) })
	}
	for name, verb := range agentUnsupported {
		handle(verb+base+"/"+name, func(c *call) (any, error) { return c.agentCommand(name) })
	}
	handle("POST"+base, func(c *call) (any, error) { return c.agentCommand(c.p.Str("command")) })
	handle("GET"+base, agentIndex)
	handle("POST"+base+"/exec", agentExec)
	handle("GET"+base+"/exec-status", agentExecStatus)
	handle("GET"+base+"/file-read", agentFileRead)
	handle("POST"+base+"/file-write", agentFileWrite)
	return true
}()

func agentIndex(c *call) (any, error) {
	var names []string
	for name := range agentCommands {
		names = append(names, name)
	}
	for name := range agentUnsupported {
		names = append(names, name)
	}
	names = append(names, "exec", "exec-status", "file-read", "file-write", "set-user-password")
	slices.Sort(names)
	return subdirs("name", names...), nil
}

// agent is the guest whose agent a call speaks to.
func (c *call) agent() (*guest.Guest, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	switch {
	case v.Config["agent"] == "":
		return nil, failf("No QEMU guest agent configured")
	case !v.running():
		return nil, failf("VM %d is not running", v.ID)
	}
	if v.live() {
		v.Guest.Advance(c.now)
		c.box.guestOff(v, c.now)
	}
	if !v.agentUp() {
		return nil, failf("QEMU guest agent is not running")
	}
	return v.Guest, nil
}

// agentCommand does a command without parameters: {"result": …}.
func (c *call) agentCommand(name string) (any, error) {
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	command, ok := agentCommands[name]
	if !ok {
		return map[string]any{"result": map[string]any{"error": map[string]any{
			"class": "CommandNotFound", "desc": "The command guest-" + name + " has been disabled for this instance",
		}}}, nil
	}
	result, err := command.do(c, g)
	if errors.Is(err, guest.ErrAgentDown) {
		return nil, failf("QEMU guest agent is not running")
	}
	if err != nil {
		result = map[string]any{"error": map[string]any{"class": "GenericError", "desc": err.Error()}}
	}
	return map[string]any{"result": result}, nil
}

// supported are the commands that the agent says it has.
var supported = strings.Fields("ping info get-osinfo get-host-name get-time get-timezone get-fsinfo get-users get-vcpus network-get-interfaces fsfreeze-status fsfreeze-freeze fsfreeze-thaw fstrim shutdown exec exec-status file-open file-read file-write file-close")

func agentInfo(*call, *guest.Guest) (any, error) {
	var commands []any
	for _, name := range supported {
		commands = append(commands, map[string]any{"name": "guest-" + name, "enabled": true, "success-response": true})
	}
	return map[string]any{"version": "7.2.17", "supported_commands": commands}, nil
}

func agentOSInfo(_ *call, g *guest.Guest) (any, error) {
	os := g.OSInfo()
	return map[string]any{
		"id": os.ID, "name": os.Name, "pretty-name": os.PrettyName, "version": os.Version, "version-id": os.VersionID,
		"kernel-release": os.KernelRelease, "kernel-version": os.KernelVersion, "machine": os.Machine,
	}, nil
}

func agentTimezone(_ *call, g *guest.Guest) (any, error) {
	name, offset := g.Timezone()
	return map[string]any{"zone": name, "offset": int64(offset.Seconds())}, nil
}

func agentFS(_ *call, g *guest.Guest) (any, error) {
	list := []any{}
	for _, fs := range g.FileSystems() {
		list = append(list, map[string]any{
			"name": fs.Name, "mountpoint": fs.Mountpoint, "type": fs.Type, "total-bytes": fs.Total, "used-bytes": fs.Used, "disk": []any{},
		})
	}
	return list, nil
}

func agentCPUs(_ *call, g *guest.Guest) (any, error) {
	list := []any{}
	for n := range g.Hardware.Cores {
		list = append(list, map[string]any{"logical-id": n, "online": true, "can-offline": n > 0})
	}
	return list, nil
}

func agentInterfaces(_ *call, g *guest.Guest) (any, error) {
	list := []any{}
	for _, in := range g.Interfaces() {
		addresses := []any{}
		for _, a := range in.Addresses {
			kind := "ipv4"
			if a.Addr().Is6() {
				kind = "ipv6"
			}
			addresses = append(addresses, map[string]any{"ip-address": a.Addr().String(), "ip-address-type": kind, "prefix": a.Bits()})
		}
		list = append(list, map[string]any{"name": in.Name, "hardware-address": in.MAC, "ip-addresses": addresses})
	}
	return list, nil
}

func agentFreezeStatus(_ *call, g *guest.Guest) (any, error) {
	if g.Frozen() {
		return "frozen", nil
	}
	return "thawed", nil
}

func agentTrim(*call, *guest.Guest) (any, error) {
	return map[string]any{"paths": []any{map[string]any{"path": "/", "minimum": 0, "trimmed": 0}}}, nil
}

// narrow gives the bytes that Perl's base64 makes of a text: one for each character,
// which is why text beyond Latin-1 is refused and accents do not arrive as UTF-8.
func narrow(text, file string) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil, failf("Wide character in subroutine entry at /usr/share/perl5/%s.", file)
		}
		out = append(out, byte(r))
	}
	return out, nil
}

// widen is the way back: each byte becomes a character.
func widen(data []byte) string {
	var out strings.Builder
	for _, c := range data {
		out.WriteRune(rune(c))
	}
	return out.String()
}

func agentExec(c *call) (any, error) {
	argv := c.p.List("command")
	if len(argv) == 0 {
		return nil, failf("command or input-data (or both) required")
	}
	var stdin []byte
	if c.p.Has("input-data") {
		var err error
		if stdin, err = narrow(c.p.Str("input-data"), "PVE/QemuServer/Agent.pm line 143"); err != nil {
			return nil, err
		}
	}
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	pid, err := g.Exec(c.now, argv, stdin)
	if err != nil {
		return nil, agentError(err)
	}
	return map[string]any{"pid": pid}, nil
}

// agentError is how an error of the agent reaches the caller.
func agentError(err error) error {
	if errors.Is(err, guest.ErrAgentDown) {
		return failf("QEMU guest agent is not running")
	}
	text := err.Error()
	if strings.HasPrefix(text, "Guest agent command failed") || strings.HasPrefix(text, "Agent error") {
		return failf("%s", text)
	}
	return failf("Agent error: %s", text)
}

func agentExecStatus(c *call) (any, error) {
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	s, err := g.ExecStatus(int(c.p.Int("pid")))
	if err != nil {
		return nil, agentError(err)
	}
	out := map[string]any{"exited": bit(s.Exited)}
	if !s.Exited {
		return out, nil
	}
	out["exitcode"] = s.ExitCode
	if s.Signal != 0 {
		delete(out, "exitcode")
		out["signal"] = s.Signal
	}
	if len(s.Out) > 0 {
		out["out-data"] = widen(s.Out)
	}
	if len(s.Err) > 0 {
		out["err-data"] = widen(s.Err)
	}
	if s.OutCut {
		out["out-truncated"] = 1
	}
	if s.ErrCut {
		out["err-truncated"] = 1
	}
	return out, nil
}

// maxAgentRead is how much of a file one call reads.
const maxAgentRead = 16 << 20

func agentFileRead(c *call) (any, error) {
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	data, err := g.ReadFile(c.p.Str("file"))
	if err != nil {
		return nil, agentError(err)
	}
	data = data[min(int64(len(data)), c.p.Int("offset")):]
	limit := min(maxAgentRead, c.p.IntOr("count", maxAgentRead))
	out := map[string]any{}
	if int64(len(data)) > limit {
		data = data[:limit]
		out["truncated"] = 1
	}
	out["bytes-read"] = len(data)
	if c.p.BoolOr("decode", true) {
		out["content"] = widen(data)
	} else {
		out["content"] = base64.StdEncoding.EncodeToString(data)
	}
	return out, nil
}

func agentFileWrite(c *call) (any, error) {
	text := c.p.Str("content")
	var data []byte
	var err error
	if c.p.BoolOr("encode", true) {
		if data, err = narrow(text, "PVE/API2/Qemu/Agent.pm line 564"); err != nil {
			return nil, err
		}
	}
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	if !c.p.BoolOr("encode", true) {
		if data, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil {
			return nil, failf("Agent error: Invalid parameter 'buf-b64'")
		}
	}
	if err := g.WriteFile(c.now, c.p.Str("file"), data); err != nil {
		return nil, agentError(err)
	}
	return nil, nil
}

// agentPings is used where a task looks for the agent.
func (b *Box) agentPings(v *vm, now time.Time) bool {
	if v.live() && !v.Paused {
		v.Guest.Advance(now)
	}
	return v.agentUp()
}
