package yunohost

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

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

func everySetting() []*option {
	all := make([]*option, len(options))
	for i := range options {
		all[i] = &options[i]
	}
	return all
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
