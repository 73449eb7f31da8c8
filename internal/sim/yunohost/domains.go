package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var domainOperations = map[string]operation{
	"domain.list":          {do: domainList},
	"domain.info":          {do: domainInfo},
	"domain.add":           {do: domainAdd, writes: true},
	"domain.remove":        {do: domainRemove, writes: true},
	"domain.main-domain":   {do: mainDomain, writes: true},
	"domain.url-available": {do: urlAvailable},
	"domain.dns.suggest":   {do: dnsSuggest},
	"domain.cert.status":   {do: certStatus},
	"domain.cert.install":  {do: certInstall, writes: true},
	"domain.cert.renew":    {do: certRenew, writes: true},
}

// addTime is for a certificate and the configuration of the services, mainTime for
// the whole configuration written anew.
const (
	addTime  = 12 * time.Second
	mainTime = 20 * time.Second
)

func domainList(c *call) (any, error) {
	names := c.s.domainNames()
	if c.args.has("exclude-subdomains") {
		names = slices.DeleteFunc(names, func(n string) bool { return c.s.parentDomain(n) != "" })
	}
	if c.args.has("tree") || c.args.has("features") {
		return nil, notSimulated("domain list with tree or features")
	}
	return object{{"domains", names}, {"main", c.s.MainDomain}}, nil
}

// parentDomain is the highest domain of ours that a domain is under, or "".
func (s *State) parentDomain(name string) string {
	parent := ""
	for _, d := range s.Domains {
		if strings.HasSuffix(name, "."+d.Name) && (parent == "" || len(d.Name) < len(parent)) {
			parent = d.Name
		}
	}
	return parent
}

func domainInfo(c *call) (any, error) {
	d := c.s.domain(c.args.str("domain"))
	if d == nil {
		return nil, unknownDomain(c.args.str("domain"))
	}
	apps := []object{}
	for _, a := range c.s.Apps {
		if a.Domain == d.Name {
			apps = append(apps, object{{"id", a.ID}, {"name", a.Label}, {"path", a.Path}})
		}
	}
	var parent any
	if p := c.s.parentDomain(d.Name); p != "" {
		parent = p
	}
	return object{{"certificate", c.s.certificate(d, c.now, true)}, {"registrar", nil}, {"apps", apps}, {"main", d.Name == c.s.MainDomain}, {"topest_parent", parent}}, nil
}

func domainAdd(c *call) (any, error) {
	name := strings.ToLower(c.args.str("domain"))
	if c.s.domain(name) != nil {
		return nil, refuse("domain_exists", "The domain already exists")
	}
	if dyndns(name) && !c.args.has("ignore-dyndns") {
		return nil, notSimulated("a DynDNS subscription (use ignore-dyndns)")
	}
	c.start()
	c.takes(addTime)
	// Without a catalog single sign-on can't be written: the domain is taken back.
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	c.s.Domains = append(c.s.Domains, selfSigned(name, c.now))
	c.say("SUCCESS", fmt.Sprintf("Self-signed certificate now installed for the domain '%s'", name))
	c.say("SUCCESS", "Domain created")
	return nil, nil
}

func domainRemove(c *call) (any, error) {
	name := c.args.str("domain")
	if c.s.domain(name) == nil {
		return nil, unknownDomain(name)
	}
	if name == c.s.MainDomain {
		others := slices.DeleteFunc(c.s.domainNames(), func(n string) bool { return n == name })
		if len(others) == 0 {
			return nil, refuse("domain_cannot_remove_main_add_new_one", fmt.Sprintf("You cannot remove '%s' since it's the main domain and your only domain, you need to first add another domain using 'yunohost domain add <another-domain.com>', then set is as the main domain using 'yunohost domain main-domain -n <another-domain.com>' and then you can remove the domain '%s' using 'yunohost domain remove %s'.", name, name, name), field{"domain", name})
		}
		list := "\n * " + strings.Join(others, "\n * ")
		return nil, refuse("domain_cannot_remove_main", fmt.Sprintf("You cannot remove '%s' since it's the main domain, you first need to set another domain as the main domain using 'yunohost domain main-domain -n <another-domain>'; here is the list of candidate domains: %s", name, list), field{"domain", name}, field{"other_domains", list})
	}
	var there []string
	for _, a := range c.s.Apps {
		if a.Domain == name {
			there = append(there, fmt.Sprintf("    - %s \"%s\" on https://%s%s", a.ID, a.Label, a.Domain, a.Path))
		}
	}
	if len(there) > 0 && !c.args.has("remove-apps") {
		list := strings.Join(there, "\n")
		return nil, refuse("domain_uninstall_app_first", "Those applications are still installed on your domain:\n"+list+"\n\nPlease uninstall them using 'yunohost app remove the_app_id' or move them to another domain using 'yunohost app change-url the_app_id' before proceeding to domain removal", field{"apps", list})
	}
	c.start()
	c.takes(addTime)
	c.s.Apps = slices.DeleteFunc(c.s.Apps, func(a *App) bool { return a.Domain == name })
	c.s.Domains = slices.DeleteFunc(c.s.Domains, func(d *Domain) bool { return d.Name == name })
	c.say("SUCCESS", "Domain deleted")
	return nil, nil
}

