package guest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// draw is a number that depends only on the guest's seed and the words.
func (g *Guest) draw(words ...string) uint64 {
	sum := sha256.Sum256([]byte(fmt.Sprint(g.Hardware.Seed, words)))
	return binary.BigEndian.Uint64(sum[:])
}

// accounts are the users that getent knows, with their ids.
func (g *Guest) account(name string) (uid int, home, shell string, ok bool) {
	switch {
	case name == "root":
		return 0, "/root", "/bin/bash", true
	case slices.Contains([]string{"daemon", "bin", "sys", "mail", "www-data", "nobody"}, name):
		return 1 + len(name), "/usr/sbin", "/usr/sbin/nologin", true
	}
	if u, there := g.disk.Users[name]; there {
		return u.UID, "/home/" + name, u.Shell, true
	}
	if y := g.disk.YunoHost; y != nil {
		for i, u := range y.Users {
			if u.Name == name {
				return 20000 + i, "/home/" + name, u.Shell, true
			}
		}
	}
	return 0, "", "", false
}

func id(c *invocation) {
	flags, rest := c.options()
	name := "root"
	if len(rest) > 0 {
		name = rest[0]
	}
	uid, _, _, ok := c.g.account(name)
	switch {
	case !ok:
		c.fail(1, "id: \u2018%s\u2019: no such user", name)
	case has(flags, "u") && has(flags, "n"), has(flags, "g") && has(flags, "n"):
		c.printf("%s\n", name)
	case has(flags, "u"), has(flags, "g"):
		c.printf("%d\n", uid)
	default:
		c.printf("uid=%d(%s) gid=%d(%s) groups=%d(%s)\n", uid, name, uid, name, uid, name)
	}
}

func getent(c *invocation) {
	if len(c.argv) < 3 {
		c.fail(127, "getent: not simulated: %s", strings.Join(c.argv[1:], " "))
		return
	}
	key := c.argv[2]
	switch c.argv[1] {
	case "passwd":
		if uid, home, shell, ok := c.g.account(key); ok {
			c.printf("%s:x:%d:%d::%s:%s\n", key, uid, uid, home, shell)
			return
		}
	case "group":
		if uid, _, _, ok := c.g.account(key); ok {
			c.printf("%s:x:%d:\n", key, uid)
			return
		}
	case "hosts", "ahosts", "ahostsv4":
		if c.g.Online() {
			c.printf("203.0.113.%-10d %s\n", 10+c.g.draw("host", key)%200, key)
			return
		}
	}
	c.exit = 2
}

func hostname(c *invocation) {
	flags, rest := c.options()
	d := c.g.disk
	switch {
	case len(rest) > 0:
		d.Hostname = rest[0]
	case has(flags, "f", "fqdn", "long"):
		if d.FQDN != "" {
			c.printf("%s\n", d.FQDN)
			return
		}
		c.printf("%s\n", d.Hostname)
	case has(flags, "I"):
		var all []string
		for _, i := range c.g.Network {
			for _, a := range i.Addresses {
				all = append(all, a.Addr().String())
			}
		}
		c.printf("%s\n", strings.Join(all, " "))
	default:
		c.printf("%s\n", d.Hostname)
	}
}

func hostnamectl(c *invocation) {
	if len(c.argv) == 3 && strings.HasSuffix(c.argv[1], "hostname") {
		c.g.disk.Hostname = c.argv[2]
		return
	}
	c.printf(" Static hostname: %s\n", c.g.disk.Hostname)
}

func timedatectl(c *invocation) {
	if len(c.argv) == 3 && c.argv[1] == "set-timezone" {
		if _, err := time.LoadLocation(c.argv[2]); err != nil {
			c.fail(1, "Failed to set time zone: Invalid or not installed time zone '%s'", c.argv[2])
			return
		}
		c.g.disk.Timezone = c.argv[2]
		return
	}
	c.printf("               Time zone: %s\n", c.g.disk.Timezone)
}

func df(c *invocation) {
	flags, _ := c.options("B", "output")
	total, used := c.g.space()
	unit := int64(1024)
	if flags["B"] == "1" || strings.HasSuffix(flags["block-size"], "1") {
		unit = 1
	}
	if output, ok := flags["output"]; ok {
		head, value := map[string]string{"avail": "     Avail", "size": "1K-blocks", "used": "      Used"}, map[string]int64{"avail": total - used, "size": total, "used": used}
		c.printf("%s\n%10d\n", head[output], value[output]/unit)
		return
	}
	c.printf("Filesystem     1K-blocks     Used Available Use%% Mounted on\n/dev/sda1      %9d %8d %9d %3d%% /\n", total/unit, used/unit, (total-used)/unit, used*100/max(1, total))
}

