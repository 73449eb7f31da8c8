package guest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// Time and bytes that packages take.
const (
	aptUpdate     = 20 * time.Second
	aptPerPackage = 10 * time.Second

	aptUpdateBytes  = 150 << 20
	packageBytes    = 40 << 20
	yunohostBytes   = 2600 << 20
	yunohostVersion = yunohost.Version
)

// available are the packages of Debian that are known here, with their versions in
// bookworm. Those with a leading plus are in every cloud image.
var available = map[string]string{
	"qemu-guest-agent": "1:7.2+dfsg-7+deb12u15", "ca-certificates": "20230311+deb12u1", "curl": "7.88.1-10+deb12u12", "wget": "1.21.3-1+deb12u1",
	"git": "1:2.39.5-0+deb12u2", "vim": "2:9.0.1378-2+deb12u2", "htop": "3.2.2-2", "rsync": "3.2.7-1+deb12u2", "unattended-upgrades": "2.9.1+nmu3", "cloud-guest-utils": "0.33-1",
	"gnupg": "2.2.40-1.1", "lsb-release": "12.0-1", "sudo": "1.9.13p3-1+deb12u2", "dialog": "1.3-20230209-1", "openssh-server": "1:9.2p1-2+deb12u6", "cloud-init": "22.4.2-1+deb12u3",
	"systemd-timesyncd": "252.38-1~deb12u1", "chrony": "4.3-2+deb12u1", "jq": "1.6-2.1", "python3": "3.11.2-1+b1", "locales": "2.36-9+deb12u10", "nftables": "1.0.6-2+deb12u2", "parted": "3.5-3",
}

// imagePackages are in the cloud image beside those that NewDisk names.
var imagePackages = []string{"ca-certificates", "wget", "sudo", "python3", "locales", "systemd-timesyncd", "cloud-guest-utils"}

func (g *Guest) packageVersion(name string) string {
	if v := g.disk.Packages[name]; v != "" {
		return v
	}
	if slices.Contains(imagePackages, name) {
		return available[name]
	}
	return ""
}

