package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Log is the record of one action that changed something.
type Log struct {
	Name    string    `json:"name"` // 20261124-043531-user_create-anna
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Success bool      `json:"success"`
	Broken  bool      `json:"broken,omitempty"` // never ended: the power went
	Error   string    `json:"error,omitempty"`
	By      string    `json:"by,omitempty"`
	Lines   []string  `json:"lines,omitempty"`
}

var logOperations = map[string]operation{
	"log.list": {do: logList},
	"log.show": {do: logShow},
}

// related is the argument whose value ends the name of an action's log.
var related = map[string]string{
	"tools.postinstall": "domain", "user.create": "username", "user.update": "username", "user.delete": "username",
	"user.group.create": "groupname", "user.group.delete": "groupname", "domain.add": "domain", "domain.remove": "domain",
	"domain.main-domain": "new-main-domain", "app.install": "app", "app.remove": "app", "app.upgrade": "app", "tools.regen-conf": "names",
	"domain.cert.install": "domain_list", "settings.set": "key", "settings.reset": "key",
}

// logName is the name of the log of an action that starts at an instant.
func logName(at time.Time, action string, args arguments) string {
	named := action
	if action == "tools.regen-conf" {
		action = "regen_conf" // its log is not named after the command
	}
	name := at.UTC().Format("20060102-150405-") + strings.NewReplacer(".", "_", "-", "_").Replace(action)
	if key, ok := related[named]; ok {
		name += "-" + strings.Join(args[key], "_")
	}
	return name
}

// start begins the log of the action: it is past its checks.
func (c *call) start() {
	if c.log != nil {
		return
	}
	c.log = &Log{Name: logName(c.now, c.name, c.args), Started: c.now.UTC(), By: c.by}
	c.s.Logs = append(c.s.Logs, c.log)
}

func (l *Log) end(c *call, err error) {
	l.Ended = c.now.Add(c.cost).UTC()
	l.keep(c, l.Ended)
	if err != nil {
		l.Error = err.Error()
		return
	}
	l.Success = l.Error == ""
}

// keep writes down what was said since the last time.
func (l *Log) keep(c *call, at time.Time) {
	for _, said := range c.said[c.kept:] {
		l.Lines = append(l.Lines, fmt.Sprintf("%s: %s - %s", at.UTC().Format("2006-01-02 15:04:05,000"), said.level, said.text))
	}
	c.kept = len(c.said)
}

func (l *Log) status() any {
	if l.Broken {
		return "?"
	}
	return l.Success
}

func logList(c *call) (any, error) {
	limit := 50
	if _, err := fmt.Sscan(c.args.opt("limit", "50"), &limit); err != nil || limit < 0 {
		limit = 50
	}
	logs := slices.Clone(c.s.Logs)
	slices.SortStableFunc(logs, func(a, b *Log) int { return strings.Compare(b.Name, a.Name) })
	logs = logs[:min(limit, len(logs))]
	if c.door == cli {
		slices.Reverse(logs)
	}
	list := []object{}
	for _, l := range logs {
		entry := object{{"name", l.Name}, {"path", "/var/log/yunohost/operations/" + l.Name + ".yml"}, {"description", describe(l.Name)},
			{"success", l.status()}, {"started_at", l.Started.Format("2006-01-02T15:04:05")}}
		if c.args.has("with-details") {
			entry.set("parent", nil)
			entry.set("started_by", l.By)
		}
		list = append(list, entry)
	}
	return object{{"operation", list}}, nil
}

// describe makes the title of a log out of its name.
func describe(name string) string {
	parts := strings.SplitN(name, "-", 4)
	if len(parts) < 3 {
		return name
	}
	title := strings.ReplaceAll(parts[2], "_", " ")
	if titled, ok := logTitles[parts[2]]; ok {
		title = titled
	}
	if len(parts) == 4 && parts[3] != "" && parts[2] != "tools_postinstall" {
		title = fmt.Sprintf("%s '%s'", title, parts[3])
	}
	return title
}

var logTitles = map[string]string{
	"tools_postinstall": "Postinstall your YunoHost server", "user_create": "Add user", "user_delete": "Delete user", "user_update": "Update info for user",
	"user_import": "Import users", "domain_add": "Add domain to system configuration", "app_install": "Install the app", "app_remove": "Remove the app",
	"app_upgrade": "Upgrade the app", "tools_upgrade": "Upgrade system packages", "tools_update": "Refresh the list of available upgrades",
}

func logShow(c *call) (any, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(c.args.str("path"), ".yml"), ".log")
	name = strings.TrimPrefix(name, "/var/log/yunohost/operations/")
	if name == "last" && len(c.s.Logs) > 0 {
		name = c.s.Logs[len(c.s.Logs)-1].Name
	}
	for _, l := range c.s.Logs {
		if l.Name != name {
			continue
		}
		meta := object{{"started_at", l.Started.Format("2006-01-02 15:04:05")}, {"started_by", l.By}, {"interface", "cli"},
			{"success", l.status()}, {"error", nil}, {"yunohost_version", Version}}
		if !l.Ended.IsZero() {
			meta.set("ended_at", l.Ended.Format("2006-01-02 15:04:05"))
		}
		if l.Error != "" {
			meta.set("error", l.Error)
		}
		lines := l.Lines
		if lines == nil {
			lines = []string{}
		}
		base := "/var/log/yunohost/operations/" + l.Name
		return object{{"description", describe(l.Name)}, {"name", l.Name}, {"metadata_path", base + ".yml"}, {"metadata", meta},
			{"suboperations", []any{}}, {"log_path", base + ".log"}, {"logs", lines}}, nil
	}
	return nil, fail("Unable to get a log file nor a metadata file for the specified operation: %s", c.args.str("path"))
}
