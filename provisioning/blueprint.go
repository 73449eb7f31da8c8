package provisioning

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"codeberg.org/accolade/accolade/internal/strictyaml"
)

// Blueprint is what a server should be.
type Blueprint struct {
	Size      Size      `yaml:"size" json:"size"`
	Image     Image     `yaml:"image" json:"image"`
	Installer string    `yaml:"installer" json:"installer"` // URL of YunoHost's installer script
	Domain    string    `yaml:"domain" json:"domain"`       // main domain; the command line may give it
	Admin     Admin     `yaml:"admin" json:"admin"`         // YunoHost's first user; the command line may give it
	Locale    string    `yaml:"locale" json:"locale"`       // fr_FR.UTF-8
	Timezone  string    `yaml:"timezone" json:"timezone"`   // IANA name
	Apps      []App     `yaml:"apps" json:"apps"`
	Relay     bool      `yaml:"relay" json:"relay"` // send mail through the relay of the controller's configuration
	Network   Network   `yaml:"network" json:"network"`
	Reachable Reachable `yaml:"reachable" json:"reachable"`
}

// Image is the cloud image that the disk is made from.
type Image struct {
	URL    string `yaml:"url" json:"url"`       // dated: the same URL gives the same bytes for ever
	SHA512 string `yaml:"sha512" json:"sha512"` // lower-case hex; empty: read from SHA512SUMS beside the image
}

// File is the image's name on the box's storage. Content of kind "import" must
// end in .qcow2, .raw or .vmdk.
func (i Image) File() string { return path.Base(i.URL) }

// Admin is the first user of a server.
type Admin struct {
	Username string `yaml:"username" json:"username"`
	FullName string `yaml:"fullname" json:"fullname"`
}

// App is one application to install, with the answers to its manifest's questions.
type App struct {
	ID    string            `yaml:"id" json:"id"`
	Label string            `yaml:"label" json:"label"`
	Args  map[string]string `yaml:"args" json:"args"`
}

// Network is how the server gets its address: by DHCP when Address is empty.
type Network struct {
	Address string   `yaml:"address" json:"address"` // 192.168.1.10/24
	Gateway string   `yaml:"gateway" json:"gateway"`
	DNS     []string `yaml:"dns" json:"dns"`
}

// DHCP says that the address comes from the office's router.
func (n Network) DHCP() bool { return n.Address == "" }

// Reachable says from where the server can be reached.
type Reachable struct {
	HTTPS  bool `yaml:"https" json:"https"`   // the controller may speak to https://DOMAIN
	Port80 bool `yaml:"port80" json:"port80"` // the Internet reaches port 80, as Let's Encrypt wants
}

// Options are what the reader of a blueprint allows beyond the rules.
type Options struct {
	// PlainHTTP is a URL prefix under which images and installers may be fetched
	// without TLS: a sandbox's control address. Empty in life.
	PlainHTTP string
}

