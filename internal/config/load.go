package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
)

// DefaultFile is read when no other is named; it may be absent.
const DefaultFile = "/etc/accolade/accoladed.yaml"

// Sources of a configuration.
type Sources struct {
	File  string            // empty: DefaultFile if it exists
	Env   []string          // as os.Environ gives it
	Flags map[string]string // by key name; only those that were given
}

// Origin is where a value came from.
type Origin struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // "default", "FILE:LINE", "ACCOLADE_…", "--flag"
}

// LogoKey names a file that may become another while its name stays.
const LogoKey = "seller.logo"

// Change is a setting whose value is another than before.
type Change struct {
	Key, From, To string
	Live          bool // it is in force; others wait for a restart
}

// Take brings settings in force up to those that were read now, as far as they are Live,
// and returns what has changed. Both have one entry per key, in the order of Keys.
func Take(inForce, now []Origin) (changes []Change) {
	for i, k := range Keys {
		same := inForce[i].Value == now[i].Value
		if !same {
			changes = append(changes, Change{k.Name, inForce[i].Value, now[i].Value, k.Live})
		}
		if same || k.Live {
			inForce[i] = now[i]
		}
	}
	return changes
}

// Load reads all sources and checks all values. What is wrong comes back as
// Problems, all of it at once. Origins has one entry per key, in the order of Keys.
func Load(src Sources) (Config, []Origin, error) {
	var conf Config
	var wrong Problems
	origins := make([]Origin, len(Keys))
	index := map[string]int{}
	for i, k := range Keys {
		index[k.Name] = i
		origins[i] = Origin{Key: k.Name, Source: "default"}
		if err := k.set(&conf, k.Default); err != nil {
			return conf, nil, fmt.Errorf("default of %s: %w", k.Name, err)
		}
	}
	apply := func(name, value, source, base string, at Problem) {
		k := Keys[index[name]]
		if k.path && base != "" {
			value = absolute(base, value)
		}
		if err := k.set(&conf, value); err != nil {
			at.Key, at.Why = name, fmt.Sprintf("%v; want %s", err, k.Allowed)
			wrong = append(wrong, at)
			return
		}
		origins[index[name]].Source = source
	}
	if err := loadFile(src.File, apply, &wrong); err != nil {
		return conf, nil, err
	}
	loadEnv(src.Env, apply, &wrong)
	for _, name := range slices.Sorted(mapsKeys(src.Flags)) {
		flag := "--" + Keys[index[name]].Flag()
		apply(name, src.Flags[name], flag, "", Problem{Source: flag})
	}
	wrong = append(wrong, consistent(&conf)...)
	for i, k := range Keys {
		origins[i].Value = k.get(&conf)
	}
	if len(wrong) > 0 {
		slices.SortStableFunc(wrong, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return conf, origins, wrong
	}
	return conf, origins, nil
}

type applyFunc func(name, value, source, base string, at Problem)

func loadFile(file string, apply applyFunc, wrong *Problems) error {
	named := file != ""
	if !named {
		file = DefaultFile
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no file %s: --config, or ACCOLADE_CONFIG, names a configuration; /etc/accolade/accoladed.yaml.sample is one to begin with", file)
	case err != nil:
		return fmt.Errorf("configuration: %w", err)
	}
	values, problems := parse(file, b)
	*wrong = append(*wrong, problems...)
	base, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	for _, v := range values {
		apply(v.key, v.text, fmt.Sprintf("%s:%d", file, v.line), base, Problem{File: file, Line: v.line, Column: v.column})
	}
	return nil
}

// foreign are variables of that prefix which the command line and tests use.
var foreign = []string{"ACCOLADE_URL", "ACCOLADE_TOKEN_FILE", "ACCOLADE_FINGERPRINT", "ACCOLADE_SHARED", "ACCOLADE_CONFIG"}

func loadEnv(environ []string, apply applyFunc, wrong *Problems) {
	by := map[string]string{}
	for _, k := range Keys {
		by[k.Env()] = k.Name
	}
	for _, kv := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "ACCOLADE_") || slices.Contains(foreign, name) || value == "" {
			continue
		}
		key, ok := by[name]
		if !ok {
			*wrong = append(*wrong, Problem{Source: name, Why: "no setting has this variable" + suggest(name, mapsKeys(by))})
			continue
		}
		apply(key, value, name, "", Problem{Source: name})
	}
}

// consistent finds values that do not go together.
func consistent(c *Config) Problems {
	var wrong Problems
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		wrong = append(wrong, Problem{Key: "tls", Why: "certificate and key go together: one of them is missing"})
	}
	if c.Seller.SIREN != "" && c.Seller.VATNumber != "" {
		if err := contract.CheckVAT(c.Seller.VATNumber, strings.ReplaceAll(c.Seller.SIREN, " ", "")); err != nil {
			wrong = append(wrong, Problem{Key: "seller", Why: err.Error()})
		}
	}
	if (c.Dolibarr.URL == "") != (c.Dolibarr.KeyFile == "") {
		wrong = append(wrong, Problem{Key: "dolibarr", Why: "url and key_file go together: one of them is missing"})
	}
	if c.Relay.Security == "none" && c.Relay.Host != "" && !onThisMachine(c.Relay.Host) {
		wrong = append(wrong, Problem{Key: "relay.security", Why: fmt.Sprintf("mail is never sent in clear to another machine, and %s is one: want starttls or tls", c.Relay.Host)})
	}
	if strings.HasPrefix(c.Platform.URL, "sftp:") && (c.Platform.KeyFile == "" || c.Platform.HostKey == "") {
		wrong = append(wrong, Problem{Key: "platform", Why: "SFTP needs key_file and host_key beside the url"})
	}
	if c.Notify.Mail != "" && c.Relay.Host == "" {
		wrong = append(wrong, Problem{Key: "notify.mail", Why: "a mail needs a relay: set relay.host, or leave notify.mail out"})
	}
	return wrong
}

// onThisMachine reports whether a host is the machine itself.
func onThisMachine(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