func aptGet(c *invocation) {
	_, words := c.options("o", "t", "a")
	if len(words) == 0 {
		c.fail(1, "E: no operation given")
		return
	}
	if !c.g.Online() && slices.Contains([]string{"install", "upgrade", "dist-upgrade", "full-upgrade"}, words[0]) && len(c.g.missing(words[1:])) > 0 {
		if c.takes(30 * time.Second) {
			return
		}
		c.fail(100, "E: Failed to fetch http://deb.debian.org/debian/pool/main/  Temporary failure resolving 'deb.debian.org'")
		return
	}
	switch words[0] {
	case "update":
		if c.takes(aptUpdate) {
			return
		}
		if !c.g.Online() {
			c.err.WriteString("W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'\n")
			return // apt only warns
		}
		c.g.disk.Written += aptUpdateBytes
		c.printf("Hit:1 http://deb.debian.org/debian bookworm InRelease\nReading package lists...\n")
	case "install":
		wanted := c.g.missing(words[1:])
		for _, p := range wanted {
			if available[p] == "" {
				c.fail(100, "E: Unable to locate package %s", p)
				c.g.miss("package " + p)
				return
			}
		}
		if len(wanted) > 0 && c.takes(time.Duration(len(wanted))*aptPerPackage) {
			return
		}
		for _, p := range wanted {
			c.g.addPackage(p)
			c.printf("Setting up %s (%s) ...\n", p, available[p])
		}
	case "upgrade", "dist-upgrade", "full-upgrade":
		if c.takes(60 * time.Second) {
			return
		}
		c.g.disk.Written += 10 * packageBytes
		c.printf("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
	case "remove", "purge":
		for _, p := range words[1:] {
			delete(c.g.disk.Packages, p)
		}
	case "clean", "autoclean", "autoremove":
	default:
		c.fail(100, "E: Invalid operation %s", words[0])
	}
}

// missing are the packages that are not there yet.
func (g *Guest) missing(names []string) []string {
	var list []string
	for _, n := range names {
		if g.packageVersion(n) == "" {
			list = append(list, n)
		}
	}
	return list
}

// addPackage installs a package; its service starts.
func (g *Guest) addPackage(name string) {
	if g.disk.Packages == nil {
		g.disk.Packages = map[string]string{}
	}
	version := available[name]
	if version == "" {
		version = "1.0"
	}
	g.disk.Packages[name] = version
	g.disk.Written += packageBytes
	if name == "qemu-guest-agent" {
		g.setUnit(name, true)
	}
}

func dpkg(c *invocation) {
	flags, rest := c.options()
	switch {
	case has(flags, "print-architecture"):
		c.printf("amd64\n")
	case has(flags, "s", "status", "l", "list"):
		for _, p := range rest {
			v := c.g.packageVersion(p)
			if v == "" {
				c.fail(1, "dpkg-query: package '%s' is not installed and no information is available", p)
				continue
			}
			c.printf("Package: %s\nStatus: install ok installed\nVersion: %s\n", p, v)
		}
	case has(flags, "configure"):
	default:
		c.fail(127, "dpkg: not simulated: %s", strings.Join(c.argv[1:], " "))
	}
}

func dpkgQuery(c *invocation) {
	flags, rest := c.options("f", "showformat")
	if !has(flags, "W", "show") {
		c.fail(127, "dpkg-query: not simulated: %s", strings.Join(c.argv[1:], " "))
		return
	}
	format := flags["f"] + flags["showformat"]
	if format == "" {
		format = `${Package}\t${Version}\n`
	}
	for _, p := range rest {
		v := c.g.packageVersion(p)
		if v == "" {
			c.fail(1, "dpkg-query: no packages found matching %s", p)
			continue
		}
		c.printf("%s", strings.NewReplacer("${Package}", p, "${binary:Package}", p, "${Version}", v, "${Status}", "install ok installed", "${db:Status-Status}", "installed", `\t`, "\t", `\n`, "\n").Replace(format))
	}
}

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

func curl(c *invocation) {
	flags, urls := c.options("o", "output", "m", "max-time", "retry", "retry-delay", "connect-timeout", "H", "d", "X", "w", "write-out")
	if len(urls) == 0 {
		c.fail(2, "curl: try 'curl --help' for more information")
		return
	}
	c.fetch(urls[0], flags["o"]+flags["output"], 6)
}

func wget(c *invocation) {
	flags, urls := c.options("O", "output-document", "T", "t")
	if len(urls) == 0 {
		c.fail(1, "wget: missing URL")
		return
	}
	to := flags["O"] + flags["output-document"]
	if to == "" {
		to = path.Base(urls[0])
	}
	if to == "-" {
		to = ""
	}
	c.fetch(urls[0], to, 4)
}

// fetch downloads an address to a file, or to stdout.
func (c *invocation) fetch(url, to string, noHost int) {
	host := strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	if strings.HasPrefix(url, "http://127.0.0.1") || strings.HasPrefix(host, "localhost") || strings.HasPrefix(url, "https://127.0.0.1") {
		c.fail(127, "%s: not simulated: %s", program(c.argv[0]), url)
		return
	}
	if c.takes(2 * time.Second) {
		return
	}
	if !c.g.Online() {
		c.fail(noHost, "curl: (6) Could not resolve host: %s", host)
		return
	}
	data := []byte(mark + url + "\n")
	if to == "" {
		c.out.Write(data)
		return
	}
	if err := c.g.writeFile(c.path(to), data, 0o644); err != nil {
		c.fail(23, "curl: (23) Failure writing output to destination: %s", why(err))
	}
}

// installer is the YunoHost installer at work: argv[1] is where it came from.
func installer(c *invocation) {
	url, flags := c.argv[1], c.argv[2:]
	if !strings.Contains(url, "yunohost") {
		c.fail(127, "bash: not simulated: the script of %s", url)
		c.g.miss("script " + url)
		return
	}
	if c.g.disk.OS != OSDebian12 {
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
