package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var diagnosisOperations = map[string]operation{
	"diagnosis.list": {do: diagnosisList},
	"diagnosis.run":  {do: diagnosisRun, writes: true},
	"diagnosis.show": {do: diagnosisShow},
	"diagnosis.get":  {do: diagnosisGet},
}

// Report is the cached result of one category.
type Report struct {
	At    time.Time `json:"at"`
	Items []Item    `json:"items"`
}

// Item is one finding. Status is SUCCESS, INFO, WARNING or ERROR.
type Item struct {
	Status  string            `json:"status"`
	Summary string            `json:"summary"`
	Details []string          `json:"details,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"` // what it is about: domain, port, service
	Data    map[string]string `json:"data,omitempty"`
}

type category struct {
	id, title string
	time      time.Duration
	diagnose  func(*State) []Item
}

var diagnosers = []category{
	{"basesystem", "Base system", 2 * time.Second, (*State).diagnoseBase},
	{"ip", "Internet connectivity", 4 * time.Second, (*State).diagnoseIP},
	{"dnsrecords", "DNS records", 10 * time.Second, (*State).diagnoseDNS},
	{"ports", "Ports exposure", 8 * time.Second, (*State).diagnosePorts},
	{"web", "Web", 8 * time.Second, (*State).diagnoseWeb},
	{"mail", "Email", 15 * time.Second, (*State).diagnoseMail},
	{"services", "Services status check", 2 * time.Second, (*State).diagnoseServices},
	{"systemresources", "System resources", time.Second, (*State).diagnoseResources},
	{"regenconf", "System configurations", 3 * time.Second, (*State).diagnoseConfiguration},
	{"apps", "Applications", 2 * time.Second, (*State).diagnoseApps},
}

func categoryNames() []string {
	names := make([]string, len(diagnosers))
	for i, d := range diagnosers {
		names[i] = d.id
	}
	return names
}

func diagnosisList(*call) (any, error) { return object{{"categories", categoryNames()}}, nil }

