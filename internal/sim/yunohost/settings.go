package yunohost

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var settingsOperations = map[string]operation{
	"settings.list":  {do: settingsList},
	"settings.get":   {do: settingsGet},
	"settings.set":   {do: settingsSet, writes: true},
	"settings.reset": {do: settingsReset, writes: true},
}

func (s *State) setting(key string) string {
	if v, ok := s.Settings[key]; ok {
		return v
	}
	if o := findSetting(key); o != nil {
		return o.def
	}
	return ""
}

// value is a setting as export and a read of one key show it.
func (s *State) value(o *option) any {
	v, set := s.Settings[o.key]
	if !set {
		v = o.def
		if o.null {
			return nil
		}
	}
	switch o.kind {
	case "boolean":
		if !set { // a default is a boolean, a value that was set a number
			return v == "1"
		}
		fallthrough
	case "number":
		n, err := strconv.Atoi(v)
		if err != nil {
			return v
		}
		return n
	}
	return v
}

func settingsList(c *call) (any, error) {
	if c.args.has("full") {
		return c.s.panels(everySetting()), nil
	}
	return c.s.summary(everySetting()), nil
}

// summary is the human view: texts, yes and no, a password hidden.
func (s *State) summary(list []*option) object {
	all := object{}
	for _, o := range list {
		v := s.setting(o.key)
		shown := object{{"ask", o.ask}}
		switch o.kind {
		case "boolean":
			v = map[string]string{"1": "yes"}[v]
			if v == "" {
				v = "no"
			}
		case "password":
			v = "**************"
		case "alert":
			all.set(o.key, shown)
			continue
		}
		shown.set("value", v)
		all.set(o.key, shown)
	}
	return all
}

// panels is the full view: panels, sections, options.
func (s *State) panels(list []*option) object {
	names := map[string]string{"security": "Security", "email": "Email", "misc": "Other", "smtp": "SMTP"}
	title := func(id string) string {
		if names[id] != "" {
			return names[id]
		}
		return id
	}
	var panels []object
	grouped := func(of []*option, depth int) [][]*option {
		var groups [][]*option
		for _, o := range of {
			part := strings.Split(o.key, ".")[depth]
			if n := len(groups); n > 0 && strings.Split(groups[n-1][0].key, ".")[depth] == part {
				groups[n-1] = append(groups[n-1], o)
				continue
			}
			groups = append(groups, []*option{o})
		}
		return groups
	}
	for _, panel := range grouped(list, 0) {
		sections := []object{}
		for _, section := range grouped(panel, 1) {
			shown := []object{}
			for _, o := range section {
				var visible any = true
				if o.visible != "" {
					visible = o.visible
				}
				shown = append(shown, object{{"type", o.kind}, {"id", o.id()}, {"mode", "bash"}, {"ask", o.ask}, {"readonly", o.kind == "alert"},
					{"visible", visible}, {"redact", o.kind == "password"}, {"optional", true}, {"value", s.value(o)}})
			}
			id := strings.Split(section[0].key, ".")[1]
			sections = append(sections, object{{"options", shown}, {"id", id}, {"name", title(id)}, {"services", []any{}}, {"visible", true},
				{"optional", true}, {"collapsed", false}, {"is_action_section", false}})
		}
		id := strings.Split(panel[0].key, ".")[0]
		panels = append(panels, object{{"id", id}, {"name", title(id)}, {"services", []any{}}, {"actions", object{{"apply", object{{"en", "Apply"}}}}}, {"sections", sections}})
	}
	return object{{"version", 1.0}, {"i18n", "global_settings_setting"}, {"panels", panels}}
}

func settingsGet(c *call) (any, error) {
	list, err := matching(c.args.str("key"))
	if err != nil {
		return nil, err
	}
	switch {
	case c.args.has("full"):
		return c.s.panels(list), nil
	case c.args.has("export"):
		o := object{}
		for _, opt := range list {
			o.set(opt.id(), c.s.value(opt))
		}
		return o, nil
	case strings.Count(c.args.str("key"), ".") == 2:
		return c.s.value(list[0]), nil
	}
	return c.s.summary(list), nil
}

const (
	saveTime    = 1 * time.Second
	postfixTime = 4 * time.Second
)

// keyError is how the form breaks on an option whose visibility hangs on another one
// that is not part of what is set.
func keyError(o *option) *fault {
	return &fault{kind: crash, text: fmt.Sprintf("KeyError: '%s'", o.visible)}
}

func settingsSet(c *call) (any, error) {
	key := c.args.str("key")
	list, err := matching(key)
	if err != nil {
		return nil, err
	}
	answers := map[string]string{}
	if strings.Count(key, ".") == 2 {
		if list[0].visible != "" {
			return nil, keyError(list[0])
		}
		answers[list[0].id()] = c.args.str("value")
	} else if c.args.has("value") {
		return nil, refuse("config_cant_set_value_on_section", "You can't set a single value on an entire config section.")
	}
	if c.args.has("args") {
		parsed, err := parseAnswers(c.args.str("args"))
		if err != nil {
			return nil, err
		}
		answers = parsed
	}
	changed := map[string]string{}
	for _, o := range list {
		given, ok := answers[o.id()]
		if !ok {
			continue
		}
		v, err := c.s.checkValue(o, given)
		if err != nil {
			return nil, err
		}
		if c.s.setting(o.key) != v {
			changed[o.key] = v
		}
	}
	c.start()
	c.say("INFO", "Saving the new configuration...")
	c.takes(saveTime)
	if c.s.Settings == nil {
		c.s.Settings = map[string]string{}
	}
	for k, v := range changed {
		c.s.Settings[k] = v
		if strings.HasPrefix(k, "email.smtp.") {
			c.cost = readTime + saveTime + postfixTime
		}
	}
	if len(changed) > 0 && (key == "email.smtp" || key == "email") {
		if _, ok := c.s.Settings["email.smtp.smtp_backup_mx_domains"]; !ok {
			c.s.Settings["email.smtp.smtp_backup_mx_domains"] = ""
		}
	}
	c.say("SUCCESS", "Config updated as expected")
	return nil, nil
}

func settingsReset(c *call) (any, error) {
	list, err := matching(c.args.str("key"))
	if err != nil {
		return nil, err
	}
	c.start()
	c.takes(postfixTime)
	for _, o := range list {
		delete(c.s.Settings, o.key)
	}
	c.say("SUCCESS", "Setting reset")
	return nil, nil
}
