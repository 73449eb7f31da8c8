package pve

import (
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

// agentPings is used where a task looks for the agent.
func (b *Box) agentPings(v *vm, now time.Time) bool {
	if v.live() && !v.Paused {
		v.Guest.Advance(now)
	}
	return v.agentUp()
}
