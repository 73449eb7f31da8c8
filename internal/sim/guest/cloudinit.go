package guest

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// bootRun is cloud-init at work in one boot. Its steps follow from the seed; At is
// the next one.
type bootRun struct {
	At      int       `json:"at"`
	PID     int       `json:"pid,omitempty"` // of the script that the step waits for
	Fresh   bool      `json:"fresh"`         // an instance that the disk has not seen
	Begun   time.Time `json:"begun"`
	Missing []string  `json:"missing,omitempty"` // commands that are not simulated
	Waiting bool      `json:"waiting,omitempty"` // the step at At takes its time
}

// bootStep is one step: it takes time, then it does, or it runs a script.
type bootStep struct {
	stage  string // as cloud-init status names it
	module string
	time   func(g *Guest, u *userData) time.Duration
	do     func(g *Guest, u *userData) error
	script func(g *Guest, u *userData) (string, error) // what it runs, empty for nothing
	always bool                                        // on every boot, not only on the first one of an instance
	late   bool                                        // not after an error before it
}

// bootSteps are cloud-init's modules in their order.
func bootSteps() []bootStep {
	return []bootStep{
		{stage: "init-local", module: "network", time: networkDuration, do: setNetwork, always: true},
		{stage: "init", module: "bootcmd", script: bootcmd, always: true, late: true},
		{stage: "init", module: "write_files", do: writeFiles},
		{stage: "init", module: "growpart", time: fixed(time.Second), do: growRoot, always: true},
		{stage: "init", module: "set_hostname", do: setHostname},
		{stage: "init", module: "users_groups", time: fixed(time.Second), do: setUsers},
		{stage: "modules-config", module: "set_passwords", do: setPasswords},
		{stage: "modules-config", module: "locale", time: fixed(2 * time.Second), do: setLocale},
		{stage: "modules-config", module: "timezone", do: setTimezone},
		{stage: "modules-config", module: "swap", do: setSwap},
		{stage: "modules-config", module: "ntp", do: setNTP},
		{stage: "modules-final", module: "package_update_upgrade_install", time: packagesDuration, do: installPackages},
		{stage: "modules-final", module: "scripts_user", script: runcmd, late: true},
		{stage: "modules-final", module: "final_message", time: fixed(time.Second), do: finalMessage},
		{stage: "modules-final", module: "power_state_change", do: powerState, late: true},
	}
}

func fixed(d time.Duration) func(*Guest, *userData) time.Duration {
	return func(*Guest, *userData) time.Duration { return d }
}

// startInit is cloud-init's look for its datasource.
func (g *Guest) startInit() {
	ci := &g.disk.CloudInit
	if !g.has("cloud-init") {
		g.keepNetwork()
		return
	}
	if !g.Seed.NoCloud() {
		// No datasource: cloud-init is disabled. What an earlier boot set up stays.
		ci.Result, ci.Stage = "disabled", ""
		g.keepNetwork()
		return
	}
	var meta struct {
		InstanceID string `yaml:"instance-id"`
	}
	if err := yaml.Unmarshal(g.Seed.MetaData, &meta); err != nil || meta.InstanceID == "" {
		meta.InstanceID = "iid-datasource-none"
		if err != nil {
			ci.Result = "disabled" // the datasource does not load
			g.keepNetwork()
			return
		}
	}
	g.Init = &bootRun{Fresh: ci.InstanceID != meta.InstanceID, Begun: g.Now}
	if g.Init.Fresh {
		*ci = CloudInit{InstanceID: meta.InstanceID}
	}
	u := parseUserData(g.Seed.UserData)
	if ci.Steps == len(bootSteps()) || g.Init.Fresh {
		ci.Errors = u.errors // else the first boot goes on, with what went wrong in it
	}
	ci.Result = "running"
	if u.broken {
		ci.Warnings = append(ci.Warnings, "Failed loading yaml blob. Invalid format or no #cloud-config as first line")
	}
	g.initStep()
}

// keepNetwork sets the network up as the disk says, without cloud-init.
func (g *Guest) keepNetwork() {
	if g.disk.Network != nil {
		g.configure(g.disk.Network)
	}
}

// initStep goes on with cloud-init as far as it can.
func (g *Guest) initStep() {
	u := parseUserData(g.Seed.userData())
	ci := &g.disk.CloudInit
	steps := bootSteps()
	for g.Init != nil && g.Init.At < len(steps) {
		at := g.Init.At
		st := steps[at]
		if (g.Init.At < ci.Steps && !st.always) || (st.late && len(ci.Errors) > 0) {
			g.Init.At++
			continue
		}
		ci.Stage = st.stage
		switch {
		case st.script != nil && g.Init.PID == 0:
			text, err := st.script(g, &u)
			if err != nil {
				ci.Errors = append(ci.Errors, fmt.Sprintf("('%s', %s)", st.module, err))
			} else if text != "" {
				p := g.spawn([]string{"/bin/sh", "-c", text}, nil)
				if g.Init == nil {
					return // the script has shut the system down
				}
				g.Init.PID = p.PID
				if !p.Done {
					return
				}
				continue
			}
		case st.script != nil:
			p := g.process(g.Init.PID)
			if p != nil && !p.Done {
				return
			}
			g.Init.PID = 0
			if p != nil {
				g.endScript(st.module, p)
			}
		default:
			if st.time != nil && !g.Init.Waiting {
				if d := st.time(g, &u); d > 0 {
					g.Init.Waiting, g.Wake = true, g.Now.Add(d)
					return
				}
			}
			g.Init.Waiting = false
			if st.do != nil {
				if err := st.do(g, &u); err != nil {
					ci.Errors = append(ci.Errors, fmt.Sprintf("('%s', %s)", st.module, err))
				}
			}
		}
		ci.Steps = max(ci.Steps, at+1)
		if g.Init != nil {
			g.Init.At++
		}
	}
	if g.Init != nil {
		g.endInit()
	}
}

// endScript takes a script's output to the log and its failure to the errors.
func (g *Guest) endScript(module string, p *process) {
	ci := &g.disk.CloudInit
	g.logOutput(string(p.Out) + string(p.Err))
	for _, name := range g.Init.Missing {
		ci.Errors = append(ci.Errors, fmt.Sprintf("not simulated: command '%s' (in %s)", name, module))
	}
	if p.Exit != 0 && len(g.Init.Missing) == 0 {
		ci.Errors = append(ci.Errors, fmt.Sprintf("('%s', RuntimeError('Runparts: 1 failures (%s) in 1 attempted commands'))", module, strings.TrimPrefix(module, "scripts_")))
	}
	g.Init.Missing = nil
	g.forget(p.PID)
}

const outputLog = "/var/log/cloud-init-output.log"

func (g *Guest) logOutput(text string) {
	old, err := g.readFile(outputLog)
	if err != nil {
		old = nil // not there yet
	}
	g.put(outputLog, File{Data: append(old[:len(old):len(old)], text...), Mode: 0o640, Owner: "root", Mtime: g.Now})
}

func (g *Guest) endInit() {
	ci := &g.disk.CloudInit
	ci.Result, ci.Stage, ci.Finished, ci.Steps = "done", "", g.Now, len(bootSteps())
	if len(ci.Errors) > 0 {
		ci.Result = "error"
	}
	g.Init = nil
}

func (s *Seed) userData() []byte {
	if s == nil {
		return nil
	}
	return s.UserData
}
