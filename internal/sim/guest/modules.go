package guest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

func bootcmd(_ *Guest, u *userData) (string, error) { return scriptOf(u, "bootcmd") }
func runcmd(_ *Guest, u *userData) (string, error)  { return scriptOf(u, "runcmd") }

func scriptOf(u *userData, key string) (string, error) {
	if u.list(key) == nil {
		return "", nil
	}
	return commandScript(u.list(key))
}

// writeFiles is the module write_files.
func writeFiles(g *Guest, u *userData) error {
	for _, item := range u.list("write_files") {
		f, ok := item.(map[string]any)
		if !ok || f["path"] == nil {
			return errors.New("write_files: an entry without a path")
		}
		for key := range f {
			if !slices.Contains([]string{"path", "content", "encoding", "permissions", "owner", "append", "defer"}, key) {
				return fmt.Errorf("not simulated: key 'write_files.%s'", key)
			}
		}
		name := path.Clean(fmt.Sprint(f["path"]))
		content := ""
		if f["content"] != nil {
			content = fmt.Sprint(f["content"])
		}
		switch encoding := fmt.Sprint(f["encoding"]); encoding {
		case "b64", "base64":
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content), ""))
			if err != nil {
				return fmt.Errorf("write_files: %s: %w", name, err)
			}
			content = string(raw)
		case "<nil>", "text/plain", "":
		default:
			return fmt.Errorf("not simulated: encoding '%s' in write_files", encoding)
		}
		mode := uint64(0o644)
		if f["permissions"] != nil {
			var err error
			if mode, err = strconv.ParseUint(strings.TrimPrefix(fmt.Sprint(f["permissions"]), "0o"), 8, 32); err != nil {
				return fmt.Errorf("write_files: %s: permissions %v", name, f["permissions"])
			}
		}
		owner := "root"
		if f["owner"] != nil {
			owner, _, _ = strings.Cut(fmt.Sprint(f["owner"]), ":")
		}
		data := []byte(content)
		if f["append"] == true {
			if old, err := g.readFile(name); err == nil {
				data = append(slices.Clone(old), data...)
			}
		}
		g.mkdirAll(path.Dir(name))
		g.put(name, File{Data: data, Mode: uint32(mode), Owner: owner, Mtime: g.Now})
	}
	return nil
}

func growRoot(g *Guest, u *userData) error {
	if u.object("growpart")["mode"] != false && fmt.Sprint(u.object("growpart")["mode"]) != "off" {
		g.disk.RootBytes = max(g.disk.RootBytes, g.Hardware.DiskBytes)
	}
	return nil
}

// setHostname takes the name from user-data, else from meta-data.
func setHostname(g *Guest, u *userData) error {
	var meta struct {
		Local string `yaml:"local-hostname"`
		Host  string `yaml:"hostname"`
	}
	if err := yaml.Unmarshal(g.Seed.MetaData, &meta); err != nil {
		return err
	}
	name, fqdn := u.text("hostname"), u.text("fqdn")
	if name == "" {
		name = fqdn
	}
	if name == "" {
		name = meta.Local + meta.Host
	}
	if strings.Contains(name, ".") && fqdn == "" {
		fqdn = name
	}
	name, _, _ = strings.Cut(name, ".")
	if u.on("preserve_hostname") || name == "" {
		return nil
	}
	g.disk.Hostname, g.disk.FQDN = name, fqdn
	if v := u.values["manage_etc_hosts"]; v == true || v == "localhost" {
		g.put("/etc/hosts", File{Mode: 0o644, Owner: "root", Mtime: g.Now, Data: fmt.Appendf(nil, "127.0.1.1 %s %s\n127.0.0.1 localhost\n", fqdn, name)})
	}
	return nil
}

// setUsers is the module users_groups. Without users there is the image's own.
func setUsers(g *Guest, u *userData) error {
	if g.disk.Users == nil {
		g.disk.Users = map[string]User{}
	}
	add := func(name string, user User) {
		user.UID = 1000 + len(g.disk.Users)
		if user.Shell == "" {
			user.Shell = "/bin/sh"
		}
		g.disk.Users[name] = user
	}
	keys := words(u.values["ssh_authorized_keys"])
	list, given := u.values["users"].([]any)
	if !given {
		add("debian", User{Groups: []string{"sudo"}, Shell: "/bin/bash", Sudo: []string{"ALL=(ALL) NOPASSWD:ALL"}, Keys: keys, Locked: true})
		return nil
	}
	for _, item := range list {
		if item == "default" {
			add("debian", User{Groups: []string{"sudo"}, Shell: "/bin/bash", Sudo: []string{"ALL=(ALL) NOPASSWD:ALL"}, Keys: keys, Locked: true})
			continue
		}
		if name, ok := item.(string); ok {
			add(name, User{Locked: true})
			continue
		}
		m, ok := item.(map[string]any)
		if !ok || m["name"] == nil {
			return errors.New("users: an entry without a name")
		}
		for key := range m {
			if !slices.Contains([]string{"name", "gecos", "primary_group", "groups", "shell", "sudo", "lock_passwd", "passwd", "hashed_passwd", "plain_text_passwd",
				"ssh_authorized_keys", "homedir", "no_create_home", "system", "uid", "inactive", "expiredate"}, key) {
				return fmt.Errorf("not simulated: key 'users.%s'", key)
			}
		}
		groups := words(m["groups"])
		if len(groups) == 1 {
			groups = strings.Split(strings.ReplaceAll(groups[0], " ", ""), ",")
		}
		user := User{Groups: groups, Sudo: words(m["sudo"]), Keys: words(m["ssh_authorized_keys"]), Locked: m["lock_passwd"] != false}
		if m["shell"] != nil {
			user.Shell = fmt.Sprint(m["shell"])
		}
		add(fmt.Sprint(m["name"]), user)
	}
	return nil
}

