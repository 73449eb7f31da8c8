package guest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// mark stands at the beginning of what a download brings: this simulator has no web,
// so a file holds where it came from. A script of that kind run with bash is the
// YunoHost installer if its address says so.
const mark = "#!/bin/bash\n# downloaded from "

func downloaded(script string) (url string, ok bool) {
	rest, ok := strings.CutPrefix(script, mark)
	if !ok {
		return "", false
	}
	url, _, _ = strings.Cut(rest, "\n")
	return url, true
}

// installer is the YunoHost installer at work: argv[1] is where it came from.
func installer(c *invocation) {
	url, flags := c.argv[1], c.argv[2:]
	if !strings.Contains(url, "yunohost") {
		c.fail(127, "bash: not simulated: the script of %s", url)
		c.g.miss("script " + url)
		return
	}
	if c.g.disk.OS != debian12 {
		c.fail(1, "[FAIL] YunoHost is only available for the Debian 12 (bookworm) distribution.")
		return
	}
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "-") && strings.Contains(f, "a") }) {
		c.fail(1, "[FAIL] You are about to install YunoHost without -a, which needs a terminal.")
		return
	}
	minutes := 10*60 + int(c.g.draw("installer")%600)
	if c.g.disk.YunoHost != nil {
		minutes = 40
	}
	if !c.g.Online() {
		minutes = 15
	}
	if c.takes(time.Duration(minutes) * time.Second) {
		return
	}
	log := "/var/log/yunohost-installation_" + c.g.Now.Add(-time.Duration(minutes)*time.Second).Format("20060102_150405") + ".log"
	say := func(text string) { c.printf("%s\n", text) }
	if !c.g.Online() {
		c.fail(1, "[FAIL] Failed to reach the Internet: are you connected?")
		c.keep(log)
		return
	}
	total, used := c.g.space()
	if total-used < yunohostBytes {
		c.fail(1, "[FAIL] E: You don't have enough free space in /var/cache/apt/archives/.")
		c.keep(log)
		return
	}
	for _, text := range []string{"Running preliminary checks", "Installing script dependencies", "Setting up apt repositories", "Upgrading system packages",
		"Workarounding various issues", "Installing YunoHost", "Post-install checks"} {
		say("[INFO] " + text)
	}
	if c.g.disk.YunoHost == nil {
		c.g.addPackage("yunohost")
		c.g.disk.Packages["yunohost"] = yunohostVersion
		c.g.disk.YunoHost = yunohost.New(c.g.draw("yunohost"), c.g.Now)
		c.g.disk.Written += yunohostBytes
		c.g.tellYunoHost()
	}
	say("[ OK ] YunoHost installation completed!")
	c.keep(log)
}

// keep writes what the command said to a log file.
func (c *invocation) keep(log string) {
	if err := c.g.writeFile(log, append(slices.Clone(c.out.Bytes()), c.err.Bytes()...), 0o644); err != nil {
		c.fail(1, "%s: %s", log, why(err))
	}
}

// tellYunoHost lets YunoHost know what is around it now.
func (g *Guest) tellYunoHost() {
	y := g.disk.YunoHost
	if y == nil {
		return
	}
	total, used := g.space()
	site := yunohost.Site{Online: g.Online(), Port80: g.Hardware.Port80 && g.Online(), DiskSize: total, DiskFree: total - used, Memory: g.Hardware.Memory}
	for _, i := range g.Network {
		for _, a := range i.Addresses {
			if site.LocalIP == "" && a.Addr().Is4() {
				site.LocalIP = a.Addr().String()
			}
		}
	}
	if site.Online {
		site.PublicIP = fmt.Sprintf("198.51.100.%d", 10+g.draw("public")%200)
	}
	y.Site = site
	y.SystemUsers = y.SystemUsers[:len(y.SystemUsers):len(y.SystemUsers)]
	for name := range g.disk.Users {
		if !slices.Contains(y.SystemUsers, name) {
			y.SystemUsers = append(y.SystemUsers, name)
		}
	}
	slices.Sort(y.SystemUsers)
}

func yunohostCommand(c *invocation) {
	c.g.tellYunoHost()
	before := c.g.disk.YunoHost
	res := before.CLI(c.g.Now, c.argv, func(name string) ([]byte, error) { return c.g.readFile(c.path(name)) })
	c.out.Write(res.Stdout)
	c.err.Write(res.Stderr)
	c.exit = res.Exit
	c.after(res.Duration)
	if res.Duration > time.Second {
		// What the command writes to the disk goes with the time that it takes.
		c.g.disk.Written += int64(res.Duration/time.Second) * (3 << 20)
	}
}
