package yunohost

import (
	"fmt"
	"strconv"
	"strings"
)

func (s *State) diagnoseBase() []Item {
	return []Item{
		{Status: "INFO", Summary: "Server hardware architecture is kvm amd64", Meta: map[string]string{"test": "hardware"}},
		{Status: "INFO", Summary: "Server is running Linux kernel 6.1.0-40-cloud-amd64", Meta: map[string]string{"test": "kernel"}},
		{Status: "INFO", Summary: "Server is running Debian 12.12", Meta: map[string]string{"test": "host"}},
		{Status: "INFO", Summary: fmt.Sprintf("Server is running YunoHost %s (stable)", s.Version), Meta: map[string]string{"test": "ynh_versions"},
			Details: []string{fmt.Sprintf("yunohost version: %s (stable)", s.Version)}},
	}
}

func (s *State) diagnoseIP() []Item {
	if !s.Site.Online {
		return []Item{{Status: "ERROR", Summary: "The server does not seem to be connected to the Internet at all!?", Meta: map[string]string{"test": "ping"}}}
	}
	return []Item{
		{Status: "SUCCESS", Summary: "Domain name resolution is working!", Meta: map[string]string{"test": "dnsresolv"}},
		{Status: "SUCCESS", Summary: "The server is connected to the Internet through IPv4!", Meta: map[string]string{"test": "ipv4"},
			Data: map[string]string{"global": s.Site.PublicIP, "local": s.Site.LocalIP}, Details: []string{"Global IP: " + s.Site.PublicIP, "Local IP: " + s.Site.LocalIP}},
		{Status: "WARNING", Summary: "The server does not have working IPv6.", Meta: map[string]string{"test": "ipv6"},
			Details: []string{"Having a working IPv6 is not mandatory for your server to work, but it is better for the health of the Internet as a whole."}},
	}
}

func (s *State) diagnoseDNS() []Item {
	var items []Item
	for _, d := range s.Domains {
		if s.parentDomain(d.Name) != "" {
			continue
		}
		if special(d.Name) {
			items = append(items, Item{Status: "INFO", Meta: map[string]string{"domain": d.Name}, Data: map[string]string{},
				Summary: fmt.Sprintf("Domain %s is based on a special-use top-level domain (TLD) such as .local or .test and is therefore not expected to have actual DNS records.", d.Name)})
			continue
		}
		for _, part := range []string{"basic", "mail", "extra"} {
			items = append(items, s.diagnoseRecords(d.Name, part))
		}
	}
	return items
}

// diagnoseRecords finds the records of a part published where the site is reachable,
// and missing elsewhere: nobody has made them yet.
func (s *State) diagnoseRecords(name, part string) Item {
	item := Item{Status: "SUCCESS", Summary: fmt.Sprintf("DNS records are correctly configured for domain %s (category %s)", name, part),
		Meta: map[string]string{"domain": name, "category": part}, Data: map[string]string{}}
	for _, r := range s.records(name) {
		if r.category != part {
			continue
		}
		if s.Site.Port80 {
			item.Data[r.kind+":"+r.name] = "OK"
			continue
		}
		item.Data[r.kind+":"+r.name] = "MISSING"
		item.Details = append(item.Details, fmt.Sprintf("According to the recommended DNS configuration, you should add a DNS record with the following info.\nType: %s\nName: %s\nValue: %s", r.kind, r.name, r.content))
	}
	if len(item.Details) > 0 {
		item.Status, item.Summary = "WARNING", fmt.Sprintf("Some DNS records are missing or incorrect for domain %s (category %s)", name, part)
		if part == "basic" || part == "mail" && name == s.MainDomain {
			item.Status = "ERROR"
		}
		item.Details = append([]string{"Please check the documentation at https://yunohost.org/dns_config if you need help configuring DNS records."}, item.Details...)
	}
	return item
}

func (s *State) diagnosePorts() []Item {
	needed := []struct {
		port          int
		service, what string
	}{{22, "ssh", "admin"}, {25, "postfix", "email"}, {80, "nginx", "web"}, {443, "nginx", "web"}, {587, "postfix", "email"}, {993, "dovecot", "email"}}
	var items []Item
	for _, p := range needed {
		item := Item{Status: "SUCCESS", Summary: fmt.Sprintf("Port %d is reachable from the outside.", p.port),
			Details: []string{fmt.Sprintf("Exposing this port is needed for %s features (service %s)", p.what, p.service)}, Meta: map[string]string{"port": strconv.Itoa(p.port)}}
		if !s.Site.Port80 {
			item.Status, item.Summary = "ERROR", fmt.Sprintf("Port %d is not reachable from the outside.", p.port)
			item.Details = append(item.Details, "To fix this issue, you most probably need to configure port forwarding on your internet router as described in https://yunohost.org/isp_box_config")
		}
		items = append(items, item)
	}
	return items
}

