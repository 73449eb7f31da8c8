package guest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// userData is a #cloud-config after its YAML was read.
type userData struct {
	values map[string]any
	broken bool     // no cloud-config at all: cloud-init warns and does nothing
	errors []string // what is not simulated
}

// knownKeys are the keys of user-data that are acted upon, each with the keys that
// may stand in it (nil: anything, checked where it is used).
var knownKeys = map[string][]string{
	"hostname": nil, "fqdn": nil, "prefer_fqdn_over_hostname": nil, "preserve_hostname": nil, "manage_etc_hosts": nil, "create_hostname_file": nil,
	"users": nil, "user": nil, "password": nil, "ssh_authorized_keys": nil, "ssh_pwauth": nil, "disable_root": nil, "ssh_deletekeys": nil, "no_ssh_fingerprints": nil,
	"chpasswd":       {"expire", "list", "users"},
	"package_update": nil, "package_upgrade": nil, "package_reboot_if_required": nil, "packages": nil,
	"apt":         {"preserve_sources_list", "primary", "conf", "http_proxy", "https_proxy"},
	"write_files": nil, "runcmd": nil, "bootcmd": nil, "timezone": nil, "locale": nil, "keyboard": {"layout", "model", "variant", "options"},
	"ntp": {"enabled", "ntp_client", "servers", "pools"}, "growpart": {"mode", "devices", "ignore_growroot_disabled"}, "resize_rootfs": nil,
	"swap": {"filename", "size", "maxsize"}, "final_message": nil, "power_state": {"delay", "mode", "message", "timeout", "condition"}, "output": nil,
}

// parseUserData reads user-data as cloud-init does. Broken YAML, or a first line that
// is no #cloud-config, makes it do nothing, as in life.
func parseUserData(raw []byte) userData {
	u := userData{values: map[string]any{}}
	text := bytes.TrimSpace(raw)
	if len(text) == 0 {
		return u
	}
	first, _, _ := strings.Cut(string(text), "\n")
	switch first = strings.TrimSpace(first); {
	case strings.HasPrefix(first, "## template: jinja"):
		u.errors = append(u.errors, "not simulated: a jinja template as user-data")
		return u
	case strings.HasPrefix(first, "#!"):
		u.errors = append(u.errors, "not simulated: a script as user-data")
		return u
	case !strings.HasPrefix(first, "#cloud-config"):
		u.broken = true
		return u
	}
	if err := yaml.Unmarshal(raw, &u.values); err != nil {
		u.broken = true
		return u
	}
	var names []string
	for key := range u.values {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		allowed, ok := knownKeys[key]
		if !ok {
			u.errors = append(u.errors, fmt.Sprintf("not simulated: key '%s' in user-data", key))
			continue
		}
		inner, ok := u.values[key].(map[string]any)
		if !ok || allowed == nil {
			continue
		}
		for sub := range inner {
			if !slices.Contains(allowed, sub) {
				u.errors = append(u.errors, fmt.Sprintf("not simulated: key '%s.%s' in user-data", key, sub))
			}
		}
	}
	slices.Sort(u.errors)
	return u
}

func (u *userData) text(key string) string {
	if v, ok := u.values[key]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func (u *userData) on(key string) bool {
	v, ok := u.values[key].(bool)
	return ok && v
}

func (u *userData) list(key string) []any {
	v, _ := u.values[key].([]any)
	return v
}

func (u *userData) object(key string) map[string]any {
	v, _ := u.values[key].(map[string]any)
	return v
}

// words are a list of texts, or one text.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, fmt.Sprint(item))
		}
		return out
	}
	return nil
}

// commandScript is the shell script that cloud-init makes of runcmd or bootcmd: texts
// as they are, lists quoted.
func commandScript(commands []any) (string, error) {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	for i, c := range commands {
		switch c := c.(type) {
		case string:
			b.WriteString(c + "\n")
		case []any:
			var quoted []string
			for _, w := range c {
				quoted = append(quoted, "'"+strings.ReplaceAll(fmt.Sprint(w), "'", `'\''`)+"'")
			}
			b.WriteString(strings.Join(quoted, " ") + "\n")
		case nil:
		default:
			return "", fmt.Errorf("command %d is neither a text nor a list", i+1)
		}
	}
	return b.String(), nil
}