func mainDomain(c *call) (any, error) {
	name := c.args.str("new-main-domain")
	if name == "" {
		return object{{"current_main_domain", c.s.MainDomain}}, nil
	}
	if c.s.domain(name) == nil {
		return nil, unknownDomain(name)
	}
	// Setting the one that is main already works for 20 s, then is refused.
	c.takes(mainTime)
	if name == c.s.MainDomain {
		return nil, refuse("main_domain_change_failed", "Unable to change the main domain")
	}
	c.start()
	c.s.MainDomain = name
	c.say("SUCCESS", "The main domain has been changed")
	return nil, nil
}

func urlAvailable(c *call) (any, error) {
	domain := c.args.str("domain")
	if c.s.domain(domain) == nil {
		return nil, unknownDomain(domain)
	}
	return len(c.s.conflicts(domain, c.args.str("path"))) == 0, nil
}

// dyndns says whether a domain is one of YunoHost's own dynamic ones.
func dyndns(name string) bool {
	for _, zone := range []string{"nohost.me", "noho.st", "ynh.fr"} {
		if strings.HasSuffix(name, "."+zone) {
			return true
		}
	}
	return false
}

// special says whether a domain's top level is reserved and has no public DNS.
func special(name string) bool {
	tld := name[strings.LastIndex(name, ".")+1:]
	return slices.Contains([]string{"alt", "home.arpa", "local", "localhost", "onion", "test", "home", "lan", "internal"}, tld)
}

type record struct{ category, name, kind, content string }

// records are the DNS records that a domain should have.
func (s *State) records(name string) []record {
	base := zone(name)
	label, suffix := "@", ""
	if name != base {
		label = strings.TrimSuffix(name, "."+base)
		suffix = "." + label
	}
	key := digest("dkim", fmt.Sprint(s.Seed), name)
	var list []record
	if s.Site.PublicIP != "" {
		list = append(list, record{"basic", label, "A", s.Site.PublicIP})
	}
	list = append(list,
		record{"mail", label, "MX", "10 " + name + "."},
		record{"mail", label, "TXT", `"v=spf1 a mx -all"`},
		record{"mail", "mail._domainkey" + suffix, "TXT", `"v=DKIM1; h=sha256; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A` + key + `IDAQAB"`},
		record{"mail", "_dmarc" + suffix, "TXT", `"v=DMARC1; p=none"`})
	if s.Site.PublicIP != "" {
		list = append(list, record{"extra", "*" + suffix, "A", s.Site.PublicIP})
	}
	return append(list, record{"extra", label, "CAA", `0 issue "letsencrypt.org"`})
}

// zone is the part of a name that is registered: its last two labels.
func zone(name string) string {
	labels := strings.Split(name, ".")
	if len(labels) <= 2 {
		return name
	}
	return strings.Join(labels[len(labels)-2:], ".")
}

func dnsSuggest(c *call) (any, error) {
	name := c.args.str("domain")
	if special(name) {
		return "This domain is based on a special-use top-level domain (TLD) such as .local or .test and is therefore not expected to have actual DNS records.", nil
	}
	if c.s.domain(name) == nil {
		return nil, unknownDomain(name)
	}
	titles := map[string]string{"basic": "; Basic ipv4/ipv6 records", "mail": "\n\n; Mail", "extra": "\n\n\n\n; Extra"}
	var b strings.Builder
	last := ""
	for _, r := range c.s.records(name) {
		if r.category != last {
			b.WriteString(titles[r.category])
			last = r.category
		}
		fmt.Fprintf(&b, "\n%s 3600 IN %s %s", r.name, r.kind, r.content)
	}
	if c.door == cli {
		c.say("INFO", "This command shows you the *recommended* configuration. It does not actually set up the DNS configuration for you. It is your responsability to configure your DNS zone in your registrar according to this recommendation.")
	}
	return b.String(), nil
}