// wantedCategories are those named, or all.
func (c *call) wantedCategories() ([]category, error) {
	var unknown []string
	for _, name := range c.args["categories"] {
		if !slices.Contains(categoryNames(), name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		all := strings.Join(unknown, ", ")
		return nil, refuse("diagnosis_unknown_categories", "The following categories are unknown: "+all, field{"categories", all})
	}
	return slices.DeleteFunc(slices.Clone(diagnosers), func(d category) bool {
		return len(c.args["categories"]) > 0 && !slices.Contains(c.args["categories"], d.id)
	}), nil
}

// cacheTime is how long a report stands before it is made anew without force.
const cacheTime = 10 * time.Minute

func diagnosisRun(c *call) (any, error) {
	wanted, err := c.wantedCategories()
	if err != nil {
		return nil, err
	}
	c.start()
	if c.s.Reports == nil {
		c.s.Reports = map[string]*Report{}
	}
	issues := false
	for _, d := range wanted {
		if old := c.s.Reports[d.id]; old != nil && c.now.Sub(old.At) < cacheTime && !c.args.has("force") {
			c.say("INFO", fmt.Sprintf("(Cache still valid for %s diagnosis. Won't re-diagnose it yet!)", d.title))
			continue
		}
		// All but the IP itself is pointless without a connection: no new report.
		if !c.s.Site.Online && slices.Contains([]string{"dnsrecords", "ports", "web", "mail"}, d.id) {
			c.say("ERROR", fmt.Sprintf("Can't run diagnosis for %s while there are important issues related to Internet connectivity.", d.title))
			continue
		}
		c.takes(d.time)
		items := d.diagnose(c.s)
		c.s.Reports[d.id] = &Report{At: c.now.Add(c.cost).UTC(), Items: items}
		errors, warnings := count(items, "ERROR"), count(items, "WARNING")
		switch {
		case errors > 0:
			c.say("ERROR", fmt.Sprintf("Found %d significant issue(s) related to %s!", errors, d.title))
		case warnings > 0:
			c.say("WARNING", fmt.Sprintf("Found %d item(s) that could be improved for %s.", warnings, d.title))
		default:
			c.say("SUCCESS", fmt.Sprintf("Everything looks OK for %s!", d.title))
		}
		issues = issues || errors+warnings > 0
	}
	if issues && c.door == cli {
		c.say("WARNING", "To see the issues found, you can go to the Diagnosis section of the webadmin, or run 'yunohost diagnosis show --issues --human-readable' from the command-line.")
	}
	return nil, nil
}

func count(items []Item, status string) int {
	n := 0
	for _, i := range items {
		if i.Status == status {
			n++
		}
	}
	return n
}

func diagnosisShow(c *call) (any, error) {
	wanted, err := c.wantedCategories()
	if err != nil {
		return nil, err
	}
	if c.args.has("share") || c.args.has("human-readable") {
		return nil, notSimulated("diagnosis show with share or human-readable")
	}
	if len(c.s.Reports) == 0 {
		c.say("WARNING", "It looks like this server was setup recently and there's no diagnosis report to show yet. You should start by running a full diagnosis, either from the webadmin or using 'yunohost diagnosis run' from the command line.")
		return nil, nil
	}
	reports := []object{}
	for _, d := range wanted {
		report := c.s.Reports[d.id]
		if report == nil {
			c.say("WARNING", fmt.Sprintf("No diagnosis cache yet for category '%s'", d.id))
			continue
		}
		items := []object{}
		for _, item := range report.Items {
			if c.args.has("issues") && item.Status != "WARNING" && item.Status != "ERROR" {
				continue
			}
			items = append(items, item.view(c.args.has("full")))
		}
		if len(items) == 0 && c.args.has("issues") {
			continue
		}
		o := object{{"id", d.id}}
		if c.args.has("full") {
			o = append(o, field{"cached_for", 600}, field{"timestamp", report.At.Unix()})
		}
		reports = append(reports, append(o, field{"items", items}, field{"description", d.title}))
	}
	return object{{"reports", reports}}, nil
}

func (i Item) view(full bool) object {
	o := object{{"status", i.Status}, {"summary", i.Summary}}
	if full {
		o = append(object{{"meta", sorted(i.Meta)}}, o...)
		if i.Data != nil {
			o.set("data", sorted(i.Data))
		}
		o.set("ignored", false)
	}
	if len(i.Details) > 0 {
		o.set("details", i.Details)
	}
	return o
}

func sorted(m map[string]string) object {
	o := object{}
	for k, v := range m {
		o = append(o, field{k, v})
	}
	slices.SortFunc(o, func(a, b field) int { return strings.Compare(a.key, b.key) })
	return o
}

func diagnosisGet(c *call) (any, error) {
	name := c.args.str("category")
	if !slices.Contains(categoryNames(), name) {
		return nil, refuse("diagnosis_unknown_categories", "The following categories are unknown: "+name, field{"categories", name})
	}
	report := c.s.Reports[name]
	if report == nil {
		c.say("WARNING", fmt.Sprintf("No diagnosis cache yet for category '%s'", name))
		return object{}, nil
	}
	want := map[string]string{}
	for _, criterion := range c.args["item"] {
		k, v, ok := strings.Cut(criterion, "=")
		if !ok {
			return nil, refuseRaw("Criterias should be of the form key=value (e.g. domain=yolo.test)")
		}
		want[k] = v
	}
	items := []object{}
	for _, item := range report.Items {
		if item.about(want) {
			items = append(items, item.view(true))
		}
	}
	if len(want) > 0 && len(items) > 0 {
		return items[0], nil
	}
	return object{{"id", name}, {"cached_for", 600}, {"timestamp", report.At.Unix()}, {"items", items}}, nil
}

func (i Item) about(want map[string]string) bool {
	for k, v := range want {
		if i.Meta[k] != v {
			return false
		}
	}
	return true
}

// reportItem finds the finding on a domain in a cached report.
func (s *State) reportItem(category, domain, part string) *Item {
	report := s.Reports[category]
	if report == nil {
		return nil
	}
	for i := range report.Items {
		item := &report.Items[i]
		if item.Meta["domain"] == domain && (part == "" || item.Meta["category"] == part) {
			return item
		}
	}
	return nil
}
