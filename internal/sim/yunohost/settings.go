package yunohost

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
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

// option is one setting. Values are kept as text; a boolean as "1" or "0".
type option struct {
	key     string // "email.smtp.smtp_relay_host"
	kind    string // boolean, number, select, string, tags, password, alert
	def     string
	null    bool   // unset reads as null, not as an empty text
	visible string // shown only when this option is on; such ones can't be set alone
	ask     string
	choices []string
}

func (o *option) id() string { return o.key[strings.LastIndex(o.key, ".")+1:] }

var options = []option{
	{key: "security.password.admin_strength", kind: "select", def: "1", ask: "Admin password strength requirements", choices: []string{"1", "2", "3", "4"}},
	{key: "security.password.user_strength", kind: "select", def: "1", ask: "User password strength requirements", choices: []string{"1", "2", "3", "4"}},
	{key: "security.password.passwordless_sudo", kind: "boolean", def: "0", ask: "Allow admins to use 'sudo' without re-typing their passwords"},
	{key: "security.ssh.ssh_compatibility", kind: "select", def: "modern", ask: "SSH Compatibility", choices: []string{"intermediate", "modern"}},
	{key: "security.ssh.ssh_port", kind: "number", def: "22", ask: "SSH port"},
	{key: "security.ssh.ssh_password_authentication", kind: "boolean", def: "1", ask: "Password authentication"},
	{key: "security.nginx.nginx_redirect_to_https", kind: "boolean", def: "1", ask: "Force HTTPS"},
	{key: "security.nginx.nginx_compatibility", kind: "select", def: "intermediate", ask: "NGINX Compatibility", choices: []string{"intermediate", "modern"}},
	{key: "security.postfix.postfix_compatibility", kind: "select", def: "intermediate", ask: "Postfix Compatibility", choices: []string{"intermediate", "modern"}},
	{key: "security.webadmin.webadmin_allowlist_enabled", kind: "boolean", def: "0", ask: "Enable Webadmin IP allowlist"},
	{key: "security.webadmin.webadmin_allowlist", kind: "tags", visible: "webadmin_allowlist_enabled", ask: "Webadmin IP allowlist"},
	{key: "security.portal.portal_allow_edit_email", kind: "boolean", def: "0", ask: "Allow users to edit their main email address"},
	{key: "security.portal.portal_allow_edit_email_alias", kind: "boolean", def: "1", ask: "Allow users to add, remove, edit mail aliases"},
	{key: "security.portal.portal_allow_edit_email_forward", kind: "boolean", def: "1", ask: "Allow users to add, remove, edit mail forward"},
	{key: "security.experimental.security_experimental_enabled", kind: "boolean", def: "0", ask: "Experimental security features"},
	{key: "email.pop3.pop3_enabled", kind: "boolean", def: "0", ask: "Enable POP3"},
	{key: "email.smtp.smtp_allow_ipv6", kind: "boolean", def: "1", ask: "Allow IPv6"},
	{key: "email.smtp.smtp_relay_enabled", kind: "boolean", def: "0", ask: "Enable SMTP relay"},
	{key: "email.smtp.smtp_relay_host", kind: "string", null: true, visible: "smtp_relay_enabled", ask: "SMTP relay host"},
	{key: "email.smtp.smtp_relay_port", kind: "number", def: "587", visible: "smtp_relay_enabled", ask: "SMTP relay port"},
	{key: "email.smtp.smtp_relay_user", kind: "string", null: true, visible: "smtp_relay_enabled", ask: "SMTP relay user"},
	{key: "email.smtp.smtp_relay_password", kind: "password", null: true, visible: "smtp_relay_enabled", ask: "SMTP relay password"},
	{key: "email.smtp.smtp_backup_mx_domains", kind: "string", null: true, ask: "Domains to act as secondary MX for"},
	{key: "email.smtp.smtp_backup_mx_emails_whitelisted", kind: "string", null: true, visible: "smtp_backup_mx_domains", ask: "SMTP backup MX emails whitelist"},
	{key: "email.antispam.enable_blocklists", kind: "boolean", def: "1", ask: "Enable blocklists for incoming traffic"},
	{key: "misc.backup.backup_compress_tar_archives", kind: "boolean", def: "0", ask: "Compress backups"},
	{key: "misc.network.dns_exposure", kind: "select", def: "both", ask: "IP versions to consider for DNS configuration and diagnosis", choices: []string{"both", "ipv4", "ipv6"}},
	{key: "misc.tls_passthrough.tls_passthrough_enabled", kind: "boolean", def: "0", ask: "Enable TLS-passthrough / SNI-based forwarding"},
	{key: "misc.tls_passthrough.tls_passthrough_explain", kind: "alert", ask: "This feature is advanced and experimental."},
	{key: "misc.tls_passthrough.tls_passthrough_list", kind: "tags", visible: "tls_passthrough_enabled", ask: "List of forwarding"},
}