// setPasswords checks that those who get one exist; passwords are not kept.
func setPasswords(g *Guest, u *userData) error {
	names := []string{}
	for _, item := range asList(u.object("chpasswd")["users"]) {
		if m, ok := item.(map[string]any); ok {
			names = append(names, fmt.Sprint(m["name"]))
		}
	}
	for _, l := range words(u.object("chpasswd")["list"]) {
		for one := range strings.Lines(l) {
			if name, _, ok := strings.Cut(strings.TrimSpace(one), ":"); ok {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if _, _, _, ok := g.account(name); !ok {
			return fmt.Errorf("chpasswd: no user '%s'", name)
		}
	}
	return nil
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

func setLocale(g *Guest, u *userData) error {
	if l := u.text("locale"); l != "" && l != "false" {
		g.disk.Locale = l
	}
	return nil
}

func setTimezone(g *Guest, u *userData) error {
	zone := u.text("timezone")
	if zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return fmt.Errorf("OSError('Invalid timezone %s, no file found at /usr/share/zoneinfo/%s')", zone, zone)
	}
	g.disk.Timezone = zone
	return nil
}

func setSwap(*Guest, *userData) error { return nil }

func setNTP(g *Guest, u *userData) error {
	if u.object("ntp") == nil {
		return nil
	}
	client := fmt.Sprint(u.object("ntp")["ntp_client"])
	switch client {
	case "<nil>", "auto", "systemd-timesyncd":
	case "chrony":
		g.addPackage("chrony")
	default:
		return fmt.Errorf("not simulated: ntp_client '%s'", client)
	}
	return nil
}

func wantedPackages(u *userData) []string {
	var names []string
	for _, item := range u.list("packages") {
		if pair, ok := item.([]any); ok && len(pair) > 0 { // [name, version]
			item = pair[0]
		}
		names = append(names, fmt.Sprint(item))
	}
	return names
}

func packagesDuration(g *Guest, u *userData) time.Duration {
	wanted := g.missing(wantedPackages(u))
	if !u.on("package_update") && !u.on("package_upgrade") && len(wanted) == 0 {
		return 0
	}
	if !g.Online() {
		return 60 * time.Second // until apt gives up
	}
	d := aptUpdate + time.Duration(len(wanted))*aptPerPackage
	if u.on("package_upgrade") {
		d += 60 * time.Second
	}
	return d
}

func installPackages(g *Guest, u *userData) error {
	wanted := g.missing(wantedPackages(u))
	if u.on("package_update") && g.Online() {
		g.disk.Written += aptUpdateBytes
	}
	var failed []string
	for _, p := range wanted {
		switch {
		case !g.Online():
			failed = append(failed, p)
		case available[p] == "":
			return fmt.Errorf("not simulated: package '%s'", p)
		default:
			g.addPackage(p)
			g.logOutput(fmt.Sprintf("Setting up %s (%s) ...\n", p, available[p]))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("ProcessExecutionError('Unexpected error while running command: apt-get install %s; Exit code: 100')", strings.Join(failed, " "))
	}
	return nil
}

func finalMessage(g *Guest, u *userData) error {
	text := u.text("final_message")
	if text == "" {
		text = "Cloud-init finished"
	}
	g.logOutput(strings.ReplaceAll(text, "$UPTIME", fmt.Sprintf("%.2f", g.Now.Sub(g.BootedAt).Seconds())) + "\n")
	return nil
}

// powerState reboots or stops the machine when the first boot is over.
func powerState(g *Guest, u *userData) error {
	mode := fmt.Sprint(u.object("power_state")["mode"])
	if u.object("power_state") == nil || u.object("power_state")["condition"] == false {
		return nil
	}
	if !slices.Contains([]string{"reboot", "poweroff", "halt"}, mode) {
		return fmt.Errorf("power_state: mode '%s'", mode)
	}
	g.endInit()
	g.stop(g.Now, mode == "reboot")
	return nil
}
