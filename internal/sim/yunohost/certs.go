package yunohost

import (
	"fmt"
	"slices"
	"time"
)

const (
	selfSignedLife  = 3650 * 24 * time.Hour
	letsEncryptLife = 90 * 24 * time.Hour
	renewBefore     = 15 * 24 * time.Hour
	acmeTime        = 25 * time.Second
)

func selfSigned(name string, now time.Time) *Domain {
	return &Domain{Name: name, Issuer: "selfsigned", Until: now.Add(selfSignedLife).UTC()}
}

// certificate is the status of a domain's certificate.
func (s *State) certificate(d *Domain, now time.Time, full bool) object {
	days := int(d.Until.Sub(now) / (24 * time.Hour))
	style, summary := "success", d.Issuer
	switch {
	case days <= 0:
		style, summary = "danger", "expired"
	case d.Issuer == "selfsigned":
		style = "warning"
	case d.Until.Sub(now) < renewBefore:
		style, summary = "warning", "abouttoexpire"
	}
	o := object{}
	if full {
		issuer := "R12"
		if d.Issuer == "selfsigned" {
			issuer = s.MainDomain
		}
		o = object{{"subject", d.Name}, {"CA_name", issuer}}
	}
	o = append(o, object{{"CA_type", d.Issuer}, {"validity", days}, {"style", style}, {"summary", summary}}...)
	if full {
		var eligible any
		err := s.acmeReady(d.Name)
		if f, ok := err.(*fault); !ok || f.key != "certmanager_domain_not_diagnosed_yet" {
			eligible = err == nil
		}
		o.set("ACME_eligible", eligible)
		o.set("has_wildcards", s.Site.Port80 && !special(d.Name))
	}
	return o
}

func (c *call) named() ([]*Domain, error) {
	var list []*Domain
	for _, name := range c.args["domain_list"] {
		d := c.s.domain(name)
		if d == nil {
			return nil, unknownDomain(name)
		}
		list = append(list, d)
	}
	return list, nil
}

func certStatus(c *call) (any, error) {
	list, err := c.named()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		list = slices.Clone(c.s.Domains)
	}
	all := object{}
	for _, d := range list {
		all.set(d.Name, c.s.certificate(d, c.now, c.args.has("full")))
	}
	return object{{"certificates", all}}, nil
}

// acmeReady says whether the last diagnosis found a domain fit for Let's Encrypt.
func (s *State) acmeReady(name string) error {
	const anyway = " (If you know what you are doing, use '--no-checks' to turn off these checks.)"
	records, web := s.reportItem("dnsrecords", name, "basic"), s.reportItem("web", name, "")
	if records == nil || web == nil || len(records.Data) == 0 {
		return refuse("certmanager_domain_not_diagnosed_yet", fmt.Sprintf("There is no diagnosis result for domain %s yet. Please re-run a diagnosis for categories 'DNS records' and 'Web' in the diagnosis section to check if the domain is ready for Let's Encrypt. (Or if you know what you are doing, use '--no-checks' to turn off these checks.)", name), field{"domain", name})
	}
	if records.Status != "SUCCESS" {
		return refuse("certmanager_domain_dns_ip_differs_from_public_ip", fmt.Sprintf("The DNS records for domain '%s' are different to this server's IP. Please check the 'DNS records' (basic) category in the diagnosis for more info. If you recently modified your A record, please wait for it to propagate (some DNS propagation checkers are available online).%s", name, anyway), field{"domain", name})
	}
	if web.Status != "SUCCESS" {
		return refuse("certmanager_domain_http_not_working", fmt.Sprintf("Domain %s does not seem to be accessible through HTTP. Please check the 'Web' category in the diagnosis for more info.%s", name, anyway), field{"domain", name})
	}
	return nil
}