func findSetting(key string) *option {
	for i := range options {
		if options[i].key == key {
			return &options[i]
		}
	}
	return nil
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

// matching lists the settings under a key of one, two or three parts.
func matching(key string) ([]*option, error) {
	var found []*option
	for i := range options {
		if o := &options[i]; key == "" || o.key == key || strings.HasPrefix(o.key, key+".") {
			found = append(found, o)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	parts := strings.SplitN(key, ".", 3)
	shown, raw := make([]string, 3), make([]any, 3)
	for i := range 3 {
		shown[i] = "None"
		if i < len(parts) {
			shown[i], raw[i] = "'"+parts[i]+"'", parts[i]
		}
	}
	return nil, refuse("config_unknown_filter_key", fmt.Sprintf("The filter key '(%s)' is incorrect.", strings.Join(shown, ", ")), field{"filter_key", raw})
}

func settingsList(c *call) (any, error) {
	if c.args.has("full") {
		return c.s.panels(everySetting()), nil
	}
	return c.s.summary(everySetting()), nil
}

func everySetting() []*option {
	all := make([]*option, len(options))
	for i := range options {
		all[i] = &options[i]
	}
	return all
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

// parseAnswers reads a URL-encoded list of answers, as a form's body.
func parseAnswers(text string) (map[string]string, error) {
	values, err := url.ParseQuery(strings.ReplaceAll(text, ";", "%3B"))
	if err != nil {
		return nil, &fault{kind: crash, text: "ValueError: " + err.Error()}
	}
	answers := map[string]string{}
	for k, v := range values {
		answers[k] = v[len(v)-1]
	}
	return answers, nil
}

var isNumber = regexp.MustCompile(`^\d+$`)

// checkValue normalises a value. It lets through what YunoHost lets through: a port
// beyond all ports, a host with a space.
func (s *State) checkValue(o *option, v string) (string, error) {
	switch o.kind {
	case "boolean":
		switch strings.ToLower(v) {
		case "1", "yes", "y", "true", "t", "on":
			return "1", nil
		case "0", "no", "n", "false", "f", "off", "":
			return "0", nil
		}
		return "", refuse("app_argument_choice_invalid", fmt.Sprintf("Pick a valid value for argument '%s': '%s' is not among the available choices (yes/no)", o.id(), v),
			field{"name", o.id()}, field{"value", v}, field{"choices", "yes/no"})
	case "number":
		if !isNumber.MatchString(v) {
			return "", refuse("app_argument_invalid", "Must be a number", field{"name", o.id()})
		}
	case "select":
		if !slices.Contains(o.choices, v) {
			choices := strings.Join(o.choices, ", ")
			return "", refuse("app_argument_choice_invalid", fmt.Sprintf("Pick a valid value for argument '%s': '%s' is not among the available choices (%s)", o.id(), v, choices),
				field{"name", o.id()}, field{"value", v}, field{"choices", choices})
		}
	case "password":
		if v != "" && v != s.setting(o.key) {
			return v, s.checkPassword(v, "user")
		}
	}
	return v, nil
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