var (
	sha512Pattern = regexp.MustCompile(`^[0-9a-f]{128}$`)
	appPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	localePattern = regexp.MustCompile(`^[a-z]{2,3}_[A-Z]{2}\.UTF-8$`)
	imagePattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.(qcow2|raw)$`)
)

// readBlueprint reads one blueprint. The name stands before each line of what is
// wrong; all that is wrong is told at once.
func readBlueprint(name string, text []byte, options Options) (Blueprint, error) {
	blueprint := Blueprint{Locale: "fr_FR.UTF-8", Timezone: "Europe/Paris", Installer: "https://install.yunohost.org"}
	problems := &Problems{File: name}
	if err := strictyaml.Decode(text, &blueprint); err != nil {
		if errors.Is(err, io.EOF) {
			problems.add(0, 0, "", "the file is empty")
			return Blueprint{}, problems
		}
		line, column, why := whereYAML(err)
		problems.add(line, column, "", why)
		return Blueprint{}, problems
	}
	file, err := strictyaml.Parse(text)
	if err != nil {
		return Blueprint{}, fmt.Errorf("%s: %w", name, err)
	}
	blueprint.check(options, func(field, why string) {
		line, column := position(file, field)
		problems.add(line, column, field, why)
	})
	return blueprint, problems.orNil()
}

func whereYAML(err error) (line, column int, why string) {
	var at yaml.Error
	if !errors.As(err, &at) {
		return 0, 0, err.Error()
	}
	why = at.GetMessage()
	if token := at.GetToken(); token != nil {
		line, column = token.Position.Line, token.Position.Column
		if _, unknown := errors.AsType[*yaml.UnknownFieldError](err); unknown {
			why = fmt.Sprintf("unknown key %q", token.Value)
		} else if !strings.Contains(why, token.Value) {
			why = fmt.Sprintf("%s (found %q)", why, token.Value)
		}
	}
	return line, column, why
}

// position finds where a field stands, or its nearest parent that does.
func position(file *ast.File, field string) (line, column int) {
	for field != "" {
		if at, err := yaml.PathString("$." + field); err == nil {
			if node, err := at.FilterFile(file); err == nil && node != nil && node.GetToken() != nil {
				p := node.GetToken().Position
				return p.Line, p.Column
			}
		}
		cut := strings.LastIndexAny(field, ".[")
		if cut < 0 {
			break
		}
		field = field[:cut]
	}
	return 0, 0
}

// check tells everything that is wrong, field by field. An empty domain or admin
// is no error yet: the command line may still give it.
func (b Blueprint) check(options Options, wrong func(field, why string)) {
	tell := func(field string, err error) {
		if err != nil {
			wrong(field, err.Error())
		}
	}
	if b.Size.Cores < 1 || b.Size.Cores > 128 {
		wrong("size.cores", fmt.Sprintf("%d cores: between 1 and 128 are allowed", b.Size.Cores))
	}
	if b.Size.Memory < GiB || b.Size.Memory > TiB {
		wrong("size.memory", fmt.Sprintf("%s of memory: between 1G and 1T are allowed", b.Size.Memory))
	}
	if b.Size.Disk < 16*GiB || b.Size.Disk > 32*TiB || b.Size.Disk%GiB != 0 {
		wrong("size.disk", fmt.Sprintf("a disk of %s: whole gigabytes between 16G and 32T are allowed", b.Size.Disk))
	}
	tell("image.url", checkURL(b.Image.URL, options))
	if b.Image.URL != "" && !imagePattern.MatchString(b.Image.File()) {
		wrong("image.url", fmt.Sprintf("%q: the file must end in .qcow2 or .raw", b.Image.URL))
	}
	if strings.Contains(b.Image.URL, "/latest/") {
		wrong("image.url", fmt.Sprintf("%q changes with time: name a dated image", b.Image.URL))
	}
	if b.Image.SHA512 != "" && !sha512Pattern.MatchString(b.Image.SHA512) {
		wrong("image.sha512", fmt.Sprintf("%q is no SHA-512: 128 lower-case hex digits", b.Image.SHA512))
	}
	tell("installer", checkURL(b.Installer, options))
	if b.Domain != "" {
		tell("domain", checkDomain(b.Domain))
	}
	if b.Admin.Username != "" {
		tell("admin.username", checkUsername(b.Admin.Username))
	}
	if b.Admin.FullName != "" {
		tell("admin.fullname", checkFullName(b.Admin.FullName))
	}
	if !localePattern.MatchString(b.Locale) {
		wrong("locale", fmt.Sprintf("%q is no locale: for instance fr_FR.UTF-8", b.Locale))
	}
	if _, err := time.LoadLocation(b.Timezone); err != nil || b.Timezone == "" || b.Timezone == "Local" {
		wrong("timezone", fmt.Sprintf("%q is no time zone: for instance Europe/Paris", b.Timezone))
	}
	b.checkApps(wrong)
	b.Network.check(wrong)
}

func (b Blueprint) checkApps(wrong func(field, why string)) {
	seen := map[string]bool{}
	paths := map[string]string{}
	for i, app := range b.Apps {
		field := fmt.Sprintf("apps[%d]", i)
		if !appPattern.MatchString(app.ID) {
			wrong(field+".id", fmt.Sprintf("%q is no app: the name in YunoHost's catalog, for instance nextcloud", app.ID))
		}
		if seen[app.ID] {
			wrong(field+".id", fmt.Sprintf("%q is listed twice", app.ID))
		}
		seen[app.ID] = true
		where := app.Args["path"]
		if where != "" && !strings.HasPrefix(where, "/") {
			wrong(field+".args.path", fmt.Sprintf("%q is no path: it starts with a slash", where))
		}
		key := app.Args["domain"] + where
		if other := paths[key]; other != "" && where != "" {
			wrong(field+".args.path", fmt.Sprintf("%q is taken by %s", where, other))
		}
		paths[key] = app.ID
	}
}

func (n Network) check(wrong func(field, why string)) {
	if n.DHCP() {
		if n.Gateway != "" || len(n.DNS) > 0 {
			wrong("network", "a gateway or name servers without an address: give network.address, or none of them for DHCP")
		}
		return
	}
	prefix, err := netip.ParsePrefix(n.Address)
	if err != nil || prefix.Bits() == 0 || prefix.Addr() == prefix.Masked().Addr() && prefix.Bits() < 31 && prefix.Addr().Is4() {
		wrong("network.address", fmt.Sprintf("%q is no address with its prefix: for instance 192.168.1.10/24", n.Address))
		return
	}
	gateway, err := netip.ParseAddr(n.Gateway)
	if err != nil || !prefix.Contains(gateway) || gateway == prefix.Addr() {
		wrong("network.gateway", fmt.Sprintf("%q is no other address inside %s", n.Gateway, prefix.Masked()))
	}
	if len(n.DNS) == 0 {
		wrong("network.dns", "a fixed address needs at least one name server")
	}
	for i, server := range n.DNS {
		if _, err := netip.ParseAddr(server); err != nil {
			wrong(fmt.Sprintf("network.dns[%d]", i), fmt.Sprintf("%q is no address", server))
		}
	}
}

func checkURL(raw string, options Options) error {
	at, err := url.Parse(raw)
	switch {
	case err != nil || at.Host == "":
		return fmt.Errorf("%q is no URL: https://…", raw)
	case at.User != nil:
		return errors.New("the URL holds a password: it would be shown in logs")
	case options.PlainHTTP != "" && strings.HasPrefix(raw, strings.TrimSuffix(options.PlainHTTP, "/")+"/"):
		return nil
	case at.Scheme != "https":
		return fmt.Errorf("%q: only https is allowed", raw)
	case strings.ContainsAny(raw, " \t\r\n'\"\\`$"):
		return fmt.Errorf("%q holds a character that has no place in a URL", raw)
	}
	return nil
}

// Complete checks what only a finished blueprint must have: the domain and the
// admin, which the command line may give instead of the file.
func (b Blueprint) Complete() error {
	if err := checkDomain(b.Domain); err != nil {
		return fmt.Errorf("domain: %w", err)
	}
	if err := checkUsername(b.Admin.Username); err != nil {
		return fmt.Errorf("admin.username: %w", err)
	}
	if err := checkFullName(b.Admin.FullName); err != nil {
		return fmt.Errorf("admin.fullname: %w", err)
	}
	return nil
}