func certInstall(c *call) (any, error) {
	list, err := c.named()
	if err != nil {
		return nil, err
	}
	if c.args.has("self-signed") {
		return nil, c.signSelf(list)
	}
	if len(list) == 0 {
		list = slices.DeleteFunc(slices.Clone(c.s.Domains), func(d *Domain) bool { return d.Issuer != "selfsigned" })
	}
	for _, d := range list {
		if d.Issuer != "selfsigned" && !c.args.has("force") {
			return nil, refuse("certmanager_domain_cert_not_selfsigned", fmt.Sprintf("The certificate for domain %s is not self-signed. Are you sure you want to replace it? (Use '--force' to do so.)", d.Name), field{"domain", d.Name})
		}
	}
	return nil, c.acme(list, "install")
}

func (c *call) signSelf(list []*Domain) error {
	for _, d := range list {
		if d.Issuer == "letsencrypt" && d.Until.After(c.now) && !c.args.has("force") {
			return refuse("certmanager_attempt_to_replace_valid_cert", fmt.Sprintf("You are attempting to overwrite a good and valid certificate for domain %s! (Use --force to bypass)", d.Name), field{"domain", d.Name})
		}
		c.start()
		c.takes(2 * time.Second)
		*d = *selfSigned(d.Name, c.now)
		c.say("SUCCESS", fmt.Sprintf("Self-signed certificate now installed for the domain '%s'", d.Name))
	}
	return nil
}

// acme asks Let's Encrypt. A domain that is not ready is only told of and passed over,
// and the command succeeds; one that fails makes the command fail.
func (c *call) acme(list []*Domain, what string) error {
	var failed string
	for _, d := range list {
		if !c.args.has("no-checks") {
			if err := c.s.acmeReady(d.Name); err != nil {
				c.say("ERROR", err.Error())
				continue
			}
		}
		c.start()
		c.say("INFO", fmt.Sprintf("Now attempting %s of certificate for domain %s!", what, d.Name))
		c.takes(acmeTime)
		if !c.s.Site.Online || !c.s.Site.Port80 || special(d.Name) {
			c.say("WARNING", fmt.Sprintf("Challenge did not pass for %s: {'type': 'http-01', 'status': 'invalid', 'error': {'type': 'urn:ietf:params:acme:error:connection', 'detail': 'Fetching http://%s/.well-known/acme-challenge/: Timeout during connect (likely firewall problem)', 'status': 400}}", d.Name, d.Name))
			c.say("ERROR", fmt.Sprintf("Certificate installation for %s failed !\nException: Could not sign the new certificate", d.Name))
			if c.args.has("no-checks") {
				c.say("ERROR", fmt.Sprintf("Please consider checking the 'DNS records' (basic) and 'Web' categories of the diagnosis to check for possible issues that may prevent installing a Let's Encrypt certificate on domain %s.", d.Name))
			}
			failed = d.Name
			continue
		}
		d.Issuer, d.Until = "letsencrypt", c.now.Add(letsEncryptLife).UTC()
		c.say("SUCCESS", fmt.Sprintf("Let's Encrypt certificate now installed for the domain '%s'", d.Name))
	}
	if failed != "" {
		return fail("Let's Encrypt certificate %s failed for %s", what, failed)
	}
	return nil
}

func certRenew(c *call) (any, error) {
	list, err := c.named()
	if err != nil {
		return nil, err
	}
	due := list
	if len(list) == 0 {
		due = slices.DeleteFunc(slices.Clone(c.s.Domains), func(d *Domain) bool { return d.Issuer != "letsencrypt" || d.Until.Sub(c.now) > renewBefore })
		if len(due) == 0 {
			c.say("INFO", "No certificate needs to be renewed.")
			return nil, nil
		}
	}
	for _, d := range due {
		if d.Until.Sub(c.now) > renewBefore && !c.args.has("force") {
			return nil, refuse("certmanager_attempt_to_renew_valid_cert", fmt.Sprintf("The certificate for the domain '%s' is not about to expire! (You may use --force if you know what you're doing)", d.Name), field{"domain", d.Name})
		}
	}
	return nil, c.acme(due, "renew")
}
