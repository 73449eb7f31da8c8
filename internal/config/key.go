package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"codeberg.org/accolade/accolade/internal/billing/late"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// kind is what a YAML value must be to begin with.
type kind int

const (
	aText   kind = iota // a string
	aDigits             // a string, or a number written out (a SIREN): taken as it is written
	aNumber             // a whole number
	aSwitch             // true or false
	aList               // a list of strings
)

// Key is one setting.
type Key struct {
	Name    string // as in the file, sections joined by dots
	Doc     string // one or two sentences
	Allowed string // what a value may be, after "want"
	Default string
	Example string // for the sample file, where there is no default
	Live    bool   // taken up while the controller runs
	kind    kind
	path    bool
	set     func(*Config, string) error // an error says what is wrong; Allowed is added
	get     func(*Config) string
}

// Env is the environment variable of the key.
func (k Key) Env() string {
	return "ACCOLADE_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// Flag is the flag of the key, without its dashes.
func (k Key) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(k.Name) }

// text is a key of free text that check, if any, accepts.
func text(name string, field func(*Config) *string, def, allowed, doc string, check func(string) error) Key {
	return Key{Name: name, Doc: doc, Allowed: allowed, Default: def, kind: aText,
		get: func(c *Config) string { return *field(c) },
		set: func(c *Config, v string) error {
			if v != "" && check != nil {
				if err := check(v); err != nil {
					return err
				}
			}
			*field(c) = v
			return nil
		}}
}

func choice(name string, field func(*Config) *string, def, doc string, words ...string) Key {
	return text(name, field, def, oneOf(words), doc, func(v string) error {
		if !slices.Contains(words, v) {
			return fmt.Errorf("%q is none of them", v)
		}
		return nil
	})
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func path(name string, field func(*Config) *string, def, doc string) Key {
	k := text(name, field, def, "a path", doc, func(v string) error {
		if strings.ContainsRune(v, 0) {
			return fmt.Errorf("a path holds no zero byte")
		}
		return nil
	})
	k.path = true
	return k
}

func digits(name string, field func(*Config) *string, allowed, doc string, check func(string) error) Key {
	k := text(name, field, "", allowed, doc, check)
	k.kind = aDigits
	plain := k.set
	k.set = func(c *Config, v string) error { return plain(c, strings.ReplaceAll(v, " ", "")) }
	return k
}

func number(name string, field func(*Config) *int, def, low, high int, doc string) Key {
	return Key{Name: name, Doc: doc, Allowed: fmt.Sprintf("a whole number from %d to %d", low, high), Default: strconv.Itoa(def), kind: aNumber,
		get: func(c *Config) string { return strconv.Itoa(*field(c)) },
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("%q is no whole number", v)
			}
			if n < low || n > high {
				return fmt.Errorf("%d is out of range", n)
			}
			*field(c) = n
			return nil
		}}
}

// lines is a key of several lines; between them stands | where there is but one.
func lines(name string, field func(*Config) *[]string, allowed, doc string) Key {
	return Key{Name: name, Doc: doc, Allowed: allowed, kind: aList,
		get: func(c *Config) string { return strings.Join(*field(c), "|") },
		set: func(c *Config, v string) error {
			*field(c) = nil
			for line := range strings.SplitSeq(v, "|") {
				if line = strings.TrimSpace(line); line != "" {
					*field(c) = append(*field(c), line)
				}
			}
			return nil
		}}
}

func toggle(name string, field func(*Config) *bool, doc string) Key {
	return Key{Name: name, Doc: doc, Allowed: "true or false", Default: "false", kind: aSwitch,
		get: func(c *Config) string { return strconv.FormatBool(*field(c)) },
		set: func(c *Config, v string) error {
			if v != "true" && v != "false" {
				return fmt.Errorf("%q is neither", v)
			}
			*field(c) = v == "true"
			return nil
		}}
}

// like gives the key an example for the sample file.
func (k Key) like(example string) Key {
	k.Example = example
	return k
}

// live has the key taken up while the controller runs.
func (k Key) live() Key {
	k.Live = true
	k.Doc += " Taken up by accolade config reload."
	return k
}

func isHostPort(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("%q has not that form", v)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is no port", port)
	}
	return nil
}

func isControlURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q has not that form", v)
	}
	return nil
}

// isDolibarrURL wants TLS beyond this machine: the key goes with each request.
func isDolibarrURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q has not that form", v)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("%q would send the key in the clear", v)
	}
	return nil
}

func isZone(v string) error {
	if _, err := time.LoadLocation(v); err != nil || v == "Local" {
		return fmt.Errorf("there is no time zone %q", v)
	}
	return nil
}

func isCron(v string) error {
	if _, err := cron.ParseStandard(v); err != nil {
		return fmt.Errorf("%q: %w", v, err)
	}
	return nil
}

func isMonth(v string) error {
	_, err := calendar.ParseMonth(v)
	return err
}

// parsed accepts what parse can read.
func parsed[T any](parse func(string) (T, error)) func(string) error {
	return func(v string) error {
		_, err := parse(v)
		return err
	}
}

func isRates(v string) error {
	_, err := late.ParseRates(v)
	return err
}

// matches checks against a pattern.
func matches(pattern string) func(string) error {
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(v string) error {
		if !re.MatchString(v) {
			return fmt.Errorf("%q has not that form", v)
		}
		return nil
	}
}

func absolute(base, p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}

func isMail(v string) error {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v {
		return fmt.Errorf("%q is no plain mail address", v)
	}
	return nil
}

func isPlatformURL(v string) error {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Path == "" || u.RawQuery != "" || u.Fragment != "":
	case u.Scheme == "file" && u.Host == "":
		return nil
	case u.Scheme == "sftp" && u.Hostname() != "" && u.User != nil && u.User.Username() != "":
		if _, has := u.User.Password(); has {
			return fmt.Errorf("it holds a password: SFTP goes by platform.key_file")
		}
		return nil
	}
	return fmt.Errorf("%q has not that form", v)
}
