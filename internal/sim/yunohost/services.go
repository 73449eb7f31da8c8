package yunohost

import (
	"fmt"
	"slices"
	"time"
)

var serviceOperations = map[string]operation{
	"service.status":  {do: serviceStatus},
	"service.start":   {do: serviceStart, writes: true},
	"service.stop":    {do: serviceStop, writes: true},
	"service.restart": {do: serviceRestart, writes: true},
}

type service struct{ name, description string }

var services = []service{
	{"dnsmasq", "Handles domain name resolution (DNS)"}, {"dovecot", "Allows e-mail clients to access/fetch email (via IMAP and POP3)"},
	{"fail2ban", "Protects against brute-force and other kinds of attacks from the Internet"}, {"nftables", "Manages open and close connection ports to services"},
	{"nginx", "Serves or provides access to all the websites hosted on your server"}, {"opendkim", "Signs outgoing emails using DKIM such that they are less likely to be flagged as spam"},
	{"postfix", "Used to send and receive e-mails"}, {"slapd", "Stores users, domains and related info"},
	{"ssh", "Allows you to connect remotely to your server via a terminal (SSH protocol)"}, {"yunohost-api", "Manages interactions between the YunoHost web interface and the system"},
	{"yunohost-portal-api", "Manages interactions between the YunoHost user portal and the system"}, {"yunomdns", "Allows you to reach your server using 'yunohost.local' in your local network"},
}

func (s *State) serviceView(sv service) object {
	status := "running"
	if s.Stopped[sv.name] {
		status = "dead"
	}
	return object{{"status", status}, {"start_on_boot", "enabled"}, {"last_state_change", s.Now.Add(-time.Hour).Format("2006-01-02 15:04:05")},
		{"description", sv.description}, {"configuration", "valid"}}
}

func serviceStatus(c *call) (any, error) {
	names := c.args["names"]
	if err := knownServices(names); err != nil {
		return nil, err
	}
	all := object{}
	for _, sv := range services {
		if len(names) == 0 || slices.Contains(names, sv.name) {
			all.set(sv.name, c.s.serviceView(sv))
		}
	}
	if len(names) == 1 {
		return all[0].value, nil
	}
	return all, nil
}

func knownServices(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(services, func(sv service) bool { return sv.name == name }) {
			return refuse("service_unknown", fmt.Sprintf("Unknown service '%s'", name), field{"service", name})
		}
	}
	return nil
}

func (c *call) eachService(done string, stopped bool) error {
	if err := knownServices(c.args["names"]); err != nil {
		return err
	}
	c.start()
	for _, name := range c.args["names"] {
		c.takes(2 * time.Second)
		c.s.SetService(name, !stopped)
		c.say("SUCCESS", fmt.Sprintf("Service '%s' %s", name, done))
	}
	return nil
}

// SetService starts or stops a service, as systemctl does. Starting the API anew
// gives it a fresh copy of the catalog.
func (s *State) SetService(name string, running bool) {
	if s.Stopped == nil {
		s.Stopped = map[string]bool{}
	}
	if running {
		delete(s.Stopped, name)
	} else {
		s.Stopped[name] = true
	}
	if name == "yunohost-api" {
		s.APIStopped = !running
		s.Catalog.Mangled = false
	}
}

func serviceStart(c *call) (any, error)   { return nil, c.eachService("started", false) }
func serviceRestart(c *call) (any, error) { return nil, c.eachService("restarted", false) }
func serviceStop(c *call) (any, error)    { return nil, c.eachService("stopped", true) }
