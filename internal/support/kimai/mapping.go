package kimai

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/strictyaml"
	"codeberg.org/accolade/accolade/internal/support"
)

// Mapping puts Kimai's words into ours. Keys are Kimai's names or numbers; a
// project may be written `customer/project`. The value `-` leaves a record out.
type Mapping struct {
	Timezone   string            `yaml:"timezone"`   // of a CSV's times, which name none
	Users      map[string]string `yaml:"users"`      // to technicians: each must be there
	Customers  map[string]string `yaml:"customers"`  // to clients; one that is not there is taken by its name
	Projects   map[string]string `yaml:"projects"`   // to clients; goes before the customer
	Activities map[string]string `yaml:"activities"` // to kinds of work; one that is not there must be such a kind
	zone       *time.Location
}

// Nobody is the value that leaves a record out.
const Nobody = "-"

// ReadMapping reads a mapping file (YAML, strict); errors name line and column.
func ReadMapping(name string, data []byte) (Mapping, error) {
	var m Mapping
	fail := func(field, value, why string) (Mapping, error) {
		return Mapping{}, &contract.Invalid{Field: field, Value: value, Allowed: why}
	}
	if len(bytes.TrimSpace(data)) > 0 {
		if err := strictyaml.Decode(data, &m); err != nil && !errors.Is(err, io.EOF) {
			var y yaml.Error
			if errors.As(err, &y) && y.GetToken() != nil {
				p := y.GetToken().Position
				return fail("mapping", fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column), y.GetMessage())
			}
			return fail("mapping", name, err.Error())
		}
	}
	for _, section := range []struct {
		name  string
		words map[string]string
	}{{"users", m.Users}, {"customers", m.Customers}, {"projects", m.Projects}, {"activities", m.Activities}} {
		for _, from := range slices.Sorted(maps.Keys(section.words)) {
			if strings.TrimSpace(section.words[from]) == "" {
				return fail(section.name, from, "it has no value: want what it is here, or - to leave it out")
			}
		}
	}
	for activity, kind := range m.Activities {
		if kind != Nobody && !slices.Contains(contract.Works, contract.Work(kind)) {
			return fail("activities", activity+": "+kind, "want accompaniment, training, assistance, intervention, travel or -")
		}
	}
	if m.Timezone != "" {
		zone, err := time.LoadLocation(m.Timezone)
		if err != nil || m.Timezone == "Local" {
			return fail("timezone", m.Timezone, "want a name such as Europe/Paris")
		}
		m.zone = zone
	}
	return m, nil
}

// apply puts a record into our words; leave says why it is left out.
func (m Mapping) apply(r record) (f support.Foreign, leave string, err error) {
	f = support.Foreign{Line: r.line, ID: r.id, Note: r.note, Began: r.began, Took: r.took}
	if r.running {
		return f, "it runs still; the next import takes it", nil
	}
	who, known := find(m.Users, r.user)
	if !known {
		return f, "", unmapped("user", r.user, "users")
	}
	client, known := find(m.Projects, append(both(r.customer, r.project), r.project...))
	if !known {
		client, known = find(m.Customers, r.customer)
	}
	if !known && len(r.customer) > 0 {
		client, known = r.customer[0], true
	}
	if !known {
		return f, "", unmapped("project", r.project, "projects")
	}
	kind, known := find(m.Activities, r.activity)
	if !known && len(r.activity) > 0 {
		kind = strings.ToLower(r.activity[0])
		known = slices.Contains(contract.Works, contract.Work(kind))
	}
	if who == Nobody || client == Nobody || kind == Nobody {
		return f, "the mapping leaves it out", nil
	}
	if !known {
		return f, "", unmapped("activity", r.activity, "activities")
	}
	f.Who, f.Client, f.Kind = who, client, contract.Work(kind)
	return f, "", nil
}

func find(in map[string]string, names []string) (string, bool) {
	for _, name := range names {
		if to, known := in[name]; known {
			return to, true
		}
	}
	return "", false
}

// both are the ways to write customer/project.
func both(customer, project []string) []string {
	var all []string
	for _, c := range customer {
		for _, p := range project {
			all = append(all, c+"/"+p)
		}
	}
	return all
}

func unmapped(field string, names []string, section string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s is empty", field)
	}
	return fmt.Errorf("%s %s is not in the mapping: add it under %s", field, strings.Join(names, " or "), section)
}
