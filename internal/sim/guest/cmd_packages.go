package guest

import (
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
