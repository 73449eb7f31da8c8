package yunohost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// Domains lists the domains and names the main one.
func (s *Server) Domains(ctx context.Context) (all []string, main string, err error) {
	return domainsOf(s.ask(ctx, listDomains)[0])
}

var listDomains = Call{Name: "list the domains", Command: cli("domain", "list"), Method: http.MethodGet, Path: "/domains"}

func domainsOf(r Reply) (all []string, main string, err error) {
	var answer struct {
		Domains []string `json:"domains"`
		Main    string   `json:"main"`
	}
	err = r.Read(&answer)
	return answer.Domains, answer.Main, err
}

// Domain reads a domain's state: whether it is the main one, its certificate, and
// the zone text that should be published for it. The last two are empty while it is
// not there.
func (s *Server) Domain(ctx context.Context, domain string) (state fleet.Domain, err error) {
	replies := s.ask(ctx, listDomains, certificateOf(domain), dnsOf(domain))
	all, main, err := domainsOf(replies[0])
	if err != nil || !slices.Contains(all, domain) {
		return state, err
	}
	state.Main = main == domain
	if state.Certificate, err = readCertificate(replies[1], domain); err != nil {
		return state, err
	}
	state.DNS, err = readDNS(replies[2])
	return state, err
}

// SetMainDomain adds a domain where it is missing and makes it the main one,
// unless it is already: setting it again fails after twenty seconds.
func (s *Server) SetMainDomain(ctx context.Context, domain string) error {
	all, main, err := s.Domains(ctx)
	if err != nil {
		return err
	}
	var refusal error
	if !slices.Contains(all, domain) {
		refusal = s.do(ctx, Call{Name: "add a domain", Command: cli("domain", "add", domain, "--ignore-dyndns"), Once: "domain-add",
			Method: http.MethodPost, Path: "/domains", Form: url.Values{"domain": {domain}, "ignore_dyndns": {"1"}}}, nil)
	}
	if main != domain && refusal == nil {
		refusal = s.do(ctx, Call{Name: "set the main domain", Command: cli("domain", "main-domain", "-n", domain), Once: "domain-main",
			Method: http.MethodPut, Path: "/domains/" + url.PathEscape(domain) + "/main"}, nil)
	}
	if _, main, err = s.Domains(ctx); err != nil {
		return err
	}
	if main != domain {
		if refusal != nil {
			return refusal
		}
		return fmt.Errorf("yunohost: set the main domain: it ended well, and the main domain is %q, not %q", main, domain)
	}
	return nil
}

// Certificate reads the certificate of a domain.
func (s *Server) Certificate(ctx context.Context, domain string) (fleet.Certificate, error) {
	return readCertificate(s.ask(ctx, certificateOf(domain))[0], domain)
}

func certificateOf(domain string) Call {
	return Call{Name: "read the certificate", Command: cli("domain", "cert", "status", domain),
		Method: http.MethodGet, Path: "/domains/" + url.PathEscape(domain) + "/cert"}
}

func readCertificate(r Reply, domain string) (fleet.Certificate, error) {
	var answer struct {
		Certificates map[string]struct {
			Authority string `json:"CA_type"`
			Days      int    `json:"validity"`
		} `json:"certificates"`
	}
	if err := r.Read(&answer); err != nil {
		return fleet.Certificate{}, err
	}
	found, ok := answer.Certificates[domain]
	if !ok {
		return fleet.Certificate{}, fmt.Errorf("yunohost: read the certificate: %s is not in the answer", domain)
	}
	return fleet.Certificate{Authority: found.Authority, Days: found.Days}, nil
}

// InstallCertificate asks Let's Encrypt for a certificate, unless there is one.
func (s *Server) InstallCertificate(ctx context.Context, domain string) error {
	now, err := s.Certificate(ctx, domain)
	if err != nil || now.Authority == "letsencrypt" {
		return err
	}
	// YunoHost installs nothing, and calls it a success, unless its own diagnosis
	// has found DNS and web of the domain in order.
	if err := s.do(ctx, Call{Name: "run the diagnosis of DNS and web", Command: cli("diagnosis", "run", "dnsrecords", "web", "--force"), Once: "diagnosis-acme",
		Method: http.MethodPut, Path: "/diagnosis/run", Form: url.Values{"categories": {"dnsrecords", "web"}, "force": {"1"}}}, nil); err != nil {
		return err
	}
	refusal := s.do(ctx, Call{Name: "install a certificate", Command: cli("domain", "cert", "install", domain), Once: "certificate",
		Method: http.MethodPut, Path: "/domains/" + url.PathEscape(domain) + "/cert"}, nil)
	if now, err = s.Certificate(ctx, domain); err != nil {
		return err
	}
	if now.Authority != "letsencrypt" {
		if refusal != nil {
			return refusal
		}
		return fmt.Errorf("yunohost: install a certificate: %s is not ready for Let's Encrypt: its DNS records are not published, or port 80 is not reached", domain)
	}
	return nil
}

func dnsOf(domain string) Call {
	return Call{Name: "read the DNS records", Command: cli("domain", "dns", "suggest", domain),
		Method: http.MethodGet, Path: "/domains/" + url.PathEscape(domain) + "/dns/suggest"}
}

func readDNS(r Reply) (text string, err error) {
	var zone json.RawMessage
	if err := r.Read(&zone); err != nil {
		return "", err
	}
	if err := json.Unmarshal(zone, &text); err != nil {
		return "", fmt.Errorf("yunohost: read the DNS records: the answer is no text: %w", err)
	}
	return text, nil
}