func (s *State) diagnoseWeb() []Item {
	var items []Item
	for _, d := range s.Domains {
		meta := map[string]string{"domain": d.Name}
		switch {
		case special(d.Name):
			items = append(items, Item{Status: "INFO", Meta: meta, Summary: fmt.Sprintf("Domain %s is based on a special-use top-level domain (TLD) such as .local or .test and is therefore not expected to be exposed outside the local network.", d.Name)})
		case s.Site.Port80:
			items = append(items, Item{Status: "SUCCESS", Meta: meta, Summary: fmt.Sprintf("Domain %s is reachable through HTTP from outside the local network.", d.Name)})
		default:
			items = append(items, Item{Status: "ERROR", Meta: meta, Summary: fmt.Sprintf("Domain %s appears unreachable through HTTP from outside the local network.", d.Name),
				Details: []string{"Timed-out while trying to contact your server from the outside. It appears to be unreachable."}})
		}
	}
	return items
}

func (s *State) diagnoseMail() []Item {
	port25 := Item{Status: "SUCCESS", Summary: "The SMTP mail server is able to send emails (outgoing port 25 is not blocked).", Meta: map[string]string{"test": "outgoing_port_25"}}
	if !s.Site.Port80 && s.setting("email.smtp.smtp_relay_enabled") != "1" {
		port25.Status, port25.Summary = "ERROR", "The SMTP mail server cannot send emails to other servers because outgoing port 25 is blocked in IPv4."
		port25.Details = []string{"You should first try to unblock outgoing port 25 in your internet router interface or your hosting provider interface."}
	}
	ehlo := Item{Status: "SUCCESS", Summary: "The SMTP mail server is reachable from the outside and therefore is able to receive emails!", Meta: map[string]string{"test": "mail_ehlo"}}
	if !s.Site.Port80 {
		ehlo.Status, ehlo.Summary = "ERROR", "The SMTP mail server is unreachable from the outside on IPv4. It won't be able to receive emails."
	}
	return []Item{port25, ehlo,
		{Status: "WARNING", Summary: "No reverse DNS is defined in IPv4. Some emails may fail to get delivered or be flagged as spam.", Meta: map[string]string{"test": "mail_fcrdns"},
			Details: []string{fmt.Sprintf("You should first try to configure reverse DNS with %s in your internet router interface or your hosting provider interface.", s.MainDomain)}},
		{Status: "SUCCESS", Summary: "The IPs and domains used by this server do not appear to be blacklisted", Meta: map[string]string{"test": "mail_blacklist"}},
		{Status: "SUCCESS", Summary: "0 pending emails in the mail queues", Meta: map[string]string{"test": "mail_queue"}}}
}

func (s *State) diagnoseServices() []Item {
	var items []Item
	for _, sv := range services {
		item := Item{Status: "SUCCESS", Summary: fmt.Sprintf("Service %s is running!", sv.name), Meta: map[string]string{"service": sv.name}}
		if s.Stopped[sv.name] {
			item.Status, item.Summary = "ERROR", fmt.Sprintf("Service %s is dead :(", sv.name)
		}
		items = append(items, item)
	}
	return items
}

func (s *State) diagnoseResources() []Item {
	gib := func(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }
	available := s.Site.Memory * 6 / 10
	ram := Item{Status: "SUCCESS", Summary: fmt.Sprintf("The system still has %s (60%%) RAM available out of %s.", gib(available), gib(s.Site.Memory)), Meta: map[string]string{"test": "ram"}}
	if s.Site.Memory < 1<<30 {
		ram.Status, ram.Summary = "WARNING", fmt.Sprintf("The system has %s (60%%) RAM available (out of %s). Be careful.", gib(available), gib(s.Site.Memory))
	}
	items := []Item{ram, {Status: "INFO", Summary: "The system has no swap at all. You should consider adding at least 512 MiB of swap to avoid situations where the system runs out of memory.",
		Meta: map[string]string{"test": "swap"}, Details: []string{"Please be careful and aware that if the server is hosting swap on an SD card or SSD storage, it may drastically reduce the life expectancy of the device."}}}
	if s.Site.DiskSize > 0 {
		percent := s.Site.DiskFree * 100 / s.Site.DiskSize
		status, words := "SUCCESS", "still has"
		switch {
		case percent < 5 || s.Site.DiskFree < 500<<20:
			status, words = "ERROR", "has only"
		case percent < 10 || s.Site.DiskFree < 1<<30:
			status, words = "WARNING", "has only"
		}
		items = append(items, Item{Status: status, Summary: fmt.Sprintf("Storage / (on device /dev/sda1) %s %s (%d%%) space left (out of %s)!", words, gib(s.Site.DiskFree), percent, gib(s.Site.DiskSize)),
			Meta: map[string]string{"test": "diskusage", "mountpoint": "/"}})
	}
	return items
}

func (s *State) diagnoseConfiguration() []Item {
	return []Item{{Status: "SUCCESS", Summary: "All configuration files are in line with the recommended configuration!", Meta: map[string]string{"test": "regenconf"}}}
}

func (s *State) diagnoseApps() []Item {
	if len(s.Apps) == 0 {
		return []Item{{Status: "SUCCESS", Summary: "All installed apps respect basic packaging practices", Meta: map[string]string{"test": "apps"}}}
	}
	var ids []string
	for _, a := range s.Apps {
		ids = append(ids, a.ID)
	}
	return []Item{{Status: "SUCCESS", Summary: "All installed apps respect basic packaging practices", Meta: map[string]string{"test": "apps"}, Data: map[string]string{"apps": strings.Join(ids, ", ")}}}
}
