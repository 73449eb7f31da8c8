package yunohost

import (
	"fmt"
	"slices"
	"time"
)

var toolsOperations = map[string]operation{
	"tools.postinstall":      {do: postinstall, writes: true},
	"tools.versions":         {do: versions},
	"tools.update":           {do: toolsUpdate, writes: true},
	"tools.update_norefresh": {do: toolsUpdateNoRefresh},
	"tools.upgrade":          {do: toolsUpgrade, writes: true},
	"tools.rootpw":           {do: rootPassword, writes: true},
	"tools.regen-conf":       {do: regenConf, writes: true},
	"tools.migrations.list":  {do: migrationsList},
}

const (
	postinstallTime = 27 * time.Second
	aptUpdateTime   = 12 * time.Second
	upgradeTime     = 15 * time.Second // per package
	regenTime       = 15 * time.Second
)

func versions(c *call) (any, error) {
	one := func(version, repo string) object { return object{{"version", version}, {"repo", repo}} }
	return object{{"yunohost", one(c.s.Version, "stable")}, {"yunohost-admin", one("12.1.10", "stable")}, {"yunohost-portal", one("12.1.2", "stable")},
		{"moulinette", one("12.1.3", "stable")}, {"ssowat", one("12.1.1", "stable")}}, nil
}

func postinstall(c *call) (any, error) {
	s := c.s
	domain, username, password := c.args.str("domain"), c.args.str("username"), c.args.str("password")
	if s.Installed {
		return nil, refuse("yunohost_already_installed", "YunoHost is already installed")
	}
	if s.systemUser(username) {
		return nil, refuse("system_username_exists", "Username already exists in the list of system users")
	}
	if slices.Contains(adminAliases, username) {
		return nil, refuseRaw(fmt.Sprintf("Unfortunately, %s cannot be used as a username", username))
	}
	if s.Site.DiskSize < 10<<30 && !c.args.has("force-diskspace") {
		return nil, refuse("postinstall_low_rootfsspace", "The root filesystem has a total space less than 10 GB, which is quite worrisome! You will likely run out of disk space very quickly! It's recommended to have at least 16GB for the root filesystem. If you want to install YunoHost despite this warning, re-run the postinstall with --force-diskspace")
	}
	if err := s.checkPassword(password, "admin"); err != nil {
		return nil, err
	}
	if dyndns(domain) && !c.args.has("ignore-dyndns") {
		if s.Site.Online {
			return nil, notSimulated("a DynDNS subscription (use ignore-dyndns)")
		}
		return nil, refuse("dyndns_provider_unreachable", "Unable to reach DynDNS provider dyndns.yunohost.org: either your YunoHost is not correctly connected to the internet or the dynette server is down.", field{"provider", "dyndns.yunohost.org"})
	}
	c.start()
	c.takes(postinstallTime)
	c.say("INFO", "Installing YunoHost\u2026")
	s.Groups = []*Group{{Name: "admins"}, {Name: "all_users"}, {Name: "visitors"}}
	s.Domains = []*Domain{selfSigned(domain, c.now)}
	c.say("SUCCESS", fmt.Sprintf("Self-signed certificate now installed for the domain '%s'", domain))
	c.say("SUCCESS", "Domain created")
	s.MainDomain = domain
	c.say("SUCCESS", "The main domain has been changed")
	u := &User{Name: username, FullName: c.args.str("fullname"), Mails: []string{username + "@" + domain}, Quota: "0", Shell: "/bin/bash", Hash: hash(password)}
	s.Users = []*User{u}
	s.join("admins", username)
	s.join("all_users", username)
	c.say("SUCCESS", "User created")
	s.RootHash = u.Hash
	c.say("SUCCESS", "root's password was changed")
	c.refreshCatalog()
	s.Installed = true
	// The accounts of mail delivery and the portal exist from now on, too late to be
	// refused as the first admin's name.
	s.SystemUsers = append(s.SystemUsers, "vmail", "rspamd")
	c.say("SUCCESS", "YunoHost is now configured")
	c.say("WARNING", "The post-install completed! To finalize your setup, please consider:\n    - diagnose potential issues through the 'Diagnosis' section of the webadmin (or 'yunohost diagnosis run' in command-line);\n    - reading the 'Finalizing your setup' and 'Getting to know YunoHost' parts in the admin documentation: https://yunohost.org/admindoc.")
	return nil, nil
}

// refreshCatalog fetches the app catalog; without a network it only says so.
func (c *call) refreshCatalog() {
	if !c.s.Site.Online {
		c.say("WARNING", "Unable to download the default app catalog: Failed to connect to https://app.yunohost.org/default/v3/apps.json... maybe the service is down, or you are not properly connected to the Internet in IPv4/IPv6.")
		return
	}
	c.say("INFO", "Updating application catalog\u2026")
	c.s.Catalog = Catalog{FetchedAt: c.now.UTC(), Mangled: c.s.Catalog.Mangled}
	c.say("SUCCESS", "The application catalog has been updated!")
}