func date(c *invocation) {
	flags, rest := c.options("d", "date")
	at := c.g.Now
	if _, seconds, ok := strings.Cut(flags["d"]+flags["date"], "@"); ok {
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
			at = time.Unix(n, 0)
		}
	}
	zone, err := time.LoadLocation(c.g.disk.Timezone)
	if err != nil || has(flags, "u", "utc") {
		zone = time.UTC
	}
	at = at.In(zone)
	switch {
	case has(flags, "I", "iso-8601"):
		c.printf("%s\n", at.Format("2006-01-02"))
	case len(rest) > 0 && strings.HasPrefix(rest[0], "+"):
		c.printf("%s\n", strings.NewReplacer("%s", fmt.Sprint(at.Unix()), "%Y", at.Format("2006"), "%m", at.Format("01"), "%d", at.Format("02"), "%H", at.Format("15"), "%M", at.Format("04"),
			"%S", at.Format("05"), "%F", at.Format("2006-01-02"), "%T", at.Format("15:04:05"), "%z", at.Format("-0700"), "%Z", at.Format("MST"), "%N", fmt.Sprintf("%09d", at.Nanosecond())).Replace(rest[0][1:]))
	default:
		c.printf("%s\n", at.Format("Mon Jan _2 15:04:05 MST 2006"))
	}
}

func shutdown(c *invocation) {
	flags, rest := c.options()
	if has(flags, "c") || (len(rest) > 0 && rest[0] != "now" && rest[0] != "+0") {
		c.fail(127, "%s: not simulated: %s", program(c.argv[0]), strings.Join(c.argv[1:], " "))
		return
	}
	c.g.leave(program(c.argv[0]) == "reboot" || has(flags, "r"))
}

func sleep(c *invocation) {
	if len(c.argv) < 2 {
		c.fail(1, "sleep: missing operand")
		return
	}
	text := strings.TrimSuffix(c.argv[1], "s")
	unit := time.Second
	if t, ok := strings.CutSuffix(text, "m"); ok {
		text, unit = t, time.Minute
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 {
		c.fail(1, "sleep: invalid time interval \u2018%s\u2019", c.argv[1])
		return
	}
	c.takes(time.Duration(n * float64(unit)))
}

func which(c *invocation) {
	for _, n := range c.argv[1:] {
		if c.g.installed(n) {
			c.printf("/usr/bin/%s\n", n)
		} else {
			c.exit = 1
		}
	}
}

func uname(c *invocation) {
	flags, _ := c.options()
	os := c.g.OSInfo()
	switch {
	case has(flags, "r"):
		c.printf("%s\n", os.KernelRelease)
	case has(flags, "m"):
		c.printf("%s\n", os.Machine)
	case has(flags, "n"):
		c.printf("%s\n", c.g.disk.Hostname)
	case has(flags, "a"):
		c.printf("Linux %s %s %s %s GNU/Linux\n", c.g.disk.Hostname, os.KernelRelease, os.KernelVersion, os.Machine)
	default:
		c.printf("Linux\n")
	}
}

func uptime(c *invocation) {
	c.printf(" %s up %d min,  0 users,  load average: 0.05, 0.03, 0.00\n", c.g.Now.Format("15:04:05"), int(c.g.Now.Sub(c.g.BootedAt).Minutes()))
}

func printenv(c *invocation) {
	for _, e := range c.env {
		name, value, _ := strings.Cut(e, "=")
		if len(c.argv) == 1 {
			c.printf("%s\n", e)
		} else if name == c.argv[1] {
			c.printf("%s\n", value)
			return
		}
	}
	if len(c.argv) > 1 {
		c.exit = 1
	}
}

func chpasswd(c *invocation) {
	for _, l := range lines(c.in) {
		name, _, ok := strings.Cut(l, ":")
		if _, _, _, there := c.g.account(name); !ok || !there {
			c.fail(1, "chpasswd: (user %s) pam_chauthtok() failed, error:\nAuthentication token manipulation error", name)
		}
	}
}

func ipCommand(c *invocation) {
	if !slices.ContainsFunc(c.argv[1:], func(w string) bool { return strings.HasPrefix("address", w) && w != "" }) {
		if slices.ContainsFunc(c.argv[1:], func(w string) bool { return strings.HasPrefix("route", w) && w != "" }) {
			if c.g.Gateway && len(c.g.Network) > 0 {
				c.printf("default via 192.168.1.1 dev %s\n", c.g.Network[0].Name)
			}
			return
		}
		c.fail(127, "ip: not simulated: %s", strings.Join(c.argv[1:], " "))
		return
	}
	for n, i := range c.g.Interfaces() {
		c.printf("%d: %s: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    link/ether %s\n", n+1, i.Name, i.MAC)
		for _, a := range i.Addresses {
			c.printf("    inet %s scope global %s\n", a, i.Name)
		}
	}
}

func ping(c *invocation) {
	if !c.g.Online() {
		if c.takes(10 * time.Second) {
			return
		}
		c.fail(2, "ping: %s: Temporary failure in name resolution", c.argv[len(c.argv)-1])
		return
	}
	c.after(2 * time.Second)
	c.printf("PING %s: 64 bytes: icmp_seq=1 ttl=56 time=11.2 ms\n", c.argv[len(c.argv)-1])
}
