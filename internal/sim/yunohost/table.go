package yunohost

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// actionsJSON is the map of YunoHost 12.1: each action with its routes and
// arguments (names, options, patterns, limits; no prose). A test holds its routes
// against the reference list.
//
//go:embed actions.json
var actionsJSON []byte

// actionSpec is one action of the map: "user.create".
type actionSpec struct {
	Action string    `json:"action"`
	API    []string  `json:"api"` // "POST /users"
	Args   []argSpec `json:"args"`
}

// argSpec is one argument. Without Flags it is positional on the command line.
type argSpec struct {
	Name       string   `json:"name"`
	Flags      []string `json:"flags"`
	NArgs      string   `json:"nargs"` // "", "?", "*", "+"
	Action     string   `json:"action"`
	Choices    []string `json:"choices"`
	Default    string   `json:"default"`
	Const      bool     `json:"const"`
	Type       string   `json:"type"`
	Required   bool     `json:"required"`
	Ask        bool     `json:"ask"`
	Password   bool     `json:"password"`
	Pattern    string   `json:"pattern"`
	PatternKey string   `json:"pattern_key"`
	Comment    string   `json:"comment"`
}

func (a *argSpec) flag() bool       { return a.Action == "store_true" }
func (a *argSpec) positional() bool { return len(a.Flags) == 0 }
func (a *argSpec) field() string    { return strings.ReplaceAll(a.Name, "-", "_") }

// route is one line of the web API.
type route struct {
	method, path string
	parts        []string
	spec         *actionSpec
}

type actionTable struct {
	actions map[string]*actionSpec
	routes  []route
	err     error
}

var table = sync.OnceValue(func() *actionTable {
	t := &actionTable{actions: map[string]*actionSpec{}}
	var specs []*actionSpec
	if err := json.Unmarshal(actionsJSON, &specs); err != nil {
		t.err = fmt.Errorf("table of YunoHost's actions: %w", err)
		return t
	}
	for _, spec := range specs {
		t.actions[spec.Action] = spec
		for _, api := range spec.API {
			method, path, _ := strings.Cut(api, " ")
			t.routes = append(t.routes, route{method, path, strings.Split(path, "/")[1:], spec})
		}
	}
	// A route without placeholders goes before one with: /users/groups, /users/<username>.
	slices.SortStableFunc(t.routes, func(a, b route) int {
		return strings.Count(a.path, "<") - strings.Count(b.path, "<")
	})
	return t
})

// match finds the route of a request and the values of its placeholders.
func (t *actionTable) match(method, path string) (*route, map[string]string) {
	parts := strings.Split(path, "/")[1:]
	for i := range t.routes {
		r := &t.routes[i]
		if r.method != method {
			continue
		}
		if values, ok := r.fits(parts); ok {
			return r, values
		}
	}
	return nil, nil
}

// methods lists what a path allows, for the Allow header of a 405.
func (t *actionTable) methods(path string) []string {
	parts := strings.Split(path, "/")[1:]
	found := []string{"OPTIONS"}
	for i := range t.routes {
		if _, ok := t.routes[i].fits(parts); ok && !slices.Contains(found, t.routes[i].method) {
			found = append(found, t.routes[i].method)
		}
	}
	slices.Sort(found)
	return found
}

func (r *route) fits(parts []string) (map[string]string, bool) {
	if len(parts) != len(r.parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, part := range r.parts {
		if name, ok := strings.CutPrefix(part, "<"); ok {
			if parts[i] == "" {
				return nil, false
			}
			values[strings.TrimSuffix(name, ">")] = parts[i]
			continue
		}
		if part != parts[i] {
			return nil, false
		}
	}
	return values, true
}

// patternTexts are what YunoHost says when a pattern does not fit. A key without a
// text is shown as it is, as YunoHost does with pattern_groupname.
var patternTexts = map[string]string{
	"pattern_username":            "Must be lower-case alphanumeric and underscore characters only",
	"pattern_fullname":            "Must be a valid full name (at least 3 chars)",
	"pattern_password":            "Must be at least 3 characters long",
	"pattern_domain":              "Must be a valid domain name (e.g. my-domain.org)",
	"pattern_email":               "Must be a valid e-mail address, without '+' symbol (e.g. someone@example.com)",
	"pattern_email_forward":       "Must be a valid e-mail address, '+' symbol accepted (e.g. someone+tag@example.com)",
	"pattern_mailbox_quota":       "Must be a size with b/k/M/G/T suffix or 0 to not have a quota",
	"pattern_port_or_range":       "Must be a valid port number (i.e. 0-65535) or range of ports (e.g. 100:200)",
	"pattern_backup_archive_name": "Must be a valid filename with max 30 characters, alphanumeric and -_. characters only",
}

// goPatterns are YunoHost's Python patterns in Go's dialect. Python anchors a match
// at the start only; its \w knows all letters.
var goPatterns = map[string]string{
	`^[a-z0-9_\.]+$`:                  `^[a-z0-9_.]+$`,
	`^[a-z0-9_]+$`:                    `^[a-z0-9_]+$`,
	`^.{3,}$`:                         `^.{3,}$`,
	`^([^\W_]{1,30}[ ,.'-]{0,3})+$`:   `^([\p{L}\p{N}]{1,30}[ ,.'-]{0,3})+$`,
	`^(\d+[bkMGT])|0$`:                `^(?:\d+[bkMGT]|0$)`,
	`^[\w\-\._]{1,50}(?<!\.)$`:        `^[\w.-]{0,49}[\w-]$`,
	domainPattern:                     `^` + goDomain + `$`,
	`^[\w.-]+@` + domainPattern[1:]:   `^[\w.-]+@` + goDomain + `$`,
	`^[\w\+.-]+@` + domainPattern[1:]: `^[\w+.-]+@` + goDomain + `$`,
}

const (
	domainPattern = `^([^\W_A-Z]+([-]*[^\W_A-Z]+)*\.)+((xn--)?[^\W_]{2,})$`
	goDomain      = `(?:[a-z0-9]+(?:-*[a-z0-9]+)*\.)+(?:xn--)?[A-Za-z0-9]{2,}`
)

var compiled sync.Map // pattern to *regexp.Regexp

// fitsPattern applies one of YunoHost's patterns. Patterns that this simulator has
// no translation for (ports) are not checked here.
func fitsPattern(pattern, value string) bool {
	translated, ok := goPatterns[pattern]
	if !ok {
		return true
	}
	re, ok := compiled.Load(translated)
	if !ok {
		re, _ = compiled.LoadOrStore(translated, regexp.MustCompile(translated))
	}
	return re.(*regexp.Regexp).MatchString(value)
}
