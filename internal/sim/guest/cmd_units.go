package guest

import (
	"slices"
	"strings"
)

// units are the system's services and the packages that bring them.
var units = map[string]string{"qemu-guest-agent": "qemu-guest-agent", "ssh": "openssh-server", "cloud-init": "cloud-init", "systemd-timesyncd": "", "cron": "", "systemd-resolved": "systemd-resolved",
	"nginx": "yunohost", "postfix": "yunohost", "dovecot": "yunohost", "slapd": "yunohost", "dnsmasq": "yunohost", "opendkim": "yunohost", "nftables": "yunohost",
	"fail2ban": "yunohost", "yunohost-api": "yunohost", "yunohost-portal-api": "yunohost", "yunomdns": "yunohost", "fstrim.timer": "", "unattended-upgrades": "unattended-upgrades"}

// active says whether a unit runs, and whether there is one.
func (g *Guest) active(unit string) (running, known bool) {
	pkg, known := units[unit]
	if !known || (pkg != "" && !g.has(pkg)) {
		return false, false
	}
	switch {
	case unit == "qemu-guest-agent":
		return g.Agent, true
	case g.disk.YunoHost != nil && pkg == "yunohost":
		return !g.disk.YunoHost.Stopped[unit] && !g.Stopped[unit], true
	}
	return !g.Stopped[unit], true
}

func systemctl(c *invocation) {
	flags, words := c.options("p", "property")
	if len(words) == 0 {
		c.fail(127, "systemctl: not simulated: %s", strings.Join(c.argv[1:], " "))
		return
	}
	verb := words[0]
	if slices.Contains([]string{"daemon-reload", "is-system-running"}, verb) {
		if verb == "is-system-running" {
			c.printf("running\n")
		}
		return
	}
	if verb == "poweroff" || verb == "reboot" {
		c.g.leave(verb == "reboot")
		return
	}
	for _, u := range words[1:] {
		u = strings.TrimSuffix(u, ".service")
		running, known := c.g.active(u)
		switch verb {
		case "is-active":
			state := map[bool]string{true: "active", false: "inactive"}[running]
			if !has(flags, "quiet", "q") {
				c.printf("%s\n", state)
			}
			if !running {
				c.exit = 3
			}
		case "is-enabled":
			if !known {
				c.fail(1, "Failed to get unit file state for %s.service: No such file or directory", u)
				continue
			}
			c.printf("enabled\n")
		case "start", "restart", "reload", "reload-or-restart", "try-restart":
			if !known {
				c.fail(5, "Failed to %s %s.service: Unit %s.service not found.", verb, u, u)
				continue
			}
			c.g.setUnit(u, true)
		case "stop":
			c.g.setUnit(u, false)
		case "enable", "disable", "mask", "unmask":
			if !known {
				c.fail(1, "Failed to %s unit: Unit file %s.service does not exist.", verb, u)
				continue
			}
			if has(flags, "now") {
				c.g.setUnit(u, verb == "enable")
			}
		case "status":
			if !known {
				c.fail(4, "Unit %s.service could not be found.", u)
				continue
			}
			c.printf("\u25cf %s.service\n     Loaded: loaded\n     Active: %s\n", u, map[bool]string{true: "active (running)", false: "inactive (dead)"}[running])
			if !running {
				c.exit = 3
			}
		default:
			c.fail(127, "systemctl: not simulated: %s", verb)
			return
		}
	}
}

// setUnit starts or stops a service.
func (g *Guest) setUnit(unit string, running bool) {
	if unit == "qemu-guest-agent" {
		g.Agent = running && g.has("qemu-guest-agent") && g.Hardware.Fail != FailAgent
		return
	}
	if g.Stopped == nil {
		g.Stopped = map[string]bool{}
	}
	if running {
		delete(g.Stopped, unit)
	} else {
		g.Stopped[unit] = true
	}
	if g.disk.YunoHost != nil && units[unit] == "yunohost" {
		g.disk.YunoHost.SetService(unit, running)
	}
}