func toolsUpdate(c *call) (any, error) {
	if !c.args.has("no-refresh") {
		c.start()
		target := c.args.opt("target", "all")
		if target != "apps" {
			c.say("INFO", "Fetching available upgrades for system packages\u2026")
			c.takes(aptUpdateTime)
			// Without a network apt only warns, and so does YunoHost: nothing fails.
			if c.s.Site.Online {
				c.s.Refreshed = c.now.UTC()
			} else {
				c.say("WARNING", "W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'")
				c.say("ERROR", "Something went wrong while updating the cache of APT (Debian's package manager).")
			}
		}
		if target != "system" {
			c.refreshCatalog()
		}
	}
	return toolsUpdateNoRefresh(c)
}

func toolsUpdateNoRefresh(c *call) (any, error) {
	system := object{}
	if !c.s.Refreshed.IsZero() {
		list := []object{}
		for _, p := range c.s.Packages {
			list = append(list, object{{"name", p.Name}, {"new_version", p.New}, {"current_version", p.Current}})
		}
		if len(list) > 0 {
			system = object{{"yunohost", []any{}}, {"security", []any{}}, {"others", list}}
		}
	}
	apps := []object{}
	for _, a := range c.s.Apps {
		if newest, ok := c.s.upgradeOf(a); ok {
			o := c.s.appView(a)
			o.set("upgrade", object{{"status", "upgradable"}, {"message", fmt.Sprintf("The app can be upgraded from version %s to %s", a.Version, newest)},
				{"current_version", a.Version}, {"new_version", newest}})
			apps = append(apps, o)
		}
	}
	if len(system) == 0 && len(apps) == 0 {
		c.say("INFO", "Nothing to do. Everything is already up-to-date.")
	}
	age := func(at time.Time) int {
		if at.IsZero() {
			return 99999 * 3600
		}
		return int(c.now.Sub(at) / time.Second)
	}
	return object{{"system", system}, {"apps", apps}, {"important_yunohost_upgrade", false}, {"pending_migrations", []any{}},
		{"last_apt_update", age(c.s.Refreshed)}, {"last_apps_catalog_update", age(c.s.Catalog.FetchedAt)}}, nil
}

func toolsUpgrade(c *call) (any, error) {
	switch c.args.str("target") {
	case "apps":
		return nil, c.upgradeApps(nil, false)
	case "system":
	default:
		return nil, refuseRaw("Uhoh ?! tools_upgrade should have 'apps' or 'system' value for argument target")
	}
	if len(c.s.Packages) == 0 || c.s.Refreshed.IsZero() {
		c.say("INFO", "Nothing to do. Everything is already up-to-date.")
	}
	c.start()
	c.say("INFO", "Upgrading packages\u2026")
	c.say("INFO", "Upgrading system packages")
	// Without a network apt fails, YunoHost warns, and the log says success.
	if !c.s.Site.Online {
		c.say("WARNING", "Could not upgrade packages: ")
	} else if !c.s.Refreshed.IsZero() {
		for _, p := range c.s.Packages {
			c.takes(upgradeTime)
			c.say("INFO", fmt.Sprintf("+ Unpacking %s (%s) over (%s) ...", p.Name, p.New, p.Current))
		}
		c.s.Packages = nil
	}
	c.say("SUCCESS", "System upgraded")
	return nil, nil
}

func rootPassword(c *call) (any, error) {
	password := c.args.str("new-password")
	if err := c.s.checkPassword(password, "admin"); err != nil {
		return nil, err
	}
	c.start()
	c.s.RootHash = hash(password)
	c.say("SUCCESS", "root's password was changed")
	return nil, nil
}

// configurations are the parts that regen-conf knows.
var configurations = []string{"apt", "dnsmasq", "dovecot", "fail2ban", "mdns", "mysql", "nftables", "nginx", "nslcd", "nsswitch", "opendkim",
	"postfix", "postgresql", "redis", "slapd", "ssh", "ssl", "yunohost"}

func regenConf(c *call) (any, error) {
	names := c.args["names"]
	c.takes(time.Duration(max(1, len(names))) * time.Second)
	c.start()
	for _, n := range names {
		if !slices.Contains(configurations, n) {
			return nil, fail("Could not regenerate the configuration for category(s): ")
		}
	}
	if len(names) == 0 {
		c.takes(regenTime)
	}
	answer := object{}
	if !c.args.has("force") {
		return answer, nil // everything is as it should be
	}
	for _, n := range configurations {
		if len(names) == 0 || slices.Contains(names, n) {
			answer.set(n, object{{"applied", object{{"/etc/" + n + "/" + n + ".conf", object{{"status", "updated"}}}}}, {"pending", object{}}})
			c.say("SUCCESS", fmt.Sprintf("Configuration updated for '%s'", n))
		}
	}
	return answer, nil
}

func migrationsList(c *call) (any, error) { return object{{"migrations", []any{}}}, nil }
