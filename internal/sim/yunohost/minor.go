package yunohost

import (
	"fmt"
	"slices"
	"strconv"
)

// minorOperations are the reads of parts that are not simulated any deeper.
var minorOperations = map[string]operation{
	"firewall.list":    {do: firewallList},
	"firewall.is-open": {do: firewallIsOpen},
	"backup.list":      {do: backupList},
	"backup.info":      {do: backupInfo},
	"hook.list":        {do: hookList},
}

// openPorts are the ports of a fresh server.
var openPorts = map[string][]int{"tcp": {22, 25, 80, 443, 587, 993}, "udp": {5353}}

func firewallList(c *call) (any, error) {
	if c.args.has("raw") || c.args.has("forwarded") {
		return nil, notSimulated("firewall list with raw or forwarded")
	}
	protocol := c.args.opt("protocol", "tcp")
	ports := []any{}
	for _, p := range openPorts[protocol] {
		ports = append(ports, p)
	}
	return object{{protocol, ports}}, nil
}

func firewallIsOpen(c *call) (any, error) {
	port, err := strconv.Atoi(c.args.str("port"))
	if err != nil {
		return nil, refusePlain("Invalid argument 'port': %s", patternTexts["pattern_port_or_range"])
	}
	return slices.Contains(openPorts[c.args.opt("protocol", "tcp")], port), nil
}

func backupList(*call) (any, error) { return object{{"archives", []any{}}}, nil }

func backupInfo(c *call) (any, error) {
	name := c.args.str("name")
	return nil, refuse("backup_archive_name_unknown", fmt.Sprintf("Unknown local backup archive named '%s'", name), field{"name", name})
}

// hooks are those that every server has.
var hooks = map[string][]string{"post_user_create": {"ynh_multimedia"}, "post_user_delete": {"ynh_multimedia"}}

func hookList(c *call) (any, error) {
	names := hooks[c.args.str("action")]
	if names == nil {
		return nil, notSimulated("hooks of " + c.args.str("action"))
	}
	return object{{"hooks", names}}, nil
}
